/**
 * The bytes of a connection before and behind the HTTP layer: clients' sockets as flows, the
 * framing guards of both sides, the TLS stage, and what tells one protocol from another.
 *
 * <p>The framing guards enforce RFC 9112 strictly and carry heads around Pekko HTTP's parser:
 * {@link dev.weir.wire.RequestGuard} with its {@link dev.weir.wire.RequestChannel} stands on
 * connections from clients, {@link dev.weir.wire.ResponseGuard} with its {@link
 * dev.weir.wire.OriginChannel} on connections to origins. {@link dev.weir.wire.HeadParser} and
 * {@link dev.weir.wire.HeadWriter} are the pure part of both.
 *
 * <p>Depends on the JDK, Pekko Streams and {@code dev.weir.http} only; knows nothing of caching.
 */
@NullMarked
package dev.weir.wire;

import org.jspecify.annotations.NullMarked;
