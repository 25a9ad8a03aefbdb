package dev.weir.proxy.filter;

/** Why a stale response might be served. */
public sealed interface StaleCause {
  /** At once, while it is validated in the background (RFC 5861 3). */
  record WhileRevalidating() implements StaleCause {}

  /** Instead of an answer that the origin did not give. */
  record Failed(UpstreamFailure failure) implements StaleCause {}

  /** Instead of an error that the origin answered with. */
  record Answered(int status) implements StaleCause {}
}
