package dev.weir.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes of bodies that have been read and not yet been asked on from, on this whole node. As
 * long as there is room a reader gets what it asks for; after that the least that keeps it moving,
 * whoever it is: nobody waits for a slow reader to give something back. The bound is therefore the
 * limit plus one smallest slice per reader, and the readers are bounded by the connections.
 */
public final class InFlightBudget {
  private final long limitBytes;
  private final int minSliceBytes;
  private final AtomicLong used = new AtomicLong();

  public InFlightBudget(long limitBytes, int minSliceBytes) {
    this.limitBytes = limitBytes;
    this.minSliceBytes = minSliceBytes;
  }

  /** How many of those bytes may be read now; to be released again. */
  int reserve(int wantedBytes) {
    long now = used.get();
    while (now + wantedBytes <= limitBytes) {
      if (used.compareAndSet(now, now + wantedBytes)) {
        return wantedBytes;
      }
      now = used.get();
    }
    int least = Math.min(wantedBytes, minSliceBytes);
    used.addAndGet(least);
    return least;
  }

  void release(int bytes) {
    used.addAndGet(-bytes);
  }

  public long usedBytes() {
    return used.get();
  }

  public long limitBytes() {
    return limitBytes;
  }
}
