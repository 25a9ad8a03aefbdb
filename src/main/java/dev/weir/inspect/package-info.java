/**
 * Looking inside: what is stored of a key or a host, as JSON for people and programs. It only
 * looks: nothing is pinned, moved, fetched or counted as a use.
 *
 * <p>Starting point: {@link dev.weir.inspect.Inspector}, over the stores of a running node or over
 * stores that no node has open. Depends on {@code entry}, {@code http} and {@code store} alone; it
 * knows no sockets and no policies.
 */
@NullMarked
package dev.weir.inspect;

import org.jspecify.annotations.NullMarked;
