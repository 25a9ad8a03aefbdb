package dev.weir.origin;

import dev.weir.http.Authority;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.OriginChannel;
import dev.weir.wire.ResponseGuard;
import dev.weir.wire.TlsSettings;
import dev.weir.wire.TlsStage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Host;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.http.javadsl.settings.ParserSettings;
import org.apache.pekko.io.Inet;
import org.apache.pekko.io.TcpSO;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The layers of one connection, from requests down to the socket:
 *
 * <pre>
 *   Pekko HTTP's client layer ── framing guard ── TLS (https) ── [CONNECT] ── TCP to the judged address
 * </pre>
 *
 * Pekko's layer is one blueprint for all connections.
 */
final class ConnectionLayers {
  /** The layers of one connection; the flow's value completes when a request may be sent. */
  record Wired(
      Flow<HttpRequest, HttpResponse, CompletionStage<Done>> flow, OriginChannel channel) {}

  private static final List<Inet.SocketOption> OPTIONS = List.of(TcpSO.tcpNoDelay(true));

  private final ActorSystem system;
  private final ClientEngines engines;
  private final TlsSettings tls;
  private final @Nullable ParentProxy parent;
  private final GuardSettings guard;
  private final GuardEvents events;
  private final BidiFlow<HttpRequest, ByteString, ByteString, HttpResponse, NotUsed> http;

  ConnectionLayers(
      ActorSystem system,
      ClientEngines engines,
      TlsSettings tls,
      @Nullable ParentProxy parent,
      GuardSettings guard,
      GuardEvents events) {
    this.system = system;
    this.engines = engines;
    this.tls = tls;
    this.parent = parent;
    this.guard = guard;
    this.events = events;
    BidiFlow<HttpRequest, SslTlsOutbound, SslTlsInbound, HttpResponse, NotUsed> layer =
        Http.get(system).clientLayer(Host.create("origin"), settings(system));
    this.http = layer.atop(unwrapped());
  }

  /**
   * Pekko's layer speaks in TLS records; the real TLS is further down. What comes out is covariant.
   */
  @SuppressWarnings("unchecked")
  private static BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>
      unwrapped() {
    BidiFlow<?, ?, ?, ?, ?> placebo = TLSPlacebo.getInstance();
    return (BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>) placebo;
  }

  /** The guard hands Pekko only what it wrote itself, so nothing is left to limit here. */
  private static ClientConnectionSettings settings(ActorSystem system) {
    ClientConnectionSettings defaults = ClientConnectionSettings.create(system);
    ParserSettings parser =
        defaults
            .getParserSettings()
            .withModeledHeaderParsing(false)
            .withMaxContentLength(Long.MAX_VALUE)
            .withMaxChunkSize(Integer.MAX_VALUE);
    return defaults.withParserSettings(parser).withUserAgentHeader(Optional.empty());
  }

  Wired wire(String scheme, Authority authority, InetSocketAddress address, ConnectionTerms terms) {
    OriginChannel channel = new OriginChannel();
    BidiFlow<HttpRequest, ByteString, ByteString, HttpResponse, NotUsed> guarded =
        http.atop(BidiFlow.fromGraph(new ResponseGuard(guard, channel, events)));
    Flow<ByteString, ByteString, CompletionStage<Done>> bytes =
        "https".equals(scheme)
            ? tls(authority, address, terms)
            : opened(authority, address, terms.localAddress(), false);
    return new Wired(guarded.join(bytes, Keep.right()), channel);
  }

  /**
   * TCP, through the egress proxy where connections to that authority go through it; the value
   * completes when it is open.
   *
   * @param address that the egress gate gave for the authority, which may be the proxy's
   * @param from the local address, or null for what the system chooses
   */
  Flow<ByteString, ByteString, CompletionStage<Done>> opened(
      Authority authority,
      InetSocketAddress address,
      @Nullable InetAddress from,
      boolean halfClose) {
    ParentProxy proxy = parent;
    return proxy == null || !proxy.carries(authority)
        ? plain(address, from, halfClose)
        : BidiFlow.fromGraph(new ConnectStage(proxy.connect(authority)))
            .join(
                plain(address, from, halfClose),
                (agreed, tcp) -> tcp.thenCompose(connected -> agreed));
  }

  private Flow<ByteString, ByteString, CompletionStage<Done>> plain(
      InetSocketAddress address, @Nullable InetAddress from, boolean halfClose) {
    Optional<InetSocketAddress> local =
        Optional.ofNullable(from).map(own -> new InetSocketAddress(own, 0));
    return Tcp.get(system)
        .outgoingConnection(address, local, OPTIONS, halfClose, Optional.empty(), Optional.empty())
        .mapMaterializedValue(tcp -> tcp.thenApply(connected -> Done.getInstance()));
  }

  private Flow<ByteString, ByteString, CompletionStage<Done>> tls(
      Authority authority, InetSocketAddress address, ConnectionTerms terms) {
    ClientEngines ours = terms.tls() == null ? engines : engines.on(terms.tls());
    return TlsStage.client(() -> ours.engine(authority.host(), authority.port()), tls)
        .join(
            opened(authority, address, terms.localAddress(), false),
            // A refused connection must not be told as a failed handshake.
            (handshake, tcp) ->
                tcp.thenCompose(done -> handshake.thenApply(agreed -> Done.getInstance())));
  }
}
