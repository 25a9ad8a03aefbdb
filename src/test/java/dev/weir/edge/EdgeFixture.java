package dev.weir.edge;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.ListenAt;
import dev.weir.wire.TestTls;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/** A running edge with its collaborators under the test's hand. */
final class EdgeFixture implements AutoCloseable {
  static final ActorSystem SYSTEM = ActorSystem.create("edge-test", config());
  static final TestTls TLS =
      new TestTls("origin.test", "localhost", "127.0.0.1", "::1", "xn--bcher-kva.test");

  final List<Authority> connected = new CopyOnWriteArrayList<>();
  final List<Authority> tunnelled = new CopyOnWriteArrayList<>();
  final EdgeMetrics metrics = new EdgeMetrics();
  final Edge edge;

  private static Config config() {
    return ConfigFactory.parseString("pekko.loglevel=ERROR")
        .withFallback(ConfigFactory.parseResources("reference/pekko.conf"))
        .withFallback(ConfigFactory.load());
  }

  private EdgeFixture(ExchangeHandler handler, String overrides) {
    this(handler, overrides, Flow.of(ByteString.class));
  }

  private EdgeFixture(
      ExchangeHandler handler, String overrides, Flow<ByteString, ByteString, NotUsed> tunnelEnd) {
    Config all =
        ConfigFactory.parseString(overrides)
            .withFallback(ConfigFactory.parseResources("reference/edge.conf"))
            .withFallback(ConfigFactory.parseResources("reference/guard.conf"))
            .resolve();
    EdgeParts parts =
        new EdgeParts(
            handler,
            host -> TLS.serverEngine(),
            authority -> {
              tunnelled.add(authority);
              return authority.host().startsWith("refused")
                  ? CompletableFuture.failedFuture(
                      new TunnelRefusedException("rule deny-destinations"))
                  : CompletableFuture.completedFuture(tunnelEnd);
            },
            connected::add,
            GuardEvents.NONE);
    try {
      edge =
          Edge.bind(
                  SYSTEM,
                  new ListenAt.Address("127.0.0.1", 0),
                  EdgeSettings.from(all.getConfig("weir.edge")),
                  GuardSettings.from(all.getConfig("weir.guard")),
                  parts,
                  metrics)
              .toCompletableFuture()
              .get(10, TimeUnit.SECONDS);
    } catch (Exception broken) {
      throw new IllegalStateException(broken);
    }
  }

  static EdgeFixture serving(ExchangeHandler handler) {
    return new EdgeFixture(handler, "");
  }

  static EdgeFixture serving(ExchangeHandler handler, String overrides) {
    return new EdgeFixture(handler, overrides);
  }

  /** Answers each request with a line that says what it was. */
  static EdgeFixture describing(String overrides) {
    return serving(describing(), overrides);
  }

  static ExchangeHandler describing() {
    return request -> {
      request.entity().discardBytes(SYSTEM);
      return CompletableFuture.completedFuture(
          text(
              request.head().method()
                  + " "
                  + request.head().url()
                  + " tunnel="
                  + request.connection().tunnel()));
    };
  }

  static EdgeResponse text(String body) {
    return text(body, headers -> headers);
  }

  static EdgeResponse text(String body, UnaryOperator<Headers> more) {
    return new EdgeResponse.Full(
        new ResponseHead(200, "OK", more.apply(Headers.of("Content-Type", "text/plain"))),
        HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, ByteString.fromString(body)),
        false);
  }

  int port() {
    return edge.address().getPort();
  }

  RawClient client() {
    return RawClient.connect(port());
  }

  @Override
  public void close() {
    edge.drain(java.time.Duration.ofMillis(1)).toCompletableFuture();
  }
}
