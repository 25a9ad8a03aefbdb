package dev.weir.cli;

import dev.weir.admin.Canary;
import dev.weir.edge.Role;
import dev.weir.http.RequestHead;
import dev.weir.origin.Upstream;
import dev.weir.tls.LeafMint;
import dev.weir.tls.ServerTls;
import dev.weir.tls.TlsCaSettings;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/** What differs between a forward proxy and the front of one origin, in one place. */
final class Listening {
  static final Listening PROXY = new Listening(null, null);

  private final @Nullable ReverseSettings reverse;
  private final @Nullable ServerTls tls;

  private Listening(@Nullable ReverseSettings reverse, @Nullable ServerTls tls) {
    this.reverse = reverse;
    this.tls = tls;
  }

  static Listening of(ServeSettings settings, LeafMint mint, TlsCaSettings tls) {
    ReverseSettings reverse = settings.reverse();
    if (reverse == null) {
      return PROXY;
    }
    if (!reverse.tlsCert().isEmpty()) {
      InstantSource clock = InstantSource.system();
      return new Listening(
          reverse, ServerTls.brought(reverse.tlsCert(), reverse.tlsKey(), tls, clock));
    }
    return new Listening(
        reverse,
        reverse.tlsName().isEmpty() ? null : ServerTls.minted(mint, reverse.tlsName(), tls));
  }

  boolean isProxy() {
    return reverse == null;
  }

  Role role() {
    if (reverse == null) {
      return Role.PROXY;
    }
    String name = reverse.tlsName().toLowerCase(Locale.ROOT);
    return new Role.Front(
        reverse.scheme(),
        reverse.origin(),
        reverse.preserveHost(),
        name.isEmpty() ? Set.of() : Set.of(name),
        tls == null ? null : tls::engine);
  }

  /** Where every request goes, or null for where it asks to go. */
  @Nullable Upstream upstream() {
    return reverse == null ? null : new Upstream(reverse.scheme(), reverse.origin());
  }

  /** The operator has named the origin: it may be dialled wherever it is, unless it is us. */
  String allowedDestinations(List<String> listed) {
    String list = String.join(",", listed);
    return reverse == null ? list : list + "," + reverse.destination();
  }

  /** Rules are about hosts: in front of an origin about its own, whatever Host a client sends. */
  RequestHead seenByRules(RequestHead request) {
    ReverseSettings front = reverse;
    return front == null
        ? request
        : new RequestHead(
            request.method(), front.scheme(), front.origin(), request.target(), request.headers());
  }

  /** What the canary sends, and how. */
  String canaryRequest() {
    return reverse == null ? Canary.OWN_PAGE : Canary.OWN_OPTIONS;
  }

  SocketFactory canarySockets() {
    return tls == null ? SocketFactory.getDefault() : tls.ownSockets();
  }

  /** Looks whether there is a newer certificate; blocks on files. Null where there is none. */
  @Nullable Runnable reload() {
    return tls == null ? null : tls::reload;
  }

  /** One line for whoever started the node. */
  String welcome(InetSocketAddress at, @Nullable InetSocketAddress health) {
    String host = at.getAddress().isAnyLocalAddress() ? "127.0.0.1" : at.getHostString();
    String url = (tls == null ? "http://" : "https://") + host + ":" + at.getPort();
    String more = health == null ? "" : ", health port " + health.getPort();
    return reverse == null
        ? "Weir %s serves on %s%s; set up a shell with: . <(curl -sx %s http://weir.internal/proxy-env)"
            .formatted(Main.version(), url, more, url)
        : "Weir %s serves on %s in front of %s%s"
            .formatted(Main.version(), url, reverse.originUrl(), more);
  }
}
