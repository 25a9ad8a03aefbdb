package dev.weir.http;

/** How far the rules of RFC 9111 are bent for a request by whoever runs the cache. */
public enum CachingMode {
  /** RFC 9111 as it stands. */
  STANDARD,
  /** As STANDARD, and a stored response is the answer to nearly every failure of the origin. */
  STALE_IF_ERROR,
  /** What is stored is served at any age; the client's directives are ignored. */
  NO_REFRESH,
  /** The origin is always asked for the whole; the stored response is for when it fails. */
  ALWAYS_UPSTREAM,
  /** The origin is always asked whether the stored response still holds. */
  ALWAYS_VALIDATE
}
