/**
 * The words that rooms exchange: keys, entries, bodies and manifests, fills, grants, epochs. Values
 * without behaviour of their own, immutable; {@link dev.weir.entry.Entry} is the centre.
 *
 * <p>Depends on the JDK and on values of {@code http}; never sees Pekko, a store or a socket.
 */
@NullMarked
package dev.weir.entry;

import org.jspecify.annotations.NullMarked;
