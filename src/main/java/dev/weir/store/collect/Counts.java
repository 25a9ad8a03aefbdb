package dev.weir.store.collect;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What a pass has counted so far. */
final class Counts {
  final LongAdder entries = new LongAdder();
  final LongAdder listed = new LongAdder();
  final LongAdder listedBytes = new LongAdder();
  final LongAdder spared = new LongAdder();
  private final AtomicLong admitted = new AtomicLong();
  private final LongAdder condemned = new LongAdder();
  private final LongAdder condemnedBytes = new LongAdder();
  private final LongAdder waiting = new LongAdder();
  private final LongAdder waitingBytes = new LongAdder();
  private final LongAdder deleted = new LongAdder();
  private final LongAdder deletedBytes = new LongAdder();

  /** Whether one more may be condemned by this pass; counts it. */
  boolean mayCondemn() {
    return admitted.incrementAndGet() <= Collector.MAX_CONDEMNED;
  }

  void condemned(long bytes) {
    condemned.increment();
    condemnedBytes.add(bytes);
  }

  void waiting(long bytes) {
    waiting.increment();
    waitingBytes.add(bytes);
  }

  void deleted(long bytes) {
    deleted.increment();
    deletedBytes.add(bytes);
  }

  CollectionOutcome.Report report(
      boolean dryRun, long marked, long removedEntries, long removedBytes) {
    return new CollectionOutcome.Report(
        dryRun,
        entries.sum(),
        marked,
        listed.sum(),
        listedBytes.sum(),
        removedEntries,
        removedBytes,
        condemned.sum(),
        condemnedBytes.sum(),
        waiting.sum(),
        waitingBytes.sum(),
        deleted.sum(),
        deletedBytes.sum(),
        spared.sum());
  }
}
