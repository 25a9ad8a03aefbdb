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
    within(PATIENCE, condition);
  }

  /** As above, for what takes several processes or long rounds. */
  public static void within(Duration patience, Callable<Boolean> condition) throws Exception {
    Instant end = Instant.now().plus(patience);
    while (!condition.call()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("still not true after " + patience.toSeconds() + " s");
      }
      Thread.sleep(5);
    }
  }
}
