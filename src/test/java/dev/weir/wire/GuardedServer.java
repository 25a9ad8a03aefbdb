package dev.weir.wire;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.TLSProtocol;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Pekko HTTP's server layer under a guard, with a handler that is given the exchange. For one
 * connection: two would write into each other's channel.
 */
final class GuardedServer {
  static final Config DEFAULTS =
      ConfigFactory.parseResources("reference/guard.conf").resolve().getConfig("weir.guard");
  static final Config SYSTEM =
      ConfigFactory.parseString(
              """
              pekko.loglevel = OFF
              pekko.stdout-loglevel = OFF
              pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
              pekko.http.server.server-header = ""
              pekko.http.server.request-timeout = infinite
              pekko.http.server.parsing.max-content-length = infinite
              pekko.http.server.parsing.modeled-header-parsing = off
              pekko.http.client.parsing.modeled-header-parsing = off
              pekko.http.client.parsing.max-content-length = infinite
              """)
          .withFallback(ConfigFactory.load());

  final RequestChannel channel = new RequestChannel();
  final List<String> refusals = new CopyOnWriteArrayList<>();
  final List<RequestFacts> seen = new CopyOnWriteArrayList<>();
  private final Flow<ByteString, ByteString, NotUsed> connection;
  private final AtomicBoolean connected = new AtomicBoolean();

  static GuardSettings settings(String... overrides) {
    return GuardSettings.from(
        ConfigFactory.parseString(String.join("\n", overrides)).withFallback(DEFAULTS));
  }

  GuardedServer(
      ActorSystem system,
      GuardSettings settings,
      String scheme,
      @Nullable Authority tunnel,
      boolean misdirected,
      BiFunction<RequestChannel.Exchange, HttpRequest, CompletionStage<HttpResponse>> handler) {
    RequestGuard guard =
        new RequestGuard(
            settings,
            channel,
            scheme,
            tunnel,
            () -> misdirected,
            () -> "id-7",
            (reason, id) -> refusals.add(reason.label()),
            AtOnce.NEVER);
    BidiFlow<
            HttpResponse,
            TLSProtocol.SslTlsOutbound,
            TLSProtocol.SslTlsInbound,
            HttpRequest,
            NotUsed>
        layer = Http.get(system).serverLayer(ServerSettings.create(system));
    BidiFlow<
            TLSProtocol.SslTlsOutbound,
            TLSProtocol.SslTlsOutbound,
            TLSProtocol.SessionBytes,
            TLSProtocol.SslTlsInbound,
            NotUsed>
        widened =
            BidiFlow.fromFlows(
                Flow.of(TLSProtocol.SslTlsOutbound.class),
                Flow.of(TLSProtocol.SessionBytes.class)
                    .map(bytes -> (TLSProtocol.SslTlsInbound) bytes));
    BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> http =
        layer.atop(widened).atop(TLSPlacebo.getInstance()).atop(BidiFlow.fromGraph(guard));
    this.connection =
        Flow.of(HttpRequest.class)
            .mapAsync(
                1,
                request -> {
                  RequestChannel.Exchange exchange = channel.current();
                  seen.add(exchange.facts());
                  return handler.apply(exchange, request);
                })
            .join(http);
  }

  Flow<ByteString, ByteString, NotUsed> connection() {
    if (!connected.compareAndSet(false, true)) {
      throw new IllegalStateException("a second connection on one channel");
    }
    return connection;
  }
}
