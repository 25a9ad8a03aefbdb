package dev.weir.exchange;

import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.http.CachingMode;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.http.ServingRules;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginTerms;
import dev.weir.origin.OriginTimeouts;
import dev.weir.policy.CacheKey;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Policy;
import dev.weir.policy.Resolution;
import dev.weir.policy.RuleTimeouts;
import dev.weir.policy.SignedUrl;
import dev.weir.policy.Subject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What policy and key rules say of a URL, in the form exchanges need it; worked out once per URL.
 *
 * @param terms what they say of the way to the origin
 * @param keyUrl the URL without what signs it: for the stored entry
 * @param signature the URL's signature, or null if it has none
 * @param effects all that rules say, for those phases that act on it
 * @param ruleName the rule that decided
 * @param rulesVersion the state of the rules it was made by: one for the whole life of a request
 * @param late what rules say once the response is known, or null if there is nothing
 */
record Route(
    Policy policy,
    ServingRules serving,
    StorageRules storage,
    OriginTimeouts timeouts,
    OriginTerms terms,
    PrimaryKey key,
    String keyUrl,
    @Nullable SignedUrl signature,
    boolean trustSignatures,
    Effects effects,
    String ruleName,
    String rulesVersion,
    @Nullable LateRules late) {

  static Route of(
      Resolution resolution,
      Subject subject,
      CacheKey key,
      String rulesVersion,
      ExchangeSettings settings) {
    return new Route(
        resolution.policy(),
        resolution.serving(),
        storage(resolution, settings),
        timeouts(resolution.timeouts(), settings),
        Terms.of(resolution.effects(), resolution.policy()),
        key.primary(),
        key.keyUrl(),
        key.signature().orElse(null),
        resolution.trustSignatures(),
        resolution.effects(),
        resolution.ruleName(),
        rulesVersion,
        resolution.late().isEmpty() ? null : new LateRules(subject, resolution.late()));
  }

  /** The same URL under the policy a client has chosen: a rule's windows do not apply then. */
  Route under(Policy chosen, ExchangeSettings settings) {
    return new Route(
        chosen,
        ServingRules.NONE,
        settings
            .storage()
            .withStoreAuthorized(storage.storeAuthorized())
            .withMaxObjectBytes(storage.maxObjectBytes())
            .withRule(null, Map.of(), null, storage.store()),
        timeouts(RuleTimeouts.DEFAULT, settings),
        Terms.of(effects, chosen),
        key,
        keyUrl,
        signature,
        trustSignatures,
        effects,
        "header",
        rulesVersion,
        late == null ? null : late.underChosenPolicy());
  }

  /** What rules say of storing this response. */
  StorageRules storage(int status, Headers fields) {
    return late == null ? storage : late.of(storage, status, fields);
  }

  StorageRules storage(StoredResponse response) {
    return storage(response.status(), response.headers());
  }

  /** The same of what a fill brings: a 304 speaks of what is held. */
  StorageRules storage(ResponseHead head, @Nullable Entry held) {
    return head.status() == 304 && held != null
        ? storage(held.response())
        : storage(head.status(), head.headers());
  }

  /** The same under another policy; what rules say beside it stays. */
  Route as(Policy chosen) {
    return new Route(
        chosen,
        serving,
        storage,
        timeouts,
        Terms.of(effects, chosen),
        key,
        keyUrl,
        signature,
        trustSignatures,
        effects,
        ruleName,
        rulesVersion,
        late);
  }

  /** The same with another limit to what is stored; what is refused no response brings back. */
  Route storing(boolean store, long maxObjectBytes) {
    StorageRules limited =
        storage
            .withMaxObjectBytes(maxObjectBytes)
            .withRule(storage.refresh(), storage.errorMillis(), storage.staleOn(), store);
    boolean refused = storage.store() && !store;
    LateRules left = refused && late != null ? late.without(Effect.STORE) : late;
    return with(limited, key, keyUrl, left);
  }

  /** The same under another key. */
  Route keyed(PrimaryKey other, String otherUrl) {
    return with(storage, other, otherUrl, late);
  }

  /**
   * The same for clients whose own credentials the origin has accepted: what it sends is stored.
   */
  Route withCredentials() {
    return with(storage.withStoreAuthorized(true), CacheKeys.withCredentials(key), keyUrl, late);
  }

  private Route with(
      StorageRules otherStorage,
      PrimaryKey otherKey,
      String otherUrl,
      @Nullable LateRules otherLate) {
    return new Route(
        policy,
        serving,
        otherStorage,
        timeouts,
        terms,
        otherKey,
        otherUrl,
        signature,
        trustSignatures,
        effects,
        ruleName,
        rulesVersion,
        otherLate);
  }

  private static StorageRules storage(Resolution resolution, ExchangeSettings settings) {
    Effects effects = resolution.effects();
    return settings
        .storage()
        .withFreshnessOverrideMillis(resolution.freshnessOverrideMillis())
        // What is fetched in our own name is filed under that name.
        .withStoreAuthorized(effects.get(Effect.CREDENTIALS) != null)
        .withMaxObjectBytes(effects.get(Effect.MAX_OBJECT, Long.MAX_VALUE))
        .withRule(
            effects.get(Effect.FRESHNESS),
            effects.get(Effect.NEGATIVE_CACHING, Map.<Integer, Long>of()),
            effects.get(Effect.STALE_ON),
            effects.get(Effect.STORE, true));
  }

  CachingMode mode() {
    return policy.mode();
  }

  private static OriginTimeouts timeouts(RuleTimeouts rule, ExchangeSettings settings) {
    return new OriginTimeouts(
        rule.connectMillis() == RuleTimeouts.DEFAULT_MILLIS
            ? settings.originConnectTimeoutMillis()
            : rule.connectMillis(),
        rule.readMillis() == RuleTimeouts.DEFAULT_MILLIS
            ? settings.originReadTimeoutMillis()
            : rule.readMillis(),
        rule.totalMillis() == RuleTimeouts.DEFAULT_MILLIS
            ? settings.originTotalTimeoutMillis()
            : rule.totalMillis());
  }
}
