package dev.weir.origin;

import org.jspecify.annotations.Nullable;

/**
 * What the rules of a request say of the way to its origin.
 *
 * @param circuit when the origin is left alone
 * @param pace how much may be asked of it, or null
 * @param redirects how many are followed here
 */
public record OriginTerms(CircuitTerms circuit, @Nullable Pace pace, int redirects) {
  /** Where rules say nothing. */
  public static final OriginTerms USUAL = new OriginTerms(CircuitTerms.DEFAULT, null, 0);

  /**
   * How much may be asked of each origin; 0 is no limit.
   *
   * @param name under which is counted
   * @param requestsPerSecond on the average; twice as many may go at once
   * @param inFlight requests whose answers have not ended
   */
  public record Pace(String name, int requestsPerSecond, int inFlight) {}
}
