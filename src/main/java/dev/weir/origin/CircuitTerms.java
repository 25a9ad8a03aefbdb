package dev.weir.origin;

/**
 * What the rules of a request say about the circuit breaker of its origin. A limit of {@link
 * #AS_SET} is that of the settings.
 *
 * @param applies whether an open circuit stops the request; how it goes counts either way
 * @param heedsBans whether a ban by an operator stops it
 * @param failures in a row that open it; 0 if failures of these requests don't count
 * @param windowMillis within which they must lie; 0 is any time
 * @param openMillis how long it stays open
 */
public record CircuitTerms(
    boolean applies, boolean heedsBans, int failures, long windowMillis, long openMillis) {
  public static final int AS_SET = -1;
  public static final CircuitTerms DEFAULT = new CircuitTerms(true, true, AS_SET, AS_SET, AS_SET);

  /** Stopped by it, but not counted. */
  static final CircuitTerms UNCOUNTED = new CircuitTerms(true, true, 0, AS_SET, AS_SET);

  /** Neither stopped by it nor counted; bans hold all the same. */
  public static final CircuitTerms OFF = new CircuitTerms(false, true, 0, AS_SET, AS_SET);

  /** The same for a request that is never stopped. */
  public CircuitTerms unstopped() {
    return new CircuitTerms(false, false, failures, windowMillis, openMillis);
  }

  /** The same for a request whose failure says nothing about the origin's health. */
  public CircuitTerms uncounted() {
    return new CircuitTerms(applies, heedsBans, 0, windowMillis, openMillis);
  }

  CircuitTerms or(OriginSettings.Breaker settings) {
    return new CircuitTerms(
        applies,
        heedsBans,
        failures == AS_SET ? settings.failures() : failures,
        windowMillis == AS_SET ? settings.windowMillis() : windowMillis,
        openMillis == AS_SET ? settings.openMillis() : openMillis);
  }
}
