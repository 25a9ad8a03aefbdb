package dev.weir.log;

/**
 * Why a response is what it is. The label is the same text everywhere: the {@code detail} of
 * Cache-Status, the log line, the metric. {@code docs/serve-reasons.md} explains each.
 */
public enum ServeReason {
  HIT_FRESH("fresh", Kind.HIT),
  HIT_REDIRECT("redirect", Kind.HIT),
  HIT_NO_REFRESH("no-refresh", Kind.HIT),
  HIT_MAX_STALE("max-stale", Kind.HIT),
  HIT_REVALIDATED("revalidated", Kind.HIT),
  HIT_STALE_WHILE_REVALIDATE("stale-while-revalidate", Kind.HIT),
  HIT_FORCED_STALE_WHILE_REVALIDATE("forced-stale-while-revalidate", Kind.HIT),
  HIT_STALE_IF_ERROR("stale-if-error", Kind.HIT),
  HIT_DISCONNECTED("stale-disconnected", Kind.HIT),
  HIT_FALLBACK("upstream-fallback", Kind.HIT),
  HIT_FILTER("filter-fresh", Kind.HIT),
  MISS("miss", Kind.FORWARD),
  MISS_VARIANT("variant-miss", Kind.FORWARD),
  MISS_REQUEST("request-directive", Kind.FORWARD),
  MISS_CHANGED("changed", Kind.FORWARD),
  MISS_NO_VALIDATORS("no-validators", Kind.FORWARD),
  MISS_PARTIAL("partial-miss", Kind.FORWARD),
  MISS_DAMAGED("body-lost", Kind.FORWARD),
  ALWAYS_UPSTREAM("always-upstream", Kind.FORWARD),
  COLLAPSED("collapsed", Kind.FORWARD),
  PASS_POLICY("no-cache-policy", Kind.PASS),
  PASS_OWN_STORE("own-object-store", Kind.PASS),
  PASS_METHOD("method", Kind.PASS),
  PASS_UPGRADE("upgrade", Kind.PASS),
  PASS_NO_STORE("no-store-request", Kind.PASS),
  PASS_HEAD("head", Kind.PASS),
  PASS_RANGE("range", Kind.PASS),
  PASS_SIGNATURE("unproven-signature", Kind.PASS),
  PASS_UNCACHEABLE("uncacheable", Kind.PASS),
  PASS_VARIANTS("variants-differ", Kind.PASS),
  PASS_KEEPER("keeper", Kind.PASS),
  PASS_FILTER("filter-bypass", Kind.PASS),
  ONLY_IF_CACHED("only-if-cached", Kind.OWN),
  DENIED("denied", Kind.OWN),
  THROTTLED("throttled", Kind.OWN),
  ONBOARDING("onboarding", Kind.OWN),
  MIRROR("mirror", Kind.OWN),
  LOOP("loop", Kind.OWN),
  FILTER_ANSWER("filter-answer", Kind.OWN),
  FILTER_FAILED("filter-failed", Kind.OWN),
  PURGED("purged", Kind.OWN),
  MAX_FORWARDS("max-forwards", Kind.OWN),
  ORIGIN_FAILED("origin-failed", Kind.OWN),
  WAIT_EXPIRED("wait-expired", Kind.OWN),
  CLIENT_GONE("client-gone", Kind.OWN),
  INTERNAL_ERROR("internal-error", Kind.OWN);

  /** The four ways a response comes about. */
  public enum Kind {
    /** From what is stored. */
    HIT,
    /** From the origin through the cache: led, or read along. */
    FORWARD,
    /** From the origin past the cache. */
    PASS,
    /** Made here. */
    OWN
  }

  private final String label;
  private final Kind kind;

  ServeReason(String label, Kind kind) {
    this.label = label;
    this.kind = kind;
  }

  public String label() {
    return label;
  }

  public Kind kind() {
    return kind;
  }
}
