package dev.weir.filters;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** What one filter has cost in one phase, and how often it has failed there. Any thread. */
public final class PhaseMeter {
  private final LongAdder calls = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder late = new LongAdder();
  private final LongAdder slow = new LongAdder();

  void took(long elapsedNanos) {
    calls.increment();
    nanos.add(elapsedNanos);
  }

  /** Counts a failure; true for the first one. */
  boolean failed(boolean wasLate) {
    boolean first = failures.sum() == 0;
    failures.increment();
    if (wasLate) {
      late.increment();
    }
    return first;
  }

  /** Counts a call that held up its thread; true for the first one. */
  boolean wasSlow() {
    boolean first = slow.sum() == 0;
    slow.increment();
    return first;
  }

  public long calls() {
    return calls.sum();
  }

  /** From the question to the answer, in all. */
  public double seconds() {
    return (double) nanos.sum() / TimeUnit.SECONDS.toNanos(1);
  }

  public long failures() {
    return failures.sum();
  }

  /** Of the failures, those that were no answer in time. */
  public long late() {
    return late.sum();
  }

  public long slow() {
    return slow.sum();
  }
}
