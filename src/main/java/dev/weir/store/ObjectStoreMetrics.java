package dev.weir.store;

import java.util.concurrent.atomic.LongAdder;

/** What an object store has done since the start. */
public final class ObjectStoreMetrics {
  public final LongAdder puts = new LongAdder();
  public final LongAdder putsSkipped = new LongAdder();
  public final LongAdder bytesWritten = new LongAdder();
  public final LongAdder reads = new LongAdder();
  public final LongAdder bytesRead = new LongAdder();

  /** Chunks that were asked for and not there. */
  public final LongAdder absent = new LongAdder();

  public final LongAdder failures = new LongAdder();
}
