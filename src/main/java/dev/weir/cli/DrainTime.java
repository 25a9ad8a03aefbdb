package dev.weir.cli;

import java.time.Duration;

/** The time that a stopping node gives to running responses, and what is left of it. */
final class DrainTime {
  private final Duration whole;
  private volatile long endNanos = System.nanoTime();

  DrainTime(Duration whole) {
    this.whole = whole;
  }

  Duration whole() {
    return whole;
  }

  void begin() {
    endNanos = System.nanoTime() + whole.toNanos();
  }

  /** Nothing before it has begun, and once it is over. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
  }
}
