package dev.weir.proxy.filter;

/** Whether a request goes upstream. */
public sealed interface UpstreamDecision {
  UpstreamDecision PROCEED = new Proceed();

  record Proceed() implements UpstreamDecision {}

  /** This is the answer to this client; others who wait for the same fetch for themselves. */
  record Answer(FilterResponse response) implements UpstreamDecision {}
}
