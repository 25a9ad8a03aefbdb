package dev.weir.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes that all readers of this node have been given and not yet asked on from. A piece
 * shrinks as the budget runs out but is never refused: the least piece is always granted, so that
 * nobody waits for a slow reader to give something back. The bound is therefore the limit plus one
 * least piece per reader, and the readers are bounded by the connections.
 */
public final class InFlightBudget {
  private final long limitBytes;
  private final int minPieceBytes;
  private final AtomicLong used = new AtomicLong();

  public InFlightBudget(long limitBytes, int minPieceBytes) {
    this.limitBytes = limitBytes;
    this.minPieceBytes = minPieceBytes;
  }

  /** How many of those bytes may be read now; to be released again. */
  public int reserve(int wantedBytes) {
    int piece = wantedBytes;
    while (piece > minPieceBytes) {
      long now = used.get();
      if (now + piece > limitBytes) {
        piece = Math.max(minPieceBytes, piece / 2);
      } else if (used.compareAndSet(now, now + piece)) {
        return piece;
      }
    }
    used.addAndGet(piece);
    return piece;
  }

  public void release(int bytes) {
    used.addAndGet(-bytes);
  }

  public long usedBytes() {
    return used.get();
  }

  public long limitBytes() {
    return limitBytes;
  }
}
