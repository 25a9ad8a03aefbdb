package dev.weir.fill;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Who reads one spool, and when those who wait for more are woken: after enough bytes or enough
 * time, not for each piece that comes. Guarded by the lock of its spool.
 */
final class SpoolReaders {
  private final SpoolContext context;
  private final SpoolLock lock;
  private final SliceWindow window;
  private final List<SpoolReader> readers = new ArrayList<>();
  private boolean everRead;
  private boolean wakeTimer;
  private long lastWakeNanos = System.nanoTime();
  private long endAtWake;

  SpoolReaders(SpoolContext context, SpoolLock lock, SliceWindow window) {
    this.context = context;
    this.lock = lock;
    this.window = window;
  }

  void add(SpoolReader reader) {
    readers.add(reader);
    everRead = true;
  }

  void remove(SpoolReader reader) {
    readers.remove(reader);
  }

  /** The offsets that are waited for. */
  List<Long> waited() {
    return readers.stream().filter(one -> one.waiting).map(one -> one.position).toList();
  }

  /**
   * What the slowest that has sent something still needs of the memory; those with nothing sent may
   * fail.
   *
   * @param onDisk the bytes before this can be read from files
   */
  long pace(long onDisk) {
    if (!everRead) {
      return window.start(); // the first is on its way: its head is out, its body not yet asked for
    }
    long sending = Long.MAX_VALUE;
    long others = Long.MAX_VALUE;
    for (SpoolReader reader : readers) {
      long needs = Math.max(reader.position, onDisk);
      if (reader.sent) {
        sending = Math.min(sending, needs);
      } else {
        others = Math.min(others, needs);
      }
    }
    return Math.min(sending == Long.MAX_VALUE ? others : sending, window.end());
  }

  /** The first stream has brought more. */
  void wakeForGrowth() {
    if (readers.stream().noneMatch(reader -> reader.waiting)) {
      return;
    }
    FillSettings settings = context.settings();
    long sinceMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastWakeNanos);
    if (window.end() - endAtWake >= settings.wakeBytes() || sinceMillis >= settings.wakeMillis()) {
      wakeAll();
    } else if (!wakeTimer) {
      wakeTimer = true;
      long delay = settings.wakeMillis() - sinceMillis;
      lock.afterwards(() -> context.timer().after(delay, () -> lock.run(this::wakeByTime)));
    }
  }

  private void wakeByTime() {
    wakeTimer = false;
    wakeAll();
  }

  void wakeAll() {
    lastWakeNanos = System.nanoTime();
    endAtWake = window.end();
    wakeBetween(0, Long.MAX_VALUE);
  }

  /** Wakes those who wait for bytes from there up to but excluding {@code to}. */
  void wakeBetween(long from, long to) {
    for (SpoolReader reader : readers) {
      if (reader.waiting && reader.position >= from && reader.position < to) {
        reader.waiting = false;
        lock.afterwards(reader.wake);
      }
    }
  }
}
