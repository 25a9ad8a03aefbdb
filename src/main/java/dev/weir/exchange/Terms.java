package dev.weir.exchange;

import dev.weir.origin.CircuitTerms;
import dev.weir.origin.ConnectionTerms;
import dev.weir.origin.OriginTerms;
import dev.weir.policy.CircuitRule;
import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.OriginLimits;
import dev.weir.policy.Policy;
import dev.weir.policy.UpstreamTls;
import dev.weir.tls.RuleTls;
import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What rules say of the way to origins, in the words of those who go it. */
final class Terms {
  private Terms() {}

  static OriginTerms of(Effects effects, Policy policy) {
    CircuitRule rule = effects.get(Effect.CIRCUIT_BREAKER);
    OriginLimits limits = effects.get(Effect.ORIGIN_LIMITS);
    int redirects = effects.get(Effect.FOLLOW_REDIRECTS, 0);
    ConnectionTerms connection = connection(effects);
    Credentials ours = effects.get(Effect.CREDENTIALS);
    OriginTerms.Manner manner = manner(effects, ours, redirects);
    boolean usual =
        manner.equals(OriginTerms.Manner.USUAL)
            && connection.equals(ConnectionTerms.USUAL)
            && redirects == 0;
    if (rule == null && limits == null && usual && policy.usesCache()) {
      return OriginTerms.USUAL;
    }
    CircuitTerms circuit = circuit(rule);
    return new OriginTerms(
            // What always goes past the cache is never held up by it either.
            policy.usesCache() ? circuit : circuit.unstopped(),
            limits == null
                ? null
                : new OriginTerms.Pace(
                    limits.name(), limits.requestsPerSecond(), limits.inFlight()),
            redirects,
            manner)
        .over(connection);
  }

  /** Through a mirror redirects are only relayed where a rule has them not followed. */
  private static OriginTerms.Manner manner(
      Effects effects, @Nullable Credentials ours, int redirects) {
    String gate = effects.get(Effect.EGRESS_GATE, "");
    boolean shared = ours == null || ours.field().equalsIgnoreCase("Authorization");
    return gate.isEmpty() && shared
        ? OriginTerms.Manner.USUAL
        : new OriginTerms.Manner(
            gate, ours == null ? Set.of() : Set.of(ours.field()), gate.isEmpty() || redirects == 0);
  }

  private static ConnectionTerms connection(Effects effects) {
    UpstreamTls tls = effects.get(Effect.UPSTREAM_TLS);
    InetAddress from = effects.get(Effect.BIND);
    return tls == null && from == null
        ? ConnectionTerms.USUAL
        : new ConnectionTerms(
            tls == null
                ? null
                : new RuleTls(
                    tls.id(), tls.authorities(), tls.certificate(), tls.key(), tls.insecure()),
            from);
  }

  private static CircuitTerms circuit(@Nullable CircuitRule rule) {
    if (rule == null) {
      return CircuitTerms.DEFAULT;
    }
    return rule.failures() == 0
        ? CircuitTerms.OFF
        : new CircuitTerms(true, true, rule.failures(), rule.windowMillis(), rule.openMillis());
  }
}
