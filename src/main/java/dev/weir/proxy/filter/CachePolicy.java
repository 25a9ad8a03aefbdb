package dev.weir.proxy.filter;

/**
 * How the cache treats a request.
 *
 * @param name of a policy: NoRefresh, Standard, StaleIfError, AlwaysUpstream, AlwaysValidate,
 *     NoCache
 * @param rulesWindows whether the windows of freshness and of stale use, and the timeouts, that
 *     rules give apply under it
 * @param store whether a new response may be stored
 * @param maxObjectBytes the largest body that is stored; Long.MAX_VALUE is no limit
 */
public record CachePolicy(String name, boolean rulesWindows, boolean store, long maxObjectBytes) {
  /** Under that policy alone: windows and timeouts of rules do not apply. */
  public CachePolicy named(String other) {
    return new CachePolicy(other, false, store, maxObjectBytes);
  }
}
