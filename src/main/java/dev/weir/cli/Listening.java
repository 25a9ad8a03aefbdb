package dev.weir.cli;

import dev.weir.admin.Canary;
import dev.weir.edge.Role;
import dev.weir.http.RequestHead;
import dev.weir.origin.Upstream;
import dev.weir.tls.LeafMint;
import dev.weir.tls.ServerTls;
import dev.weir.tls.TlsCaSettings;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.SocketFactory;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** What differs between a forward proxy, the front of one origin and a mirror, in one place. */
final class Listening {
  static final Listening PROXY = new Listening(Mode.REGULAR, null, ListenerTls.NONE, null);

  private final Mode mode;
  private final @Nullable ReverseSettings reverse;
  private final ListenerTls named;
  private final @Nullable ServerTls tls;

  private Listening(
      Mode mode, @Nullable ReverseSettings reverse, ListenerTls named, @Nullable ServerTls tls) {
    this.mode = mode;
    this.reverse = reverse;
    this.named = named;
    this.tls = tls;
  }

  static Listening of(ServeSettings settings, LeafMint mint, TlsCaSettings tls) {
    return settings.mode() == Mode.REGULAR
        ? PROXY
        : new Listening(
            settings.mode(), settings.reverse(), settings.tls(), settings.tls().open(mint, tls));
  }

  /** The mirror beside a proxy; null where there is none. */
  static @Nullable Listening mirrorBeside(
      ServeSettings settings, LeafMint mint, TlsCaSettings tls) {
    return settings.mirrorPort() == ServeSettings.NO_MIRROR
        ? null
        : new Listening(Mode.MIRROR, null, settings.tls(), settings.tls().open(mint, tls));
  }

  boolean isProxy() {
    return mode == Mode.REGULAR;
  }

  boolean isMirror() {
    return mode == Mode.MIRROR;
  }

  Role role() {
    Supplier<SSLEngine> engines = tls == null ? null : tls::engine;
    if (mode == Mode.MIRROR) {
      return new Role.Mirror(engines);
    }
    if (reverse == null) {
      return Role.PROXY;
    }
    String name = named.name().toLowerCase(Locale.ROOT);
    return new Role.Front(
        reverse.scheme(),
        reverse.origin(),
        reverse.preserveHost(),
        name.isEmpty() ? Set.of() : Set.of(name),
        engines);
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
    return switch (mode) {
      case REGULAR -> Canary.OWN_PAGE;
      case REVERSE -> Canary.OWN_OPTIONS;
      case MIRROR -> Canary.OWN_HEALTH;
    };
  }

  SocketFactory canarySockets() {
    return tls == null ? SocketFactory.getDefault() : tls.ownSockets();
  }

  /** Looks whether there is a newer certificate; blocks on files. Null where there is none. */
  @Nullable Runnable reload() {
    return tls == null ? null : tls::reload;
  }

  /** Where its clients reach it. */
  String url(InetSocketAddress at) {
    String host = at.getAddress().isAnyLocalAddress() ? "127.0.0.1" : at.getHostString();
    return (tls == null ? "http://" : "https://") + host + ":" + at.getPort();
  }

  /**
   * One line for whoever started the node.
   *
   * @param more what else it serves
   */
  String welcome(InetSocketAddress at, String more) {
    String serves = "Weir %s serves on %s".formatted(Main.version(), url(at));
    return switch (mode) {
      case REGULAR ->
          "%s%s; set up a shell with: . <(curl -sx %s http://weir.internal/proxy-env)"
              .formatted(serves, more, url(at));
      case REVERSE ->
          "%s in front of %s%s".formatted(serves, reverse == null ? "" : reverse.originUrl(), more);
      case MIRROR -> "%s as a mirror%s; try: curl %s/example.com/".formatted(serves, more, url(at));
    };
  }
}
