package dev.weir.policy;

/**
 * How long an origin may take for requests of a rule, in milliseconds; 0 is no limit, {@link
 * #DEFAULT_MILLIS} leaves it to the settings. {@code read} is the longest silence, {@code total}
 * the whole response.
 */
public record RuleTimeouts(long connectMillis, long readMillis, long totalMillis) {
  public static final long DEFAULT_MILLIS = -1;
  public static final RuleTimeouts DEFAULT =
      new RuleTimeouts(DEFAULT_MILLIS, DEFAULT_MILLIS, DEFAULT_MILLIS);

  public RuleTimeouts {
    if (Math.min(connectMillis, Math.min(readMillis, totalMillis)) < DEFAULT_MILLIS) {
      throw new IllegalArgumentException("a negative timeout");
    }
  }
}
