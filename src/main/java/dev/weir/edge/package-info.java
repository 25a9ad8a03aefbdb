/**
 * The listeners that clients connect to: from accept to an {@link dev.weir.edge.ExchangeHandler}
 * and back. {@link dev.weir.edge.Edge} is the entry; {@link dev.weir.edge.EdgeParts} names what it
 * is joined to.
 *
 * <pre>
 *   TCP ◀▶ FrontStage (sniff, CONNECT) ◀▶ [TlsStage] ◀▶ RequestGuard ◀▶ Pekko HTTP ◀▶ ExchangeStage
 *                      └────────────────▶ Tunneller
 * </pre>
 *
 * <p>Everything of one connection runs fused on one thread at a time. Knows nothing of policies,
 * caching or origins: depends on {@code wire} and {@code http} only; engines and tunnels come
 * through interfaces declared here.
 */
@NullMarked
package dev.weir.edge;

import org.jspecify.annotations.NullMarked;
