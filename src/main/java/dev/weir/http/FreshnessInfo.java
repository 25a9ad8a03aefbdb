package dev.weir.http;

import org.jspecify.annotations.Nullable;

/**
 * What decisions need of a stored response, worked out once and kept beside its entry so that a hit
 * parses nothing. Times are milliseconds; {@code responseTimeMillis} since the epoch.
 *
 * @param source where the lifetime comes from
 * @param lifetimeMillis freshness lifetime (RFC 9111 4.2.1); 0 if there is none
 * @param initialAgeMillis corrected initial age (RFC 9111 4.2.3)
 * @param staleWhileRevalidateMillis how long after its lifetime; 0 where forbidden
 * @param staleIfErrorMillis how long after its lifetime; {@link Long#MAX_VALUE} for a response that
 *     says {@code immutable}; 0 where forbidden
 * @param entityTag the validator as it stands in the field, or null
 * @param lastModified the validator as it stands in the field if it is a date, or null
 */
public record FreshnessInfo(
    int status,
    CacheControl control,
    LifetimeSource source,
    long lifetimeMillis,
    long initialAgeMillis,
    long responseTimeMillis,
    long staleWhileRevalidateMillis,
    long staleIfErrorMillis,
    @Nullable String entityTag,
    @Nullable String lastModified) {

  /** Where a freshness lifetime comes from (RFC 9111 4.2.1 and 4.2.2). */
  public enum LifetimeSource {
    SHARED_MAX_AGE,
    MAX_AGE,
    EXPIRES,
    HEURISTIC,
    /** A rule of the operator, where the origin says nothing. */
    RULE,
    NONE;

    /** Whether the origin said it in so many words. */
    public boolean isExplicit() {
      return this == SHARED_MAX_AGE || this == MAX_AGE || this == EXPIRES;
    }
  }

  /** Judges a stored response by {@link StorageRules#STANDARD}. */
  public static FreshnessInfo of(StoredResponse stored) {
    return Freshness.of(stored, StorageRules.STANDARD);
  }

  /** Current age (RFC 9111 4.2.3); never negative, even if the clock was set back. */
  public long ageMillis(long nowMillis) {
    return Freshness.sum(initialAgeMillis, Math.max(0, nowMillis - responseTimeMillis));
  }

  /** For the {@code Age} field: whole seconds, at most 2^31-1. */
  public long ageSeconds(long nowMillis) {
    return Math.min(FieldSyntax.MAX_SECONDS, ageMillis(nowMillis) / 1000);
  }

  /** What is left of the lifetime; 0 or negative when stale. */
  public long ttlMillis(long nowMillis) {
    return lifetimeMillis - ageMillis(nowMillis);
  }

  /** Fresh, and no {@code no-cache} asks for validation all the same. */
  public boolean isFresh(long nowMillis) {
    return !control.noCache() && ttlMillis(nowMillis) > 0;
  }

  /** Lifetime with a rule's override, which speaks of successful answers (status 200) only. */
  public long lifetimeMillis(ServingRules rules) {
    return status == 200
        ? Math.max(lifetimeMillis, rules.freshnessOverrideMillis())
        : lifetimeMillis;
  }

  public boolean hasValidator() {
    return entityTag != null || lastModified != null;
  }

  /** Whether the response must not be used stale without validation (RFC 9111 4.2.4). */
  public boolean forbidsStale() {
    return control.forbidsStale();
  }
}
