/**
 * The mirror: clients that know no proxy ask it for {@code /HOST/PATH}, or for what is below a
 * named mount, and are served as if they had asked for that URL through the proxy.
 *
 * <p>{@link dev.weir.mirror.Mirror} is the entry: an {@link dev.weir.edge.ExchangeHandler} that
 * turns paths into URLs ({@link dev.weir.mirror.MirrorTarget}, pure) and hands them to the exchange
 * by the {@link dev.weir.policy.Entrance} of the mirror or of the mount. {@link
 * dev.weir.mirror.MirrorGates} says where each of them may go. It must not depend on the cache,
 * fills or stores.
 */
@NullMarked
package dev.weir.mirror;

import org.jspecify.annotations.NullMarked;
