/**
 * The fabric: the actor system of cluster and sharding, which a node joins, may lose, and joins
 * again while it goes on serving.
 *
 * <p>Starting point: {@link dev.weir.cluster.FabricSystem}. Sockets, streams and stores do not live
 * here and must not depend on it.
 */
@NullMarked
package dev.weir.cluster;

import org.jspecify.annotations.NullMarked;
