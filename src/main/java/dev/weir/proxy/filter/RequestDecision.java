package dev.weir.proxy.filter;

import dev.weir.http.RequestHead;

/** What is to become of a request. */
public sealed interface RequestDecision {
  RequestDecision PROCEED = new Proceed();

  /** Go on with it as it is. */
  record Proceed() implements RequestDecision {}

  /** Go on with this one; its scheme must be http or https. */
  record ProceedWith(RequestHead request) implements RequestDecision {}

  /** This is the answer; nobody else is asked. */
  record Answer(FilterResponse response) implements RequestDecision {}
}
