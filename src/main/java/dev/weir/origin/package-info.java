/**
 * The way out: every connection to an origin is opened here, and nowhere else.
 *
 * <p>Starting points: {@link dev.weir.origin.Origins} is what others use, {@link
 * dev.weir.origin.PekkoOrigins} what there is behind it. A request passes the circuit breaker
 * ({@link dev.weir.origin.BreakerState}), the egress gate ({@link dev.weir.origin.EgressRules}),
 * the pool of its origin ({@code OriginPool} decides, {@code OriginLane} acts) and one connection
 * ({@code OriginPort} over {@code ConnectionLayers}). Timers are ours; Pekko's are off. Whether a
 * request that failed is sent again is the caller's decision: {@link dev.weir.origin.Resend}.
 *
 * <p>Uses {@code dev.weir.http} and {@code dev.weir.wire}; knows nothing of caching, policy or who
 * the client is.
 */
@NullMarked
package dev.weir.origin;

import org.jspecify.annotations.NullMarked;
