package dev.weir.fill;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Who reads one fill or waits for it, and since when nobody has. */
final class Audience {
  private final FillMetrics metrics;
  private final AtomicInteger attached = new AtomicInteger();
  private volatile long idleSinceNanos = System.nanoTime();

  Audience(FillMetrics metrics) {
    this.metrics = metrics;
  }

  boolean isEmpty() {
    return attached.get() == 0;
  }

  /** How long nobody has been there, if nobody is. */
  long idleMillis(long nowNanos) {
    return TimeUnit.NANOSECONDS.toMillis(nowNanos - idleSinceNanos);
  }

  /** From now on somebody new may come: idleness counts anew. */
  void expect() {
    idleSinceNanos = System.nanoTime();
  }

  void join() {
    attached.incrementAndGet();
  }

  void leave() {
    expect();
    attached.decrementAndGet();
  }

  /** Somebody who waits, until that is closed. */
  Fill.Interest interest() {
    join();
    AtomicBoolean closed = new AtomicBoolean();
    return () -> {
      if (closed.compareAndSet(false, true)) {
        leave();
      }
    };
  }

  /** A reader of the spool, counted while it is there. */
  SpoolSource.Attachment reader() {
    return new SpoolSource.Attachment() {
      @Override
      public void joined() {
        join();
        metrics.readers.incrementAndGet();
      }

      @Override
      public void left() {
        metrics.readers.decrementAndGet();
        leave();
      }
    };
  }
}
