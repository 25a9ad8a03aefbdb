package dev.weir.cache;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counters of this node's keepers and of its view of them, for the admin room. Thread-safe. */
public final class KeeperMetrics {
  final LongAdder nearHits = new LongAdder();
  final LongAdder questions = new LongAdder();
  final LongAdder attached = new LongAdder();
  final LongAdder alone = new LongAdder();
  final LongAdder lateAnswers = new LongAdder();
  final LongAdder adoptedGrants = new LongAdder();
  final LongAdder commits = new LongAdder();
  final LongAdder holds = new LongAdder();
  final LongAdder discardedCommits = new LongAdder();
  final LongAdder refreshes = new LongAdder();
  final LongAdder unwrittenRefreshes = new LongAdder();
  final LongAdder invalidations = new LongAdder();
  final LongAdder replacedLeaders = new LongAdder();
  final LongAdder storeFailures = new LongAdder();

  private final AtomicLong mayNotSayBeforeNanos = new AtomicLong(System.nanoTime());

  /** Whether a line about a failing store is due: one per interval, whichever keeper says it. */
  boolean maySay(long nowNanos, long intervalMillis) {
    long before = mayNotSayBeforeNanos.get();
    return nowNanos - before >= 0
        && mayNotSayBeforeNanos.compareAndSet(
            before, nowNanos + TimeUnit.MILLISECONDS.toNanos(intervalMillis));
  }

  /** Requests answered by the near table. */
  public long nearHits() {
    return nearHits.sum();
  }

  /** Entries served before their bytes were durable. */
  public long holds() {
    return holds.sum();
  }

  /** Questions sent to keepers. */
  public long questions() {
    return questions.sum();
  }

  /** Requests that attached to a question already on its way. */
  public long attached() {
    return attached.sum();
  }

  /** Requests that went by this node's own single-flight. */
  public long alone() {
    return alone.sum();
  }

  /** Answers that came after their question had been given up. */
  public long lateAnswers() {
    return lateAnswers.sum();
  }

  /** Late grants that a local fill could still use. */
  public long adoptedGrants() {
    return adoptedGrants.sum();
  }

  public long commits() {
    return commits.sum();
  }

  public long discardedCommits() {
    return discardedCommits.sum();
  }

  /** Entries refreshed by a 304. */
  public long refreshes() {
    return refreshes.sum();
  }

  /** Of these, how many were not worth a write. */
  public long unwrittenRefreshes() {
    return unwrittenRefreshes.sum();
  }

  public long invalidations() {
    return invalidations.sum();
  }

  /** Leaders that were silent or overdue. */
  public long replacedLeaders() {
    return replacedLeaders.sum();
  }

  /** Store operations that failed or took too long. */
  public long storeFailures() {
    return storeFailures.sum();
  }
}
