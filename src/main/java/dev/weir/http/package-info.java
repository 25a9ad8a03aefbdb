/**
 * The rules of HTTP caching as values and pure functions: RFC 9110 (conditionals, ranges), RFC 9111
 * (storing, freshness, validation), RFC 5861 and RFC 8246 (stale content, immutable), RFC 9211
 * ({@code Cache-Status}) and RFC 9213 (directives for one class of caches).
 *
 * <p>Enter at {@link dev.weir.http.CacheDecision} (may a stored response answer this request?),
 * {@link dev.weir.http.Storability} (may this response be stored?) and {@link
 * dev.weir.http.StaleOnError} (the origin failed: is the stored response an answer?).
 *
 * <p>Nothing here knows a clock, a socket or an actor: time is an argument in milliseconds since
 * the epoch. This package depends on the JDK only.
 */
@NullMarked
package dev.weir.http;

import org.jspecify.annotations.NullMarked;
