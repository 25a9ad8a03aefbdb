package dev.weir.policy;

/**
 * What is done with the requests a matcher takes. Windows are milliseconds, 0 for none.
 *
 * @param name for logs and people
 * @param forcedStaleWhileRevalidateMillis see {@link
 *     dev.weir.http.ServingRules#forcedStaleWhileRevalidateMillis}
 * @param freshnessOverrideMillis see {@link dev.weir.http.ServingRules#freshnessOverrideMillis}
 * @param trustSignatures whether a signed URL is served from the cache on the strength of the
 *     signature's being there, without the origin having accepted it
 */
public record Rule(
    String name,
    Matcher matcher,
    Policy policy,
    long forcedStaleWhileRevalidateMillis,
    RuleTimeouts timeouts,
    long freshnessOverrideMillis,
    boolean trustSignatures) {

  /** A rule that sets the policy and nothing else. */
  public static Rule of(String name, Matcher matcher, Policy policy) {
    return new Rule(name, matcher, policy, 0, RuleTimeouts.DEFAULT, 0, false);
  }

  public Rule withForcedStaleWhileRevalidateMillis(long millis) {
    return new Rule(
        name, matcher, policy, millis, timeouts, freshnessOverrideMillis, trustSignatures);
  }

  public Rule withTimeouts(RuleTimeouts replaced) {
    return new Rule(
        name,
        matcher,
        policy,
        forcedStaleWhileRevalidateMillis,
        replaced,
        freshnessOverrideMillis,
        trustSignatures);
  }

  public Rule withFreshnessOverrideMillis(long millis) {
    return new Rule(
        name, matcher, policy, forcedStaleWhileRevalidateMillis, timeouts, millis, trustSignatures);
  }

  public Rule withTrustSignatures(boolean trusted) {
    return new Rule(
        name,
        matcher,
        policy,
        forcedStaleWhileRevalidateMillis,
        timeouts,
        freshnessOverrideMillis,
        trusted);
  }
}
