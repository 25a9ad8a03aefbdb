package dev.weir.proxy.filter;

/** Whether a stale response is served. */
public sealed interface StaleDecision {
  StaleDecision AS_JUDGED = new AsJudged();
  StaleDecision ALLOW = new Allow();
  StaleDecision FORBID = new Forbid();

  record AsJudged() implements StaleDecision {}

  record Allow() implements StaleDecision {}

  record Forbid() implements StaleDecision {}
}
