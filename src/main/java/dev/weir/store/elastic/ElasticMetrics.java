package dev.weir.store.elastic;

import java.util.concurrent.atomic.LongAdder;

/** What the store counts, since the start. */
public final class ElasticMetrics {
  final LongAdder lookups = new LongAdder();
  final LongAdder lookupRequests = new LongAdder();
  final LongAdder writes = new LongAdder();
  final LongAdder writeRequests = new LongAdder();
  final LongAdder conflicts = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder failedLookups = new LongAdder();
  final LongAdder failedWrites = new LongAdder();
  final LongAdder usesWritten = new LongAdder();

  /** Documents asked for. */
  public long lookups() {
    return lookups.sum();
  }

  /** Requests it took to ask for them. */
  public long lookupRequests() {
    return lookupRequests.sum();
  }

  /** Documents to be written or deleted. */
  public long writes() {
    return writes.sum();
  }

  /** Requests it took to write them. */
  public long writeRequests() {
    return writeRequests.sum();
  }

  /** Writes that found another version. */
  public long conflicts() {
    return conflicts.sum();
  }

  /** Requests made again. */
  public long retries() {
    return retries.sum();
  }

  /** Reads that failed in the end. */
  public long failedLookups() {
    return failedLookups.sum();
  }

  /** Writes that failed in the end. */
  public long failedWrites() {
    return failedWrites.sum();
  }

  /** Last uses written. */
  public long usesWritten() {
    return usesWritten.sum();
  }
}
