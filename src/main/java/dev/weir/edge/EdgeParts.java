package dev.weir.edge;

import dev.weir.http.Authority;
import dev.weir.wire.GuardEvents;
import java.util.function.Consumer;

/**
 * What an edge is joined to; every member is called on the connections' own threads and must not
 * block.
 *
 * @param onConnect told of each CONNECT that is accepted and may be intercepted, before the client
 *     has said more: where the connection strategy is eager it connects to the origin
 */
public record EdgeParts(
    ExchangeHandler handler,
    EngineFactory engines,
    Tunneller tunneller,
    Consumer<Authority> onConnect,
    GuardEvents guardEvents,
    Role role) {

  /** Those of a forward proxy. */
  public EdgeParts(
      ExchangeHandler handler,
      EngineFactory engines,
      Tunneller tunneller,
      Consumer<Authority> onConnect,
      GuardEvents guardEvents) {
    this(handler, engines, tunneller, onConnect, guardEvents, Role.PROXY);
  }

  /** With a lazy connection strategy and no listener for refusals. */
  public static EdgeParts of(ExchangeHandler handler, EngineFactory engines, Tunneller tunneller) {
    return new EdgeParts(handler, engines, tunneller, authority -> {}, GuardEvents.NONE);
  }
}
