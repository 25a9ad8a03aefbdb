package dev.weir.exchange;

import dev.weir.origin.CircuitTerms;
import dev.weir.origin.OriginTerms;
import dev.weir.policy.CircuitRule;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Policy;
import org.jspecify.annotations.Nullable;

/** What rules say of the way to origins, in the words of those who go it. */
final class Terms {
  private Terms() {}

  static OriginTerms of(Effects effects, Policy policy) {
    CircuitRule rule = effects.get(Effect.CIRCUIT_BREAKER);
    if (rule == null && policy.usesCache()) {
      return OriginTerms.USUAL;
    }
    CircuitTerms circuit = circuit(rule);
    // What always goes past the cache is never held up by it either.
    return new OriginTerms(policy.usesCache() ? circuit : circuit.unstopped());
  }

  private static CircuitTerms circuit(@Nullable CircuitRule rule) {
    if (rule == null) {
      return CircuitTerms.DEFAULT;
    }
    return rule.failures() == 0
        ? CircuitTerms.OFF
        : new CircuitTerms(true, rule.failures(), rule.windowMillis(), rule.openMillis());
  }
}
