package dev.weir.edge;

import com.typesafe.config.ConfigFactory;
import dev.weir.wire.RequestChannel;
import dev.weir.wire.RequestGuard;
import dev.weir.wire.TlsHandshake;
import dev.weir.wire.TlsStage;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.NotUsed;
import org.apache.pekko.event.NoLogging;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.Http;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.util.ByteString;

/**
 * HTTP/1.1 over a connection's bytes: TLS (where intercepted), framing guard, Pekko HTTP, exchange.
 * What is at hand when a request arrives is answered by the guard; see {@link Calls}.
 *
 * <p>Pekko's part is built once and materialised per connection: building it costs more than a
 * request. It can be shared by both schemes because it never says which one it is: heads come round
 * it through the guard's channel.
 *
 * <p>HTTP/2 is not offered (engines name only {@code http/1.1} in ALPN). Its place is {@link
 * #intercepted}: on {@code h2} the bytes behind TLS go to a frame guard and Pekko's demux with our
 * HPACK stage, instead of to {@link #plain}, which knows HTTP/1 only.
 */
final class HttpLayer {
  /**
   * What the guard has bounded already is not bounded again; what the exchange times is not timed
   * again (a request timeout of 0 leaves that stage out, where "infinite" would keep it). Errors of
   * Pekko's own parser would be faults of ours.
   */
  private static final String SERVER =
      """
      pekko.http.server {
        server-header = ""
        raw-request-uri-header = off
        remote-address-attribute = off
        transparent-head-requests = off
        pipelining-limit = 1
        request-timeout = off
        idle-timeout = infinite
        linger-timeout = infinite
        default-host-header = "weir.internal"
        verbose-error-messages = off
        parsing {
          max-uri-length = 64k
          max-header-value-length = 64k
          max-header-count = 256
          max-content-length = infinite
          max-chunk-size = 64m
          max-chunk-ext-length = 1k
          modeled-header-parsing = off
          uri-parsing-mode = relaxed
          illegal-header-warnings = off
        }
      }
      """;

  private final EdgeContext context;
  private final BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> pekko;

  HttpLayer(EdgeContext context, Materializer materializer) {
    this.context = context;
    this.pekko = pekko(materializer);
  }

  @SuppressWarnings("unchecked")
  private static BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> pekko(
      Materializer materializer) {
    var system = materializer.system();
    ServerSettings settings =
        ServerSettings.apply(
                ConfigFactory.parseString(SERVER).withFallback(system.settings().config()))
            .withLogUnencryptedNetworkBytes(scala.Option.empty());
    Object layer =
        Http.apply(system)
            .serverLayer(settings, scala.Option.empty(), NoLogging.getInstance(), false)
            .asJava();
    var http = (BidiFlow<HttpResponse, SslTlsOutbound, SslTlsInbound, HttpRequest, NotUsed>) layer;
    Object placebo = TLSPlacebo.getInstance();
    return http.atop(
        (BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>) placebo);
  }

  /** HTTP as it stands on these bytes. */
  Flow<ByteString, ByteString, NotUsed> plain(ClientConnection connection, RequestChannel channel) {
    return http(connection, channel, "http", false);
  }

  /**
   * HTTP inside TLS, for which we show the leaf of that host.
   *
   * @param misdirected the client's TLS asked for another name: every request is answered 421
   */
  Flow<ByteString, ByteString, NotUsed> intercepted(
      ClientConnection connection, RequestChannel channel, String host, boolean misdirected) {
    BidiFlow<ByteString, ByteString, ByteString, ByteString, CompletionStage<TlsHandshake>> tls =
        TlsStage.server(() -> context.engines().engine(host), context.settings().tls());
    return Flow.fromGraph(
        http(connection, channel, "https", misdirected)
            .join(tls.mapMaterializedValue(this::count)));
  }

  /** HTTP inside TLS in which we speak for ourselves, whatever server name was asked for. */
  Flow<ByteString, ByteString, NotUsed> secured(
      ClientConnection connection, RequestChannel channel, Supplier<SSLEngine> engines) {
    return Flow.fromGraph(
        http(connection, channel, "https", false)
            .join(
                TlsStage.server(engines, context.settings().tls())
                    .mapMaterializedValue(this::count)));
  }

  private NotUsed count(CompletionStage<TlsHandshake> handshake) {
    handshake.whenComplete((done, failure) -> context.metrics().onHandshake(failure == null));
    return NotUsed.getInstance();
  }

  private Flow<ByteString, ByteString, NotUsed> http(
      ClientConnection connection, RequestChannel channel, String scheme, boolean misdirected) {
    Calls calls = new Calls(context, connection);
    RequestGuard guard =
        new RequestGuard(
            context.guard(),
            channel,
            scheme,
            connection.tunnel(),
            () -> misdirected,
            context::newId,
            context.guardEvents(),
            calls);
    Flow<ByteString, ByteString, NotUsed> behind =
        Flow.fromGraph(new ExchangeStage(calls, channel)).join(pekko);
    return Flow.fromGraph(new LaterFlow(behind)).join(BidiFlow.fromGraph(guard));
  }
}
