package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static dev.weir.origin.OriginFixture.failure;
import static dev.weir.origin.OriginFixture.request;
import static dev.weir.origin.OriginFixture.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.wire.TestTls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** TLS, connecting, tunnels and upgrades. */
class ConnectionsTest {
  private static final String HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  private static final TestTls GOOD = new TestTls("127.0.0.1", "localhost");
  private static final TestTls OTHER_NAME = new TestTls("other.test");

  private static OriginFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new OriginFixture();
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
  }

  private record Engines(TestTls tls) implements ClientEngines {
    @Override
    public SSLEngine engine(String host, int port) {
      SSLEngine engine = tls.client.createSSLEngine(host, port);
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      engine.setSSLParameters(parameters);
      return engine;
    }

    @Override
    public String explain(Throwable failure) {
      return "The origin's certificate is not trusted.";
    }
  }

  private static PekkoOrigins overTls(TestTls trusted, String overrides) {
    return fixture.origins(overrides, new Engines(trusted), System::nanoTime);
  }

  private static OriginRequest getTls(Authority authority) {
    return request("GET", "https", authority, "/", OriginFixture.TIMEOUTS);
  }

  @Test
  void tlsConnectionsAreKeptAndReused() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            GOOD.server.getServerSocketFactory(),
            peer -> {
              while (peer.head() != null) {
                peer.say(HELLO);
              }
            })) {
      PekkoOrigins origins = overTls(GOOD, "");

      // When
      List<String> bodies = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        bodies.add(fixture.text(await(origins.fetch(getTls(origin.authority())))));
      }

      // Then
      assertThat(bodies).containsOnly("hello").hasSize(5);
      assertThat(origin.accepted()).isEqualTo(1);
    }
  }

  @Test
  void anotherNameOrIssuerIsATlsFailureThatSaysWhy() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(OTHER_NAME.server.getServerSocketFactory(), RawOrigin.Peer::head)) {

      // When
      OriginFailure issuer = failure(overTls(GOOD, "").fetch(getTls(origin.authority())));
      OriginFailure name = failure(overTls(OTHER_NAME, "").fetch(getTls(origin.authority())));

      // Then
      assertThat(issuer.kind()).isEqualTo(OriginFailure.Kind.TLS);
      assertThat(issuer).hasMessage("The origin's certificate is not trusted.");
      assertThat(name.kind()).isEqualTo(OriginFailure.Kind.TLS);
      assertThat(origin.heads()).isEmpty();
    }
  }

  @Test
  void aPlainServerOnATlsPortIsATlsFailure() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.start(peer -> peer.say("HTTP/1.1 400 Bad Request\r\n\r\n"))) {

      // When
      OriginFailure failure = failure(overTls(GOOD, "").fetch(getTls(origin.authority())));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.TLS);
    }
  }

  @Test
  void aSilentHandshakeIsAConnectTimeout() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.start(RawOrigin.Peer::awaitEnd)) {
      PekkoOrigins origins = overTls(GOOD, "");

      // When
      OriginFailure failure =
          failure(
              origins.fetch(
                  request("GET", "https", origin.authority(), "/", new OriginTimeouts(300, 0, 0))));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CONNECT_TIMEOUT);
      until(() -> origin.openNow() == 0);
    }
  }

  private static RawOrigin closeDelimitedOverTls(boolean closeNotify) throws Exception {
    return RawOrigin.start(
        peer -> {
          SSLSocket tls =
              (SSLSocket)
                  GOOD.server
                      .getSocketFactory()
                      .createSocket(peer.socket, "127.0.0.1", peer.socket.getPort(), false);
          tls.setUseClientMode(false);
          byte[] buffer = new byte[4096];
          if (tls.getInputStream().read(buffer) > 0) {
            tls.getOutputStream()
                .write("HTTP/1.1 200 OK\r\n\r\nall".getBytes(StandardCharsets.ISO_8859_1));
            tls.getOutputStream().flush();
            if (closeNotify) {
              tls.close();
            }
          }
        });
  }

  @Test
  void closeDelimitedOverTlsNeedsCloseNotify() throws Exception {
    // Given
    try (RawOrigin polite = closeDelimitedOverTls(true);
        RawOrigin cut = closeDelimitedOverTls(false)) {
      PekkoOrigins origins = overTls(GOOD, "");

      // When
      OriginResponse whole = await(origins.fetch(getTls(polite.authority())));
      OriginResponse short_ = await(origins.fetch(getTls(cut.authority())));

      // Then
      assertThat(whole.closeDelimited()).isTrue();
      assertThat(fixture.text(whole)).isEqualTo("all");
      assertThat(failure(fixture.whole(short_)).kind()).isEqualTo(OriginFailure.Kind.TRUNCATED);
    }
  }

  @Test
  void aBigBodyComesThroughTls() throws Exception {
    // Given
    int size = 8 << 20;
    try (RawOrigin origin =
        RawOrigin.start(
            GOOD.server.getServerSocketFactory(),
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
              peer.out.write(new byte[size]);
              peer.out.flush();
              peer.awaitEnd();
            })) {

      // When
      OriginResponse response = await(overTls(GOOD, "").fetch(getTls(origin.authority())));
      int got =
          await(
              response
                  .body()
                  .map(ByteString::size)
                  .runWith(Sink.fold(0, Integer::sum), fixture.system));

      // Then
      assertThat(got).isEqualTo(size);
    }
  }

  @Test
  void anAddressThatDoesNotAnswerIsAConnectTimeout() throws Exception {
    // Given
    List<Socket> fillers = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      for (int i = 0; i < 4; i++) {
        Socket filler = new Socket();
        fillers.add(filler);
        try {
          filler.connect(full.getLocalSocketAddress(), 200);
        } catch (java.net.SocketTimeoutException e) {
          break; // the backlog is full now
        }
      }
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure =
          failure(
              origins.fetch(
                  request(
                      "GET",
                      "http",
                      new Authority("127.0.0.1", full.getLocalPort()),
                      "/",
                      new OriginTimeouts(300, 0, 0))));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CONNECT_TIMEOUT);
      until(() -> origins.metrics().connectionsOpen() == 0);
    } finally {
      for (Socket filler : fillers) {
        filler.close();
      }
    }
  }

  @Test
  void aNameThatIsNotAnsweredForIsAConnectTimeoutAndAnUnknownOneIsDns() throws Exception {
    // Given
    OriginSettings settings = OriginFixture.settings("");
    EgressGate silent =
        new EgressGate(
            EgressRules.forwardProxy("", ""),
            new OwnListeners(30_000),
            name -> new CompletableFuture<>(),
            4);
    PekkoOrigins waiting =
        fixture.origins(settings, OriginFixture.NO_TLS, silent, System::nanoTime);
    PekkoOrigins failing = fixture.origins("");
    OriginRequest request =
        request(
            "GET", "http", new Authority("origin.test", 80), "/", new OriginTimeouts(200, 0, 0));

    // When
    OriginFailure late = failure(waiting.fetch(request));
    OriginFailure unknown = failure(failing.fetch(request));

    // Then
    assertThat(late.kind()).isEqualTo(OriginFailure.Kind.CONNECT_TIMEOUT);
    assertThat(unknown.kind()).isEqualTo(OriginFailure.Kind.RESOLVE);
  }

  @Test
  void theNextAddressIsTriedWhenOneFails() throws Exception {
    // Given
    OriginSettings settings = OriginFixture.settings("connect.attempt-millis = 100");
    Dialer dialer =
        new Dialer(
            new ConnectionLayers(
                fixture.system,
                OriginFixture.NO_TLS,
                settings.tls(),
                null,
                guard(),
                (reason, id) -> {}),
            settings,
            new OriginMetrics(),
            OriginFixture.NO_TLS,
            org.apache.pekko.stream.SystemMaterializer.get(fixture.system).materializer(),
            System::nanoTime);
    List<Integer> tried = new CopyOnWriteArrayList<>();
    List<Integer> givenUp = new CopyOnWriteArrayList<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (int port = 1; port <= 4; port++) {
      addresses.add(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
    }

    // When
    int opened =
        await(
            dialer.dial(
                new Authority("origin.test", 80),
                addresses,
                5_000_000_000L,
                address -> {
                  int port = address.getPort();
                  tried.add(port);
                  return new Dialer.Attempt<>(
                      port,
                      switch (port) {
                        case 1 ->
                            CompletableFuture.failedFuture(new java.io.IOException("refused"));
                        case 2 -> new CompletableFuture<>();
                        default ->
                            CompletableFuture.completedFuture(org.apache.pekko.Done.getInstance());
                      },
                      reason -> givenUp.add(port));
                }));

    // Then
    assertThat(opened).isEqualTo(3);
    assertThat(tried).containsExactly(1, 2, 3);
    assertThat(givenUp).containsExactly(1, 2);
  }

  private static dev.weir.wire.GuardSettings guard() {
    return dev.weir.wire.GuardSettings.from(
        com.typesafe.config.ConfigFactory.parseResources("reference/guard.conf")
            .resolve()
            .getConfig("weir.guard"));
  }

  private static CompletableFuture<ByteString> through(
      Flow<ByteString, ByteString, NotUsed> bytes, Source<ByteString, NotUsed> sent) {
    return sent.via(bytes)
        .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), fixture.system)
        .toCompletableFuture();
  }

  @Test
  void aTunnelCarriesBytesBothWaysAndHalfCloses() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              byte[] all = peer.in.readAllBytes();
              peer.out.write("got:".getBytes(StandardCharsets.ISO_8859_1));
              peer.out.write(all);
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      Flow<ByteString, ByteString, NotUsed> tunnel = await(origins.tunnel(origin.authority()));
      ByteString back =
          await(
              through(
                  tunnel,
                  Source.from(
                      List.of(
                          ByteString.fromString("\u0000raw"), ByteString.fromString(" bytes")))));

      // Then
      assertThat(back.decodeString(StandardCharsets.ISO_8859_1)).isEqualTo("got:\u0000raw bytes");
      until(() -> origins.metrics().tunnelsOpen() == 0);
      until(() -> origin.openNow() == 0);
    }
  }

  @Test
  void aSilentTunnelIsClosed() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.start(RawOrigin.Peer::awaitEnd)) {
      PekkoOrigins origins = fixture.origins("connect.tunnel-idle-millis = 200");

      // When
      Flow<ByteString, ByteString, NotUsed> tunnel = await(origins.tunnel(origin.authority()));
      OriginFailure failure =
          failure(
              through(
                  tunnel,
                  Source.maybe()
                      .mapMaterializedValue(never -> NotUsed.getInstance())
                      .map(nothing -> ByteString.emptyByteString())));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.IDLE_TIMEOUT);
      until(() -> origin.openNow() == 0);
      until(() -> origins.metrics().tunnelsOpen() == 0);
    }
  }

  private static OriginRequest webSocket(Authority authority) {
    return OriginRequest.of(
        new RequestHead(
            "GET",
            "http",
            authority,
            "/chat",
            Headers.of("Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "k")),
        OriginFixture.TIMEOUTS);
  }

  @Test
  void anUpgradeBecomesRawBytes() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say(
                  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                      + "Upgrade: websocket\r\n\r\nfirst:");
              byte[] five = peer.in.readNBytes(5);
              peer.out.write(five);
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      Origins.Upgraded upgraded = await(origins.upgrade(webSocket(origin.authority())));
      var switched = (Origins.Upgraded.Switched) upgraded;
      ByteString back =
          await(
              through(
                  switched.bytes(),
                  Source.single(ByteString.fromString("12345")).concat(Source.never())));

      // Then
      assertThat(back.decodeString(StandardCharsets.ISO_8859_1)).isEqualTo("first:12345");
      assertThat(switched.head().headers().first("Upgrade")).isEqualTo("websocket");
      assertThat(origin.heads().getFirst())
          .contains("Upgrade: websocket\r\n", "Connection: Upgrade\r\n")
          .doesNotContain("Transfer-Encoding", "Content-Length");
      until(() -> origins.metrics().connectionsOpen() == 0);
    }
  }

  @Test
  void aRefusedUpgradeIsAnOrdinaryResponse() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.answering("HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nsad\n")) {
      PekkoOrigins origins = fixture.origins("");

      // When
      Origins.Upgraded upgraded = await(origins.upgrade(webSocket(origin.authority())));
      OriginResponse response = ((Origins.Upgraded.Refused) upgraded).response();

      // Then
      assertThat(response.head().status()).isEqualTo(403);
      assertThat(fixture.text(response)).isEqualTo("sad\n");
      until(() -> origins.metrics().connectionsOpen() == 0);
    }
  }
}
