package dev.weir.http;

/**
 * What a stored response may do for a request (RFC 9111 4), as the policy has it. Ages and times to
 * live are milliseconds; a negative time to live says for how long it has been stale.
 *
 * <p>Order of the rules, first that applies: NO_REFRESH serves; ALWAYS_UPSTREAM and ALWAYS_VALIDATE
 * ask; a rule's freshness override serves; a rule's forced window serves and validates behind the
 * client's back; then RFC 9111 with the client's directives. Where the origin would have to be
 * asked but the client said {@code only-if-cached}, the answer is 504.
 */
public sealed interface CacheDecision {

  /**
   * Serve it; the origin is not asked. {@code forced}: a rule, not the response, calls it fresh.
   */
  record Fresh(long ageMillis, long ttlMillis, boolean forced) implements CacheDecision {}

  /** Serve it though stale, and do nothing: NO_REFRESH, or the client's {@code max-stale}. */
  record Stale(long ageMillis, long ttlMillis, boolean byPolicy) implements CacheDecision {}

  /** Serve it now and have it validated once in the background. {@code forced}: by a rule. */
  record StaleWhileRevalidate(long ageMillis, long ttlMillis, boolean forced)
      implements CacheDecision {}

  /**
   * Ask the origin first: with its validators if it has any, else for the whole. It may still be
   * the answer if the origin fails ({@link StaleOnError}).
   */
  record MustValidate(Cause cause, long ageMillis, long ttlMillis) implements CacheDecision {}

  /** The policy wants the whole response anew; the stored one is for when the origin fails. */
  record MustFetch(long ageMillis, long ttlMillis) implements CacheDecision {}

  /** Nothing usable is stored and the client allowed nothing else: 504 (RFC 9111 5.2.1.7). */
  record OnlyIfCachedMiss() implements CacheDecision {}

  /** Why the origin is asked; {@code fwd} is the word of RFC 9211 2.2. */
  enum Cause {
    /** Its lifetime is over. */
    STALE("stale"),
    /** The response says {@code no-cache}: validate each time. */
    RESPONSE_NO_CACHE("stale"),
    /** The client says {@code no-cache}, {@code max-age} or {@code min-fresh}. */
    REQUEST("request"),
    /** The policy validates always. */
    POLICY("request");

    private final String fwd;

    Cause(String fwd) {
      this.fwd = fwd;
    }

    public String fwd() {
      return fwd;
    }

    /** Whether an answer that was already asked for by someone earlier is not good enough. */
    public boolean wantsNewAnswer() {
      return this == REQUEST;
    }
  }

  /** Decides for a stored response whose freshness is at hand: what a hit costs. */
  static CacheDecision decide(
      long nowMillis,
      RequestDirectives request,
      CachingMode mode,
      FreshnessInfo stored,
      ServingRules rules) {
    long age = stored.ageMillis(nowMillis);
    long ttl = stored.lifetimeMillis(rules) - age;
    return switch (mode) {
      case NO_REFRESH ->
          ttl > 0 && !stored.control().noCache()
              ? new Fresh(age, ttl, false)
              : new Stale(age, ttl, true);
      case ALWAYS_UPSTREAM -> unlessOnlyIfCached(request, new MustFetch(age, ttl));
      case ALWAYS_VALIDATE -> unlessOnlyIfCached(request, new MustValidate(Cause.POLICY, age, ttl));
      case STANDARD, STALE_IF_ERROR -> byRule(request, stored, rules, age, ttl);
    };
  }

  /** As above, parsing everything: for tests and rare paths. */
  static CacheDecision decide(
      long nowMillis,
      RequestHead request,
      CachingMode mode,
      StoredResponse stored,
      ServingRules rules) {
    return decide(
        nowMillis, RequestDirectives.of(request.headers()), mode, FreshnessInfo.of(stored), rules);
  }

  private static CacheDecision byRule(
      RequestDirectives request, FreshnessInfo stored, ServingRules rules, long age, long ttl) {
    // Some build tools put no-cache on every request; what never changes is not asked for again.
    if (stored.status() == 200 && age < rules.freshnessOverrideMillis()) {
      return new Fresh(age, ttl, true);
    }
    boolean forced = age <= rules.forcedStaleWhileRevalidateMillis();
    CacheDecision byRfc = byRfc(request, stored, age, ttl);
    return forced && rules.forcedStaleWhileRevalidateMillis() > 0 && !(byRfc instanceof Fresh)
        ? new StaleWhileRevalidate(age, ttl, true)
        : byRfc;
  }

  private static CacheDecision byRfc(
      RequestDirectives request, FreshnessInfo stored, long age, long ttl) {
    if (request.noCache() || exceedsMaxAge(request, age)) {
      return unlessOnlyIfCached(request, new MustValidate(Cause.REQUEST, age, ttl));
    }
    if (stored.control().noCache()) {
      return unlessOnlyIfCached(request, new MustValidate(Cause.RESPONSE_NO_CACHE, age, ttl));
    }
    if (request.minFreshSeconds() != CacheControl.ABSENT
        && ttl < request.minFreshSeconds() * 1000) {
      return unlessOnlyIfCached(request, new MustValidate(Cause.REQUEST, age, ttl));
    }
    if (ttl > 0) {
      return new Fresh(age, ttl, false);
    }
    if (-ttl <= maxStaleMillis(request) && !stored.forbidsStale()) {
      return new Stale(age, ttl, false);
    }
    // At most the window: a response without a lifetime has none to be stale after.
    if (-ttl < stored.staleWhileRevalidateMillis()) {
      return new StaleWhileRevalidate(age, ttl, false);
    }
    return unlessOnlyIfCached(request, new MustValidate(Cause.STALE, age, ttl));
  }

  /** With {@code max-age=0} the client asks for validation, even of what came this millisecond. */
  private static boolean exceedsMaxAge(RequestDirectives request, long age) {
    long maxAge = request.maxAgeSeconds();
    return maxAge != CacheControl.ABSENT && (maxAge == 0 || age > maxAge * 1000);
  }

  private static long maxStaleMillis(RequestDirectives request) {
    long maxStale = request.maxStaleSeconds();
    if (maxStale == CacheControl.ABSENT || maxStale == RequestDirectives.ANY_STALENESS) {
      return maxStale;
    }
    return maxStale * 1000;
  }

  private static CacheDecision unlessOnlyIfCached(
      RequestDirectives request, CacheDecision decision) {
    return request.onlyIfCached() ? new OnlyIfCachedMiss() : decision;
  }
}
