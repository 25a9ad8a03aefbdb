package dev.weir.edge;

import dev.weir.edge.FirstBytes.Refuse;
import dev.weir.http.Authority;
import dev.weir.http.RequestHead;
import dev.weir.wire.RequestFacts;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a listener makes of a request before its handler sees it: whom it is for, and what its
 * fields say of the way it came. Pure; one per listener.
 */
final class RequestMapping {
  private final Role role;
  private final ForwardedFields forwarded;

  RequestMapping(Role role, EdgeSettings settings) {
    this.role = role;
    this.forwarded =
        new ForwardedFields(
            switch (role) {
              case Role.Proxy proxy -> settings.forwardedRegular();
              case Role.Front front -> settings.forwardedReverse();
              case Role.Mirror mirror -> settings.forwardedRegular();
            },
            settings.trustedProxies());
  }

  /**
   * Why a request is not for this listener, or null. Where it is no proxy any Host will do, but a
   * target in absolute-form that names another host was meant for one (RFC 9110 7.4).
   */
  @Nullable Refuse refusal(RequestFacts facts, ClientConnection connection) {
    if (!facts.absoluteForm()) {
      return null;
    }
    Authority asked = facts.head().authority();
    return switch (role) {
      case Role.Proxy proxy -> null;
      case Role.Front front ->
          asked.equals(front.origin())
                  || front.names().contains(asked.host())
                  || isLocal(asked, connection)
              ? null
              : misdirected("This listener is the front of one origin, not a proxy for others.");
      case Role.Mirror mirror ->
          isLocal(asked, connection)
              ? null
              : misdirected("This listener is a mirror, not a proxy: ask it for /HOST/PATH.");
    };
  }

  private static Refuse misdirected(String why) {
    return new Refuse(421, "Misdirected Request", why, null);
  }

  private static boolean isLocal(Authority asked, ClientConnection connection) {
    InetAddress local = connection.local().getAddress();
    return asked.port() == connection.local().getPort()
        && (asked.host().equals(local.getHostAddress())
            || (asked.host().equals("localhost") && local.isLoopbackAddress()));
  }

  /** The head as the handler sees it; the raw target stays as it is. */
  RequestHead mapped(RequestHead received, ClientConnection connection) {
    RequestHead told = forwarded.apply(received, connection.remote().getAddress());
    return switch (role) {
      case Role.Proxy proxy -> told;
      case Role.Mirror mirror -> told;
      case Role.Front front when front.preserveHost() -> told;
      case Role.Front front ->
          new RequestHead(
              told.method(),
              front.scheme(),
              front.origin(),
              told.target(),
              told.headers().with("Host", front.origin().text(front.scheme())));
    };
  }
}
