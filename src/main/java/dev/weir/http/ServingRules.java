package dev.weir.http;

/**
 * What a rule of the operator adds to a request's caching mode, in milliseconds; 0 is none.
 *
 * @param forcedStaleWhileRevalidateMillis up to this total age a stored response is served at once
 *     and validated in the background, whatever the response or the client says
 * @param freshnessOverrideMillis a stored 200 counts as fresh for at least this long, whatever the
 *     response or the client says: for URLs whose content never changes
 */
public record ServingRules(long forcedStaleWhileRevalidateMillis, long freshnessOverrideMillis) {
  public static final ServingRules NONE = new ServingRules(0, 0);

  public ServingRules {
    if (forcedStaleWhileRevalidateMillis < 0 || freshnessOverrideMillis < 0) {
      throw new IllegalArgumentException("a negative window");
    }
  }
}
