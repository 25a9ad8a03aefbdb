package dev.weir.log;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A bounded queue of many putting threads and one taking thread, in the order of the puts. Nobody
 * waits, and a put costs one compare-and-set and no memory.
 *
 * <p>A putting thread claims a position, then stores its element there; until it has, {@link #poll}
 * sees nothing although {@link #isEmpty} already says no.
 */
final class LineQueue<T> {
  /** What {@link #put} returns of an element that found no room. */
  static final long FULL = -1;

  private final AtomicReferenceArray<@Nullable T> slots;
  private final int mask;
  private final int limit;
  private final AtomicLong claimed = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();

  LineQueue(int limit) {
    this.limit = limit;
    int size = limit < 2 ? 2 : Integer.highestOneBit(limit - 1) << 1;
    slots = new AtomicReferenceArray<>(size);
    mask = size - 1;
  }

  /** The position that it got, counted from 0 since the start, or {@link #FULL}. Any thread. */
  long put(T element) {
    while (true) {
      long position = claimed.get();
      if (position - taken.get() >= limit) {
        return FULL;
      }
      if (claimed.compareAndSet(position, position + 1)) {
        slots.setRelease((int) position & mask, element);
        return position;
      }
    }
  }

  /** The next element, or null if there is none yet. The taking thread only. */
  @Nullable T poll() {
    long position = taken.getPlain();
    int slot = (int) position & mask;
    T element = slots.getAcquire(slot);
    if (element != null) {
      slots.setPlain(slot, null);
      taken.setRelease(position + 1);
    }
    return element;
  }

  /** Whether every position claimed so far has been taken. */
  boolean isEmpty() {
    return claimed.get() == taken.get();
  }

  /** A power of two of which not more than the limit fit between two multiples. */
  int halfRing() {
    return (mask + 1) / 2;
  }
}
