package dev.weir.http;

import dev.weir.http.FreshnessInfo.LifetimeSource;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Freshness and age of responses for a shared cache (RFC 9111 4.2). All times are milliseconds;
 * {@code requestTimeMillis} and {@code responseTimeMillis} are by our clock since the epoch.
 */
public final class Freshness {
  /** Of the time since Last-Modified, the part a response without a lifetime stays fresh. */
  private static final long HEURISTIC_DIVISOR = 10;

  /** No response is fresh by guess for longer than a day. */
  public static final long DEFAULT_HEURISTIC_CAP_MILLIS = 24L * 60 * 60 * 1000;

  /** An error is believed without having been given a lifetime for this long at most. */
  private static final long ERROR_CAP_MILLIS = 5L * 60 * 1000;

  private Freshness() {}

  /** Works out all that later decisions need of a stored response. */
  public static FreshnessInfo of(StoredResponse stored, StorageRules rules) {
    return of(
        stored.status(),
        stored.headers(),
        stored.requestTimeMillis(),
        stored.responseTimeMillis(),
        rules);
  }

  /** As {@link #of(StoredResponse, StorageRules)}, for a response that is not stored yet. */
  public static FreshnessInfo of(
      int status,
      Headers headers,
      long requestTimeMillis,
      long responseTimeMillis,
      StorageRules rules) {
    CacheControl targeted = TargetedCacheControl.of(headers, rules.targets());
    RefreshRule refresh = status == 200 ? rules.refresh() : null;
    CacheControl said = targeted == null ? CacheControl.of(headers) : targeted;
    CacheControl control = refresh == null ? said : refresh.applied(said);
    boolean expires =
        targeted == null // RFC 9213 2.2
            && headers.has("Expires")
            && (refresh == null || !refresh.overrules(RefreshRule.Directive.LIFETIME));
    long cap = rules.heuristicCapMillis();
    long heuristicCapMillis = status < 400 ? cap : Math.min(cap, ERROR_CAP_MILLIS);
    OptionalLong date = HttpDates.parse(headers.first("Date"));
    long dateMillis = date.orElse(responseTimeMillis);
    OptionalLong modified = HttpDates.parse(headers.first("Last-Modified"));
    LifetimeSource source = source(status, control, expires, modified);
    long ruled = source.isExplicit() ? -1 : byRule(status, refresh, rules, dateMillis, modified);
    source = ruled < 0 ? source : LifetimeSource.RULE;
    boolean staleForbidden = control.forbidsStale();
    return new FreshnessInfo(
        status,
        control,
        source,
        ruled < 0
            ? lifetime(source, control, headers, dateMillis, modified, heuristicCapMillis)
            : ruled,
        Age.correctedInitialMillis(headers, dateMillis, requestTimeMillis, responseTimeMillis),
        responseTimeMillis,
        staleForbidden ? 0 : window(control.staleWhileRevalidateSeconds()),
        staleForbidden ? 0 : errorWindow(control, source),
        entityTag(headers),
        modified.isPresent() ? headers.first("Last-Modified") : null);
  }

  private static LifetimeSource source(
      int status, CacheControl control, boolean expires, OptionalLong modified) {
    if (control.sharedMaxAgeSeconds() != CacheControl.ABSENT) {
      return LifetimeSource.SHARED_MAX_AGE;
    }
    if (control.maxAgeSeconds() != CacheControl.ABSENT) {
      return LifetimeSource.MAX_AGE;
    }
    if (expires) {
      return LifetimeSource.EXPIRES;
    }
    boolean guessable = control.isPublic() || Statuses.isHeuristicallyCacheable(status);
    return guessable && modified.isPresent() ? LifetimeSource.HEURISTIC : LifetimeSource.NONE;
  }

  private static long lifetime(
      LifetimeSource source,
      CacheControl control,
      Headers headers,
      long dateMillis,
      OptionalLong modified,
      long heuristicCapMillis) {
    return switch (source) {
      case SHARED_MAX_AGE -> control.sharedMaxAgeSeconds() * 1000;
      case MAX_AGE -> control.maxAgeSeconds() * 1000;
      case EXPIRES -> expires(headers, dateMillis);
      case HEURISTIC -> {
        long sinceChange = Math.max(0, dateMillis - modified.orElse(dateMillis));
        yield Math.min(heuristicCapMillis, sinceChange / HEURISTIC_DIVISOR);
      }
      case RULE, NONE -> 0;
    };
  }

  /** The lifetime a rule gives to a response that has none; -1 if none does. */
  private static long byRule(
      int status,
      @Nullable RefreshRule refresh,
      StorageRules rules,
      long dateMillis,
      OptionalLong modified) {
    if (refresh != null) {
      return refresh.lifetimeMillis(dateMillis, modified);
    }
    Long error = rules.errorMillis(status);
    return error == null ? -1 : error;
  }

  /** An Expires that is no date is the past (RFC 9111 5.3); of several the first counts. */
  private static long expires(Headers headers, long dateMillis) {
    OptionalLong expires = HttpDates.parse(headers.first("Expires"));
    return expires.isPresent() ? Math.max(0, expires.getAsLong() - dateMillis) : 0;
  }

  private static long window(long seconds) {
    return seconds == CacheControl.ABSENT ? 0 : seconds * 1000;
  }

  /** What never changes (RFC 8246) is not made wrong by an origin's failure, however old. */
  private static long errorWindow(CacheControl control, LifetimeSource source) {
    return control.immutable() && source != LifetimeSource.NONE
        ? Long.MAX_VALUE
        : window(control.staleIfErrorSeconds());
  }

  private static @Nullable String entityTag(Headers headers) {
    String tag = headers.first("ETag");
    return tag != null && EntityTag.parse(tag) != null ? tag.strip() : null;
  }

  /** A sum that stops at the greatest number instead of turning negative. */
  static long sum(long a, long b) {
    long total = a + b;
    return total < 0 ? Long.MAX_VALUE : total;
  }
}
