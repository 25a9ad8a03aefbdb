package dev.weir.origin;

/**
 * What the rules of a request say of the way to its origin.
 *
 * @param circuit when the origin is left alone
 */
public record OriginTerms(CircuitTerms circuit) {
  /** Where rules say nothing. */
  public static final OriginTerms USUAL = new OriginTerms(CircuitTerms.DEFAULT);
}
