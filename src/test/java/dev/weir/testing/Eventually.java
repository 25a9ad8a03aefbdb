package dev.weir.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;

/** Waits for conditions, not for time. */
public final class Eventually {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Eventually() {}

  /** Returns as soon as the condition holds; fails if it does not within the time allowed. */
  public static void holds(Callable<Boolean> condition) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.call()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("still not true after " + PATIENCE.toSeconds() + " s");
      }
      Thread.sleep(5);
    }
  }
}
