package dev.weir.exchange;

import dev.weir.edge.ClientConnection;
import dev.weir.edge.Edge;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EngineFactory;
import dev.weir.edge.RawClient;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.origin.ClientEngines;
import dev.weir.origin.Origins;
import dev.weir.origin.RawOrigin;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.rules.RuleFiles;
import dev.weir.store.WholeObjects;
import dev.weir.testing.Eventually;
import dev.weir.wire.TestTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.http.javadsl.model.HttpEntities;

/**
 * The shared {@link World} with a listener before it and an origin of the test's own behind it:
 * what both sides see, octet by octet.
 */
final class FrontDoor implements AutoCloseable {
  final World world = World.get();
  final RawOrigin origin;
  private final AtomicLong aheadMillis = new AtomicLong();
  private final Exchanges exchanges;
  private final Edge edge;

  FrontDoor(RawOrigin.Script script) throws Exception {
    this(
        RawOrigin.start(script),
        World.get().origins,
        host -> {
          throw new IllegalStateException("no TLS here");
        });
  }

  /** With TLS on both sides: clients reach the origin by CONNECT to its port. */
  static FrontDoor secured(TestTls tls, RawOrigin.Script script) throws Exception {
    ClientEngines trusting =
        new ClientEngines() {
          @Override
          public SSLEngine engine(String host, int port) {
            SSLEngine engine = tls.client.createSSLEngine(host, port);
            engine.setUseClientMode(true);
            return engine;
          }

          @Override
          public String explain(Throwable failure) {
            return "The origin is not trusted.";
          }
        };
    return new FrontDoor(
        RawOrigin.start(tls.server.getServerSocketFactory(), script),
        World.get().origins(trusting),
        host -> tls.serverEngine());
  }

  private FrontDoor(RawOrigin origin, Origins origins, EngineFactory engines) throws Exception {
    this.origin = origin;
    Instants instants = () -> Instant.ofEpochMilli(System.currentTimeMillis() + aheadMillis.get());
    PolicyTable rules = RuleFiles.defaults(Policy.STANDARD);
    exchanges =
        new Exchanges(
            () -> rules,
            head -> head,
            world.cache,
            world.stores.bodies(),
            origins,
            (head, connection) -> null,
            ExchangeSettings.from(world.rooms.getConfig("weir.exchange")),
            instants.clock(),
            record -> {},
            WholeObjects.NONE,
            world.materializer());
    edge = world.listen(exchanges, engines, origin.authority().port());
  }

  /** A source of instants that is a clock. */
  private interface Instants extends InstantSource {
    default Clock clock() {
      return withZone(ZoneOffset.UTC);
    }
  }

  /** Answers the first request of each connection with these octets, and so on while it lasts. */
  static FrontDoor before(String response) throws Exception {
    return new FrontDoor(
        peer -> {
          while (peer.head() != null) {
            peer.say(response);
          }
        });
  }

  /** A connection over which the origin is asked in absolute form. */
  RawClient client() {
    return RawClient.connect(edge.address().getPort());
  }

  /** A request head for the origin; lines without their CRLF. */
  String request(String method, String target, String... lines) {
    return requestAs("HTTP/1.1", method, target, lines);
  }

  String requestAs(String version, String method, String target, String... lines) {
    String authority = "127.0.0.1:" + origin.authority().port();
    StringBuilder head = new StringBuilder(method);
    head.append(" http://").append(authority).append(target).append(' ').append(version);
    head.append("\r\nHost: ").append(authority).append("\r\n");
    for (String line : lines) {
      head.append(line).append("\r\n");
    }
    return head.append("\r\n").toString();
  }

  /** A GET handed in behind the edge, with its interim responses; its body is not read. */
  void get(String target, Consumer<ResponseHead> interim) throws Exception {
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    exchanges
        .handle(
            new EdgeRequest(
                new RequestHead("GET", "http", origin.authority(), target, Headers.EMPTY),
                HttpEntities.EMPTY,
                new ClientConnection(here, here, null, 1),
                new CompletableFuture<>(),
                interim))
        .toCompletableFuture()
        .get(20, TimeUnit.SECONDS);
  }

  void pass(long seconds) {
    aheadMillis.addAndGet(seconds * 1000);
  }

  void settle() throws Exception {
    Eventually.holds(() -> world.fills.count() == 0);
  }

  @Override
  public void close() throws IOException {
    edge.drain(Duration.ofMillis(1)).toCompletableFuture();
    origin.close();
  }
}
