package dev.weir.store.s3;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Lets one through per interval and counts the others: a sick store fills no log. */
final class Interval {
  private final long nanos;
  private final AtomicLong nextAtNanos = new AtomicLong(System.nanoTime());
  private final AtomicLong held = new AtomicLong();

  Interval(long millis) {
    this.nanos = TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /** How many were held back since the last one if this one may pass; -1 if not. */
  long pass() {
    long now = System.nanoTime();
    long next = nextAtNanos.get();
    if (now - next >= 0 && nextAtNanos.compareAndSet(next, now + nanos)) {
      return held.getAndSet(0);
    }
    held.incrementAndGet();
    return -1;
  }
}
