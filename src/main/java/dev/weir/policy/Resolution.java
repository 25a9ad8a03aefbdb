package dev.weir.policy;

import dev.weir.http.ServingRules;

/**
 * What the rules say of one request. Windows are milliseconds, 0 for none; there is one instance
 * per rule, so resolving allocates none.
 *
 * @param ruleName the rule that matched, {@code default} or {@code header}
 */
public record Resolution(
    Policy policy,
    ServingRules serving,
    RuleTimeouts timeouts,
    boolean trustSignatures,
    String ruleName) {

  static Resolution of(Rule rule) {
    return new Resolution(
        rule.policy(),
        new ServingRules(rule.forcedStaleWhileRevalidateMillis(), rule.freshnessOverrideMillis()),
        rule.timeouts(),
        rule.trustSignatures(),
        rule.name());
  }

  /** No rule matched. */
  public static Resolution byDefault(Policy policy) {
    return new Resolution(policy, ServingRules.NONE, RuleTimeouts.DEFAULT, false, "default");
  }

  /** The client chose; a rule's windows and timeouts do not apply then. */
  public static Resolution byHeader(Policy policy) {
    return new Resolution(policy, ServingRules.NONE, RuleTimeouts.DEFAULT, false, "header");
  }

  public long forcedStaleWhileRevalidateMillis() {
    return serving.forcedStaleWhileRevalidateMillis();
  }

  public long freshnessOverrideMillis() {
    return serving.freshnessOverrideMillis();
  }
}
