package dev.weir.policy;

import dev.weir.http.ServingRules;
import java.util.List;

/**
 * What the rules say of one request.
 *
 * @param ruleName the rule that decided, {@code default} or {@code header}
 * @param before rules that had their say before it and let the search go on
 * @param late rules that have theirs once the response is there, in order
 */
public record Resolution(
    Policy policy, Effects effects, String ruleName, List<String> before, List<LateRule> late) {
  public Resolution {
    before = List.copyOf(before);
    late = List.copyOf(late);
  }

  /** The same with other effects. */
  public Resolution with(Effects replaced) {
    return new Resolution(policy, replaced, ruleName, before, late);
  }

  /** No rule matched. */
  public static Resolution byDefault(Policy policy) {
    return new Resolution(policy, Effects.NONE, "default", List.of(), List.of());
  }

  /** The rules' word on how and when what is stored is served. */
  public ServingRules serving() {
    long forced = forcedStaleWhileRevalidateMillis();
    long unchanging = freshnessOverrideMillis();
    return forced == 0 && unchanging == 0
        ? ServingRules.NONE
        : new ServingRules(forced, unchanging);
  }

  public RuleTimeouts timeouts() {
    return effects.get(Effect.TIMEOUTS, RuleTimeouts.DEFAULT);
  }

  public boolean trustSignatures() {
    return effects.get(Effect.TRUST_SIGNATURES, false);
  }

  public long forcedStaleWhileRevalidateMillis() {
    return effects.get(Effect.FORCED_STALE_WHILE_REVALIDATE, 0L);
  }

  public long freshnessOverrideMillis() {
    return effects.get(Effect.UNCHANGING_FOR, 0L);
  }
}
