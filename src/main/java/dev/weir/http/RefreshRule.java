package dev.weir.http;

import java.util.OptionalLong;
import java.util.Set;

/**
 * How long a 200 without a lifetime of its own stays fresh by a rule of the operator, and which of
 * the origin's directives the rule overrules. The lifetime is {@code minMillis} and {@code percent}
 * of the time since Last-Modified, at most {@code maxMillis} (0: no limit).
 */
public record RefreshRule(long minMillis, int percent, long maxMillis, Set<Directive> overrides) {
  /** What of a response, or of the client's request, does not count. */
  public enum Directive {
    /** {@code max-age}, {@code s-maxage} and {@code Expires}. */
    LIFETIME,
    NO_CACHE,
    NO_STORE,
    PRIVATE,
    /** {@code must-revalidate} and {@code proxy-revalidate}. */
    MUST_REVALIDATE,
    /** The client's {@code no-cache}, {@code max-age} and {@code min-fresh}. */
    CLIENT
  }

  public RefreshRule {
    if (minMillis < 0 || percent < 0 || maxMillis < 0) {
      throw new IllegalArgumentException("a negative lifetime");
    }
    overrides = Set.copyOf(overrides);
  }

  public boolean overrules(Directive directive) {
    return overrides.contains(directive);
  }

  /** The directives of a response as far as they count. */
  CacheControl applied(CacheControl control) {
    boolean lifetime = overrules(Directive.LIFETIME);
    boolean revalidate = overrules(Directive.MUST_REVALIDATE);
    return new CacheControl(
        control.noStore() && !overrules(Directive.NO_STORE),
        control.noCache() && !overrules(Directive.NO_CACHE),
        control.noCacheFields(),
        control.isPrivate() && !overrules(Directive.PRIVATE),
        control.privateFields(),
        control.isPublic(),
        control.mustRevalidate() && !revalidate,
        control.proxyRevalidate() && !revalidate,
        control.mustUnderstand(),
        control.noTransform(),
        control.immutable(),
        lifetime ? CacheControl.ABSENT : control.maxAgeSeconds(),
        lifetime ? CacheControl.ABSENT : control.sharedMaxAgeSeconds(),
        control.staleWhileRevalidateSeconds(),
        control.staleIfErrorSeconds());
  }

  long lifetimeMillis(long dateMillis, OptionalLong modifiedMillis) {
    long sinceChange = Math.max(0, dateMillis - modifiedMillis.orElse(dateMillis));
    long lifetime = Freshness.sum(minMillis, sinceChange / 100 * percent);
    return maxMillis == 0 ? lifetime : Math.min(maxMillis, lifetime);
  }
}
