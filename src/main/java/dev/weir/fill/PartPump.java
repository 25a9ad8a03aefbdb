package dev.weir.fill;

import java.util.function.IntConsumer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Moves one part of a body from its connection into the spool: written where files may be waited
 * for, while a little of what comes next is taken in.
 */
final class PartPump implements BodyPump.Target {
  private final SpoolParts parts;
  private final SpoolContext context;
  private final int owner;
  private final SpoolGrid.Claim claim;
  private final int maxHeldBytes;
  private final IntConsumer came;
  private final Runnable close;
  private final Ended ended;

  private ByteString held = ByteString.emptyByteString();
  private long written;
  private boolean writing;
  private boolean unwanted;
  private boolean over;
  private @Nullable Throwable broken;
  private @Nullable Runnable more;

  /** Is told once, when nothing is written any more. */
  @FunctionalInterface
  interface Ended {
    /** {@code broken} says why it is not whole; null also if the rest was not wanted. */
    void ended(@Nullable Throwable broken);
  }

  PartPump(
      SpoolParts parts,
      SpoolContext context,
      int owner,
      SpoolGrid.Claim claim,
      IntConsumer came,
      Runnable close,
      Ended ended) {
    this.parts = parts;
    this.context = context;
    this.owner = owner;
    this.claim = claim;
    this.maxHeldBytes = context.settings().writeBatchBytes();
    this.came = came;
    this.close = close;
    this.ended = ended;
    this.written = claim.from();
  }

  @Override
  public synchronized BodyPump.Demand bytes(ByteString bytes, Runnable wake) {
    came.accept(bytes.size());
    if (unwanted) {
      over = true;
      settleUnlessWriting();
      return BodyPump.Demand.ENOUGH;
    }
    held = held.concat(bytes);
    if (!writing) {
      writing = true;
      context.blocking().execute(this::write);
    }
    if (held.size() < maxHeldBytes) {
      return BodyPump.Demand.MORE;
    }
    more = wake;
    return BodyPump.Demand.WAIT;
  }

  @Override
  public synchronized void whole() {
    over = true;
    settleUnlessWriting();
  }

  @Override
  public synchronized void broken(Throwable cause) {
    over = true;
    broken = cause;
    settleUnlessWriting();
  }

  private void settleUnlessWriting() {
    if (!writing) {
      writing = true; // for good: it is told once
      context.blocking().execute(this::settle);
    }
  }

  private void write() {
    while (true) {
      ByteString batch;
      Runnable wake;
      synchronized (this) {
        if (held.isEmpty()) {
          if (!over) {
            writing = false;
            return;
          }
          break;
        }
        batch = held;
        held = ByteString.emptyByteString();
        wake = more;
        more = null;
      }
      if (wake != null) {
        wake.run();
      }
      if (isUnwanted() || !parts.write(owner, written, batch)) {
        dismiss();
      } else {
        written += batch.size();
      }
    }
    settle();
  }

  private synchronized boolean isUnwanted() {
    return unwanted;
  }

  private void dismiss() {
    synchronized (this) {
      unwanted = true;
    }
    close.run();
  }

  private void settle() {
    Throwable cause;
    synchronized (this) {
      cause = unwanted ? null : broken;
    }
    if (cause == null && written < claim.end() && !isUnwanted()) {
      cause = new IllegalStateException("a part is shorter than announced");
    }
    ended.ended(cause);
  }
}
