package dev.weir.proxy.filter;

/** What to do after a failure. */
public sealed interface RetryDecision {
  RetryDecision AS_USUAL = new AsUsual();
  RetryDecision RETRY = new Retry();

  /** Leave it to stale content or the error page. */
  record AsUsual() implements RetryDecision {}

  /** Once more: {@link Filter#chooseUpstream} is asked again. */
  record Retry() implements RetryDecision {}

  /** Once more, to that server. */
  record FailOver(UpstreamTarget target) implements RetryDecision {}
}
