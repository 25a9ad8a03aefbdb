/**
 * One request through its phases: own hosts, loop, policy and key, what is at hand, the decision,
 * the keeper's verdict and the answer. Entry type: {@link dev.weir.exchange.Exchanges}, which an
 * edge hands its requests to. Decisions come from {@code http} and {@code policy}; this room only
 * acts on them. Nothing but the wiring of a process may depend on it.
 */
@NullMarked
package dev.weir.exchange;

import org.jspecify.annotations.NullMarked;
