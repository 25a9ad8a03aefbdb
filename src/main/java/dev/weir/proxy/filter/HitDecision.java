package dev.weir.proxy.filter;

/** How something stored is to be used. */
public sealed interface HitDecision {
  HitDecision AS_JUDGED = new AsJudged();
  HitDecision FRESH = new Fresh();
  HitDecision STALE = new Stale();
  HitDecision MISS = new Miss();

  /** As freshness, directives and policy say. */
  record AsJudged() implements HitDecision {}

  /** Serve it, however old it is. */
  record Fresh() implements HitDecision {}

  /** Validate it first, however fresh it is. */
  record Stale() implements HitDecision {}

  /** Fetch anew without regard to it; it stays until something else is stored. */
  record Miss() implements HitDecision {}
}
