package dev.weir.policy;

import dev.weir.http.RefreshRule;
import dev.weir.http.StaleOn;
import java.net.InetAddress;
import java.util.Map;
import java.util.Set;

/**
 * One thing that a rule may decide. The name is its key in rule files; each is enforced where the
 * exchange or the way to the origin asks for it by its constant.
 *
 * @param name in rule files
 */
@SuppressWarnings("UnusedTypeParameter") // it is the type of the value in Effects
public record Effect<T>(String name) {
  /** How the request is served. */
  public static final Effect<Policy> POLICY = new Effect<>("policy");

  /** See {@link dev.weir.http.ServingRules#forcedStaleWhileRevalidateMillis}. */
  public static final Effect<Long> FORCED_STALE_WHILE_REVALIDATE =
      new Effect<>("stale-while-revalidate");

  /** See {@link dev.weir.http.ServingRules#freshnessOverrideMillis}. */
  public static final Effect<Long> UNCHANGING_FOR = new Effect<>("unchanging-for");

  /** How long the origin may take. */
  public static final Effect<RuleTimeouts> TIMEOUTS = new Effect<>("timeouts");

  /** What of the URL its name in the cache is made of. */
  public static final Effect<KeyRules> KEY = new Effect<>("key");

  /** What stands for path and query there, where an expression makes it. */
  public static final Effect<KeyTarget> KEY_TARGET = new Effect<>("key-expression");

  /** Parameters that sign a URL, beside those known everywhere; names in lower case. */
  public static final Effect<Set<String>> SIGNING_PARAMETERS = new Effect<>("signing-parameters");

  /** Whether a signature's being there is enough, without the origin having accepted it. */
  public static final Effect<Boolean> TRUST_SIGNATURES = new Effect<>("trust-signatures");

  /** Lifetimes where the origin gives none, and which of its directives are overruled. */
  public static final Effect<RefreshRule> FRESHNESS = new Effect<>("freshness");

  /** See {@link dev.weir.http.StorageRules#errorMillis}. */
  public static final Effect<Map<Integer, Long>> NEGATIVE_CACHING =
      new Effect<>("negative-caching");

  /** The failures of an origin that stale content stands in for. */
  public static final Effect<Set<StaleOn>> STALE_ON = new Effect<>("stale-on");

  /** Whether anything is stored. */
  public static final Effect<Boolean> STORE = new Effect<>("store");

  /** The largest body that is stored, in bytes. */
  public static final Effect<Long> MAX_OBJECT = new Effect<>("max-object");

  /** How much is asked of an origin. */
  public static final Effect<OriginLimits> ORIGIN_LIMITS = new Effect<>("origin-limits");

  /** How many redirects of origins are followed here, in place of the client. */
  public static final Effect<Integer> FOLLOW_REDIRECTS = new Effect<>("follow-redirects");

  /** Whether hits are answered by a redirect to the object store. */
  public static final Effect<Boolean> OBJECT_REDIRECT = new Effect<>("object-redirect");

  /** Which fields make variants. */
  public static final Effect<VaryRules> VARY = new Effect<>("vary");

  /** How much clients may ask for. */
  public static final Effect<Limits> LIMITS = new Effect<>("limits");

  /** What is sent to the origin in the operator's name. */
  public static final Effect<Credentials> CREDENTIALS = new Effect<>("credentials");

  /** The scheme by which a mirror asks the origin, {@code http} or {@code https}. */
  public static final Effect<String> MIRROR_SCHEME = new Effect<>("mirror-scheme");

  /** Further fields of requests to a mirror that go on to origins; names in lower case. */
  public static final Effect<Set<String>> MIRROR_FIELDS = new Effect<>("mirror-fields");

  /** Whether a mirror may go to private addresses. */
  public static final Effect<Boolean> MIRROR_PRIVATE = new Effect<>("mirror-private");

  /** The egress gate that judges where requests may go: an entrance's to say, not a rule's. */
  public static final Effect<String> EGRESS_GATE = new Effect<>("egress-gate");

  /** How TLS is spoken with the origin. */
  public static final Effect<UpstreamTls> UPSTREAM_TLS = new Effect<>("upstream-tls");

  /** The address of this machine that connections to origins come from. */
  public static final Effect<InetAddress> BIND = new Effect<>("bind");

  /** Whether large bodies may be fetched in several parts at once. */
  public static final Effect<Boolean> ACCELERATION = new Effect<>("acceleration");

  /** When origins are left alone. */
  public static final Effect<CircuitRule> CIRCUIT_BREAKER = new Effect<>("circuit-breaker");

  /** The status that refuses the request. */
  public static final Effect<Integer> DENY = new Effect<>("deny");
}
