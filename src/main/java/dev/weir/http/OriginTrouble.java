package dev.weir.http;

/** How an origin failed to give a new response, as far as stale content is concerned. */
public sealed interface OriginTrouble {
  /** It could not be reached, or the connection or its answer broke before a usable head. */
  record Unreachable() implements OriginTrouble {}

  /** It did not answer in time. */
  record TimedOut() implements OriginTrouble {}

  /** It answered with that status. */
  record Answered(int status) implements OriginTrouble {}

  OriginTrouble UNREACHABLE = new Unreachable();
  OriginTrouble TIMED_OUT = new TimedOut();
}
