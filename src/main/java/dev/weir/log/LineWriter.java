package dev.weir.log;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes elements of a bounded queue to a stream, each rendered as a line, from one thread of its
 * own, in batches. Putting never waits: what finds no room is dropped and counted.
 *
 * <p>While lines come nobody wakes the writer: it writes what there is, pauses, and looks again, so
 * that a busy node pays for a hundred wake-ups a second and not for one per line. When a look after
 * a pause finds nothing it sleeps until the next line, which wakes it: an idle node does nothing,
 * and a lone line is written at once. No line is left behind by that: the writer raises {@code
 * asleep} before it looks a last time, and a putting thread claims its position before it looks at
 * {@code asleep}. All four steps are volatile, so at least one of the two sees the other.
 */
final class LineWriter<T> {
  /** How long a stop waits for a stream that does not take the last lines. */
  private static final long LAST_LINES_MILLIS = 1000;

  /** Makes the line of an element; the writer's thread only. */
  interface Renderer<T> {
    void add(T element, LineBuffer lines);
  }

  private final LineQueue<T> queue;
  private final Renderer<T> renderer;
  private final OutputStream out;
  private final LineBuffer lines;
  private final int batchBytes;
  private final long pauseNanos;
  private final Thread thread;
  private final AtomicBoolean asleep = new AtomicBoolean();
  private final LongAdder dropped = new LongAdder();
  private volatile boolean stopping;
  private int linesInBuffer;

  /** The stream is never closed. */
  LineWriter(LogSettings settings, Renderer<T> renderer, OutputStream out) {
    queue = new LineQueue<>(settings.queueEvents());
    this.renderer = renderer;
    this.out = out;
    batchBytes = settings.batchBytes();
    lines = new LineBuffer(batchBytes + batchBytes / 4);
    pauseNanos = TimeUnit.MILLISECONDS.toNanos(settings.pauseMillis());
    thread = Thread.ofPlatform().daemon().name("weir-log").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  void put(T element) {
    long position = queue.put(element);
    if (position == LineQueue.FULL) {
      dropped.increment();
      return;
    }
    long half = queue.halfRing() - 1L;
    boolean burst = (position & half) == half; // it does not wait for the pause to end
    if (burst || (asleep.get() && asleep.compareAndSet(true, false))) {
      LockSupport.unpark(thread);
    }
  }

  /** How many were dropped for want of room, or could not be rendered or written. */
  long dropped() {
    return dropped.sum();
  }

  Thread thread() {
    return thread;
  }

  /** Writes what is queued and ends; waits for that, but not long. */
  void stop() {
    stopping = true;
    LockSupport.unpark(thread);
    boolean interrupted = Thread.interrupted(); // the last lines are written all the same
    try {
      thread.join(LAST_LINES_MILLIS);
    } catch (InterruptedException again) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    while (true) {
      boolean last = stopping; // looked at first: what was put before is then seen by this round
      boolean any = writeQueued();
      if (last && queue.isEmpty()) {
        return;
      }
      if (any || !queue.isEmpty()) {
        // Asked again: a stream that waits may have used up the permit that the stop gave.
        LockSupport.parkNanos(this, stopping ? 1 : pauseNanos);
      } else {
        sleep();
      }
    }
  }

  private void sleep() {
    asleep.set(true);
    while (asleep.get() && queue.isEmpty() && !stopping) {
      LockSupport.park(this);
      Thread.interrupted(); // left by a write that was interrupted; parking would return at once
    }
    asleep.set(false);
  }

  private boolean writeQueued() {
    boolean any = false;
    for (@Nullable T element = queue.poll(); element != null; element = queue.poll()) {
      any = true;
      render(element);
      if (lines.count() >= batchBytes) {
        write();
      }
    }
    write();
    return any;
  }

  private void render(T element) {
    int begin = lines.count();
    try {
      renderer.add(element, lines);
      linesInBuffer++;
    } catch (RuntimeException | Error broken) { // one line; those after it are still wanted
      lines.cut(begin);
      dropped.increment();
    }
  }

  private void write() {
    if (lines.count() == 0) {
      return;
    }
    try {
      lines.writeTo(out);
    } catch (IOException | RuntimeException | Error failure) {
      dropped.add(linesInBuffer); // a full disk may have room again for the next
    }
    lines.clear();
    linesInBuffer = 0;
  }
}
