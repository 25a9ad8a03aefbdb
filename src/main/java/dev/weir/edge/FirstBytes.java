package dev.weir.edge;

import dev.weir.http.Authority;
import dev.weir.wire.Authorities;
import dev.weir.wire.ClientHello;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.GuardViolation;
import dev.weir.wire.HeadParser;
import dev.weir.wire.HeadScanner;
import dev.weir.wire.RequestFacts;
import dev.weir.wire.Sniffer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Decides from the first bytes of a connection, and again of a CONNECT's inside, what is to become
 * of it. Decides only; {@link FrontLogic} acts. One per connection, because it remembers how far a
 * head has been scanned.
 */
final class FirstBytes {
  private static final int HTTPS_PORT = 443;
  private static final Verdict MORE = new More();
  private static final Verdict HTTP = new Http();

  /** What is to be done. */
  sealed interface Verdict {}

  /** Wait for more bytes. */
  record More() implements Verdict {}

  /** Speak HTTP on these bytes; the guard refuses what is none. */
  record Http() implements Verdict {}

  /** Answer 200 and look at what follows the head. */
  record Connect(Authority authority, int headBytes) implements Verdict {}

  /** Open a tunnel, answer 200 if that succeeds, and look at nothing. */
  record PassThrough(Authority authority, int headBytes) implements Verdict {}

  /**
   * Speak TLS as that host.
   *
   * @param misdirected the client asked for another name than its CONNECT
   */
  record Intercept(Authority authority, boolean misdirected) implements Verdict {}

  /** Speak TLS as the one server this listener is. */
  record Secure(Supplier<SSLEngine> engines) implements Verdict {}

  /** Join a tunnel; the client waits for no answer. */
  record Tunnel(Authority authority) implements Verdict {}

  /**
   * Answer with a problem and end.
   *
   * @param violation what broke the protocol; null where a rule of the edge refused
   */
  record Refuse(int status, String title, String detail, GuardViolation.@Nullable Reason violation)
      implements Verdict {}

  /** End without an answer: the peer speaks nothing that one could be given in. */
  record Close(String why) implements Verdict {}

  private final Role role;
  private final EdgeSettings settings;
  private final HeadParser heads;
  private final HeadScanner scanner;

  FirstBytes(Role role, EdgeSettings settings, GuardSettings guard, HeadParser heads) {
    this.role = role;
    this.settings = settings;
    this.heads = heads;
    this.scanner = HeadScanner.ofRequests(guard);
  }

  /**
   * Judges a connection's first bytes.
   *
   * @param welcome whether the client's network may connect
   */
  Verdict outside(byte[] received, boolean welcome) {
    Sniffer.Protocol protocol = Sniffer.sniff(received, received.length);
    if (!welcome) {
      return unwelcome(protocol);
    }
    return switch (role) {
      case Role.Proxy proxy ->
          switch (protocol) {
            case UNDECIDED -> MORE;
            case HTTP, OTHER -> HTTP;
            case CONNECT -> connect(received);
            case TLS -> named(received);
          };
      case Role.Front front -> itself(front.engines(), protocol);
      case Role.Mirror mirror -> itself(mirror.engines(), protocol);
    };
  }

  /** One that is no proxy speaks TLS or not; CONNECT is answered like any request. */
  private static Verdict itself(@Nullable Supplier<SSLEngine> engines, Sniffer.Protocol protocol) {
    return switch (protocol) {
      case UNDECIDED -> MORE;
      case TLS -> engines == null ? new Close("TLS on a listener without it") : new Secure(engines);
      case HTTP, CONNECT ->
          engines == null
              ? HTTP
              : new Refuse(400, "Bad Request", "This listener speaks TLS: use https.", null);
      case OTHER -> engines == null ? HTTP : new Close("neither TLS nor HTTP");
    };
  }

  /** Judges the first bytes inside a CONNECT to that authority. */
  Verdict inside(Authority tunnel, byte[] received) {
    if (settings.passThroughHosts().contains(tunnel.host())) {
      return new Tunnel(tunnel); // its CONNECT came over another HTTP layer, which answered at once
    }
    return switch (Sniffer.sniff(received, received.length)) {
      case UNDECIDED -> MORE;
      // A CONNECT in here is refused by the guard, which knows the tunnel.
      case HTTP, CONNECT -> HTTP;
      case OTHER -> new Tunnel(tunnel);
      case TLS ->
          switch (ClientHello.read(received)) {
            case ClientHello.Incomplete incomplete -> incomplete(received);
            // The engine knows the right alert.
            case ClientHello.Malformed malformed -> new Intercept(tunnel, false);
            case ClientHello.Complete hello ->
                new Intercept(tunnel, !sameHost(hello.serverName(), tunnel.host()));
          };
    };
  }

  /** Whether and how CONNECT to that authority is refused. */
  static @Nullable Refuse refusal(Role role, EdgeSettings settings, Authority authority) {
    String kind =
        switch (role) {
          case Role.Proxy proxy -> "";
          case Role.Front front -> "the front of one origin";
          case Role.Mirror mirror -> "a mirror";
        };
    if (!kind.isEmpty()) {
      return new Refuse(
          501,
          "Not Implemented",
          "CONNECT is not served here: this listener is " + kind + ", not a proxy.",
          null);
    }
    return settings.connectable(authority.port())
        ? null
        : new Refuse(
            403, "Forbidden", "CONNECT to port " + authority.port() + " is not allowed.", null);
  }

  private static Verdict unwelcome(Sniffer.Protocol protocol) {
    return switch (protocol) {
      case UNDECIDED -> MORE;
      case HTTP, CONNECT ->
          new Refuse(
              403, "Forbidden", "Clients of this network may not connect (allow-clients).", null);
      case TLS, OTHER -> new Close("network not allowed");
    };
  }

  private Verdict connect(byte[] received) {
    try {
      int length = scanner.find(received, 0, received.length);
      if (length < 0) {
        return MORE;
      }
      RequestFacts facts = heads.request(received, 0, length, "http", null);
      Authority authority = facts.head().authority();
      Refuse refused = refusal(role, settings, authority);
      if (refused != null) {
        return refused;
      }
      return settings.passThroughHosts().contains(authority.host())
          ? new PassThrough(authority, length)
          : new Connect(authority, length);
    } catch (GuardViolation violation) {
      GuardViolation.Reason reason = violation.reason();
      return new Refuse(reason.status(), "Bad Request", reason.sentence(), reason);
    }
  }

  /** TLS without CONNECT: the server name says whom it is for. */
  private Verdict named(byte[] received) {
    return switch (ClientHello.read(received)) {
      case ClientHello.Incomplete incomplete -> incomplete(received);
      case ClientHello.Malformed malformed -> new Close("malformed ClientHello");
      case ClientHello.Complete hello -> {
        String name = hello.serverName();
        // With a port it would be no name, and a way round the ports that CONNECT may name.
        Authority authority =
            name == null || name.indexOf(':') >= 0 ? null : Authorities.parse(name, HTTPS_PORT);
        if (authority == null) {
          yield new Close("TLS without CONNECT and without server name");
        }
        yield settings.passThroughHosts().contains(authority.host())
            ? new Tunnel(authority)
            : new Intercept(authority, false);
      }
    };
  }

  private Verdict incomplete(byte[] received) {
    return received.length > settings.tls().maxHandshakeBytes()
        ? new Close("ClientHello too large")
        : MORE;
  }

  /** A trailing dot makes a name absolute, not another; SNI never has one (RFC 6066 3). */
  private static boolean sameHost(@Nullable String serverName, String host) {
    return serverName == null || serverName.equals(Authority.withoutDot(host));
  }
}
