package dev.weir.filters;

/**
 * What all filters are held to.
 *
 * @param phaseTimeoutMillis the longest that a phase which returns a stage may take
 * @param slowMillis a phase that returns a value and takes longer is counted and logged
 * @param maxAttempts how often one exchange may go upstream, the first time included
 * @param maxDelayMillis the longest a filter may hold up one piece of a body
 */
public record FilterTerms(
    long phaseTimeoutMillis, long slowMillis, int maxAttempts, long maxDelayMillis) {
  public static final FilterTerms USUAL = new FilterTerms(5_000, 50, 3, 60_000);

  public FilterTerms {
    if (phaseTimeoutMillis < 1 || slowMillis < 1 || maxAttempts < 1 || maxDelayMillis < 0) {
      throw new IllegalArgumentException("a limit of weir.filters is not positive");
    }
  }
}
