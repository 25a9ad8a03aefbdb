package dev.weir.fill;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes that all readers of a node hold. A piece shrinks as the budget runs out but is
 * never refused: the least piece is always granted, so that slow readers cannot starve the others,
 * and the overshoot is bounded by the number of connections.
 */
final class InFlightBudget {
  private final AtomicLong free;
  private final int leastBytes;

  InFlightBudget(long totalBytes, int leastBytes) {
    this.free = new AtomicLong(totalBytes);
    this.leastBytes = leastBytes;
  }

  /** Takes up to {@code wanted} bytes, at least the least piece; give back what was returned. */
  int acquire(int wanted) {
    int piece = wanted;
    while (piece > leastBytes) {
      long before = free.get();
      if (before < piece) {
        piece = Math.max(leastBytes, piece / 2);
      } else if (free.compareAndSet(before, before - piece)) {
        return piece;
      }
    }
    free.addAndGet(-piece);
    return piece;
  }

  void release(int bytes) {
    free.addAndGet(bytes);
  }

  long free() {
    return free.get();
  }
}
