package dev.weir.edge;

import static dev.weir.edge.EdgeFixture.SYSTEM;
import static dev.weir.edge.EdgeFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EdgeTest {
  private static final String LENGTH_3 = "Content-Length: 3\r\n";

  @Test
  void absoluteFormOnOneConnectionManyTimes() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      for (int i = 0; i < 200; i++) {
        // When
        client.send(
            "GET http://Origin.test/a%2Bb/../" + i + "?q=%7E HTTP/1.1\r\nHost: other.test\r\n\r\n");

        // Then: the target wins over Host and survives byte for byte
        assertThat(client.response())
            .startsWith("HTTP/1.1 200 OK\r\n")
            .endsWith("GET http://origin.test/a%2Bb/../" + i + "?q=%7E tunnel=null");
      }
      assertThat(fixture.metrics.requests()).isEqualTo(200);
      assertThat(fixture.metrics.openConnections()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"origin.test", "xn--bcher-kva.test", "127.0.0.1", "[::1]"})
  void connectIsIntercepted(String host) {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      client.connectTo(host + ":443");
      RawClient tls = client.tls(host.replace("[", "").replace("]", ""));

      for (int i = 0; i < 3; i++) {
        // When
        tls.send("GET /x%20y HTTP/1.1\r\nHost: " + host + "\r\n\r\n");

        // Then
        assertThat(tls.response()).contains("GET https://" + host + "/x%20y tunnel=Authority[");
      }
      assertThat(fixture.connected)
          .containsExactly(new Authority(host.replace("[", "").replace("]", ""), 443));
      assertThat(fixture.metrics.handshakes()).isEqualTo(1);
    }
  }

  @Test
  void connectTooLateIsAnsweredOnTheSameConnection() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      client.send("GET http://origin.test/first HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      assertThat(client.response()).contains("/first");

      // When
      client.connectTo("origin.test:443");
      RawClient tls = client.tls("origin.test");
      tls.send("GET /second HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      assertThat(tls.response()).contains("GET https://origin.test/second");
    }
  }

  /** A server name has no port: with one, any port of such a host could be reached by TLS. */
  @Test
  void aServerNameWithAPortOpensNoTunnel() throws Exception {
    // Given
    byte[] hello = ClientHellos.of("pinned.test.22");
    String text = new String(hello, StandardCharsets.ISO_8859_1);
    byte[] odd =
        text.replace("pinned.test.22", "pinned.test:22").getBytes(StandardCharsets.ISO_8859_1);
    try (EdgeFixture fixture =
            EdgeFixture.describing("weir.edge.pass-through-hosts=[\"pinned.test\"]");
        RawClient client = fixture.client()) {
      // When
      String answer = client.send(odd).read(1);

      // Then
      assertThat(answer).isEmpty();
      assertThat(fixture.tunnelled).isEmpty();
    }
  }

  @Test
  void connectTooLateToAPassThroughHostIsTunnelled() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.describing("weir.edge.pass-through-hosts=[\"pinned.test\"]");
        RawClient client = fixture.client()) {
      client.send("GET http://origin.test/first HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      assertThat(client.response()).contains("/first");

      // When
      client.connectTo("pinned.test:443").send("GET / HTTP/1.1\r\n\r\n");

      // Then: it comes back as it was sent
      assertThat(client.read(18)).isEqualTo("GET / HTTP/1.1\r\n\r\n");
      assertThat(fixture.connected).isEmpty();
    }
  }

  @Test
  void cancelledUploadStillGetsItsEarlyAnswer() throws Exception {
    // Given: an exchange that stops reading first and answers later
    CompletableFuture<EdgeResponse> later = new CompletableFuture<>();
    CompletableFuture<Object> stopped = new CompletableFuture<>();
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request -> {
                  request
                      .entity()
                      .getDataBytes()
                      .runWith(Sink.head(), SYSTEM)
                      .thenAccept(stopped::complete);
                  return later;
                });
        RawClient client = fixture.client()) {
      // When
      client.send(
          "POST http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n"
              + "Content-Length: 900000\r\n\r\nabc");
      stopped.get(10, TimeUnit.SECONDS);
      Thread.sleep(100); // a cancellation that is let through would arrive in this time
      later.complete(text("too large for me"));

      // Then
      assertThat(client.response()).endsWith("too large for me");
    }
  }

  @Test
  void otherServerNameThanTheConnectsGets421() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      RawClient tls = client.connectTo("origin.test:443").tls("localhost");

      // When
      tls.send("GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      assertThat(tls.response()).startsWith("HTTP/1.1 421 ");
      assertThat(fixture.metrics.requests()).isZero();
    }
  }

  @Test
  void otherHostThanTheConnectsGets421() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      RawClient tls = client.connectTo("origin.test:443").tls("origin.test");

      // When
      tls.send("GET / HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n");

      // Then
      assertThat(tls.response()).startsWith("HTTP/1.1 421 ");
    }
  }

  @Test
  void tlsWithoutConnectIsInterceptedByItsServerName() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      // When
      RawClient tls = client.tls("origin.test");
      tls.send("GET /direct HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      assertThat(tls.response()).contains("GET https://origin.test/direct");
    }
  }

  @Test
  void plainHttpInsideATunnelIsHttp() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      // When
      client.connectTo("origin.test:443");
      client.send("GET /p HTTP/1.1\r\nHost: origin.test:443\r\n\r\n");

      // Then
      assertThat(client.response()).contains("GET http://origin.test:443/p");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CONNECT origin.test:25 HTTP/1.1\r\nHost: origin.test:25\r\n\r\n",
        "CONNECT origin.test:22 HTTP/1.0\r\n\r\n"
      })
  void connectToOtherPortsIsForbidden(String request) {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      // When
      client.send(request);

      // Then
      assertThat(client.response())
          .startsWith("HTTP/1.1 403 Forbidden\r\n")
          .contains("application/problem+json")
          .contains("is not allowed");
      assertThat(client.rest()).isEmpty();
      assertThat(fixture.metrics.refusals()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CONNECT origin.test HTTP/1.1\r\nHost: origin.test\r\n\r\n",
        "CONNECT user@origin.test:443 HTTP/1.1\r\nHost: origin.test\r\n\r\n",
        "CONNECT /path HTTP/1.1\r\nHost: origin.test\r\n\r\n",
        "CONNECT origin.test:443 HTTP/1.1\nHost: origin.test\n\n",
        "CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 3\r\n\r\nabc",
        "CONNECT b\u00fccher.test:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT origin.test:99999 HTTP/1.1\r\nHost: origin.test\r\n\r\n"
      })
  void malformedConnectIsRefused(String request) {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      // When
      client.send(request);

      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void bytesThatAreNeitherTlsNorHttpAreTunnelled() {
    // Given: the tunnel's far end echoes
    try (EdgeFixture fixture = EdgeFixture.describing("");
        RawClient client = fixture.client()) {
      client.connectTo("origin.test:443");

      // When
      client.send("SSH-2.0-weir test\r\n");

      // Then
      assertThat(client.read(19)).isEqualTo("SSH-2.0-weir test\r\n");
      client.send("more");
      assertThat(client.read(4)).isEqualTo("more");
      client.endOutput();
      assertThat(client.rest()).isEmpty();
      assertThat(fixture.tunnelled).containsExactly(new Authority("origin.test", 443));
      assertThat(fixture.metrics.tunnels()).isEqualTo(1);
    }
  }

  @Test
  void passThroughHostIsTunnelledUnseen() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.describing("weir.edge.pass-through-hosts=[\".pinned.test\"]");
        RawClient client = fixture.client()) {
      // When: what looks like a ClientHello comes back as it is
      client.connectTo("api.pinned.test:443");
      byte[] hello = {22, 3, 1, 0, 5, 1, 0, 0, 1, 0};
      client.send(hello);

      // Then
      assertThat(client.read(hello.length).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1))
          .isEqualTo(hello);
      assertThat(fixture.connected).isEmpty();
    }
  }

  @Test
  void refusedPassThroughNamesTheRule() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.describing("weir.edge.pass-through-hosts=[\"refused.test\"]");
        RawClient client = fixture.client()) {
      // When
      client.send("CONNECT refused.test:443 HTTP/1.1\r\nHost: refused.test\r\n\r\n");

      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 403 ").contains("rule deny-destinations");
    }
  }

  @Test
  void silentClientIsTunnelledOnListedPortsOnly() {
    // Given: a far end that speaks first
    String overrides = "weir.edge { silent-tunnel-ports=[22], silent-tunnel-delay-millis=100 }";
    try (EdgeFixture fixture = EdgeFixture.describing(overrides);
        RawClient client = fixture.client()) {
      // When
      client.connectTo("origin.test:22");

      // Then
      await(() -> fixture.metrics.tunnels() == 1);
      client.send("late");
      assertThat(client.read(4)).isEqualTo("late");
    }
  }

  @Test
  void silentClientIsClosedElsewhere() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("weir.edge.first-bytes-timeout-millis=200");
        RawClient client = fixture.client()) {
      // When
      client.connectTo("origin.test:443");

      // Then
      assertThat(client.ended()).isTrue();
      assertThat(fixture.tunnelled).isEmpty();
    }
  }

  @Test
  void clientsOfOtherNetworksAreTurnedAway() {
    // Given
    try (EdgeFixture fixture = EdgeFixture.describing("weir.edge.allow-clients=[\"10.0.0.0/8\"]");
        RawClient client = fixture.client();
        RawClient silent = fixture.client()) {
      // When
      client.send("GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      silent.send(new byte[] {22, 3, 1});

      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 403 ").contains("allow-clients");
      assertThat(client.rest()).isEmpty();
      assertThat(silent.ended()).isTrue();
      assertThat(fixture.metrics.requests()).isZero();
    }
  }

  @Test
  void headAnd304KeepTheLengthTheyTellOf() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request ->
                    CompletableFuture.completedFuture(
                        new EdgeResponse.Full(
                            new ResponseHead(
                                request.head().isHead() ? 200 : 304,
                                "Fine",
                                Headers.of("Content-Length", "12345", "ETag", "\"x\"")),
                            HttpEntities.EMPTY,
                            false)));
        RawClient client = fixture.client()) {
      // When
      client.send("HEAD http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      String head = client.head();
      client.send("GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      String notModified = client.head();

      // Then
      assertThat(head).startsWith("HTTP/1.1 200 Fine\r\n").contains("Content-Length: 12345\r\n");
      assertThat(notModified).startsWith("HTTP/1.1 304 Fine\r\n").contains("ETag: \"x\"\r\n");
    }
  }

  @Test
  void continueIsSentOnlyWhenTheBodyIsWanted() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request -> {
                  if (request.head().target().equals("/no")) {
                    request.entity().discardBytes(SYSTEM);
                    return CompletableFuture.completedFuture(text("no"));
                  }
                  return request
                      .entity()
                      .getDataBytes()
                      .runFold(0, (sum, bytes) -> sum + bytes.size(), SYSTEM)
                      .thenApply(sum -> text("got " + sum));
                });
        RawClient client = fixture.client()) {
      // When
      client.send(
          "POST http://origin.test/yes HTTP/1.1\r\nHost: origin.test\r\n"
              + LENGTH_3
              + "Expect: 100-continue\r\n\r\n");
      String interim = client.head();
      client.send("abc");

      // Then
      assertThat(interim).startsWith("HTTP/1.1 100 ");
      assertThat(client.response()).endsWith("got 3");
    }
  }

  @Test
  void slowHandlerHoldsTheUploadBack() throws Exception {
    // Given: a handler that takes nothing until it is told to
    CompletableFuture<NotUsed> go = new CompletableFuture<>();
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request ->
                    request
                        .entity()
                        .getDataBytes()
                        .mapAsync(1, bytes -> go.thenApply(any -> bytes))
                        .runFold(0L, (sum, bytes) -> sum + bytes.size(), SYSTEM)
                        .thenApply(sum -> text("got " + sum)));
        RawClient client = fixture.client()) {
      long size = 96L << 20;
      AtomicLong sent = new AtomicLong();
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    client.send(
                        "POST http://origin.test/up HTTP/1.1\r\n"
                            + "Host: origin.test\r\n"
                            + "Content-Length: "
                            + size
                            + "\r\n\r\n");
                    byte[] block = new byte[1 << 20];
                    for (int i = 0; i < 96; i++) {
                      client.send(block);
                      sent.addAndGet(block.length);
                    }
                  });

      // When
      long before = -1;
      while (before != sent.get()) {
        before = sent.get();
        Thread.sleep(300);
      }
      go.complete(NotUsed.getInstance());
      writer.join();

      // Then
      assertThat(before).isLessThan(32L << 20);
      assertThat(client.response()).endsWith("got " + size);
    }
  }

  @Test
  void failedHandlerIsAnsweredWithAnId() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request ->
                    request.head().target().equals("/throws")
                        ? thrown()
                        : CompletableFuture.failedFuture(new IllegalStateException("secret")));
        RawClient one = fixture.client();
        RawClient two = fixture.client()) {
      // When
      one.send("GET http://origin.test/throws HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      two.send("GET http://origin.test/fails HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      for (RawClient client : new RawClient[] {one, two}) {
        assertThat(client.response())
            .startsWith("HTTP/1.1 500 ")
            .contains("urn:weir:")
            .contains("Connection: close")
            .doesNotContain("secret");
      }
      assertThat(fixture.metrics.failedHandlers()).isEqualTo(2);
    }
  }

  private static CompletableFuture<EdgeResponse> thrown() {
    throw new IllegalStateException("secret");
  }

  private static EdgeResponse cut(boolean chunked) {
    Source<ByteString, NotUsed> body =
        Source.single(ByteString.fromArrayUnsafe(new byte[100_000]))
            .concat(Source.failed(new IllegalStateException("origin broke")));
    ResponseEntity entity =
        chunked
            ? HttpEntities.createChunked(ContentTypes.APPLICATION_OCTET_STREAM, body)
            : HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, 200_000, body);
    return new EdgeResponse.Full(new ResponseHead(200, "OK", Headers.EMPTY), entity, false);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void bodyThatFailsIsCutVisibly(boolean tls) {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(request -> CompletableFuture.completedFuture(cut(true)));
        RawClient plain = fixture.client()) {
      RawClient client = tls ? plain.connectTo("origin.test:443").tls("origin.test") : plain;

      // When
      client.send(
          "GET " + (tls ? "" : "http://origin.test") + "/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then: no last chunk, no clean end
      assertThatThrownBy(() -> client.rest()).isInstanceOf(UncheckedIOException.class);
    }
  }

  @Test
  void upgradeBecomesRawBytesBothWays() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request ->
                    CompletableFuture.completedFuture(
                        new EdgeResponse.Switch(
                            new ResponseHead(
                                101,
                                "Switching Protocols",
                                Headers.of("Upgrade", "websocket", "Connection", "Upgrade")),
                            Flow.of(ByteString.class)
                                .map(bytes -> ByteString.fromString("<").concat(bytes)))));
        RawClient plain = fixture.client()) {
      RawClient client = plain.connectTo("origin.test:443").tls("origin.test");

      // When
      client.send(
          "GET /ws HTTP/1.1\r\nHost: origin.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              + "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n");
      String head = client.head();

      // Then
      assertThat(head)
          .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
          .containsIgnoringCase("Upgrade: websocket\r\n")
          .containsIgnoringCase("Connection: Upgrade\r\n");
      client.send("ping");
      assertThat(client.read(5)).isEqualTo("<ping");
      client.send("pong");
      assertThat(client.read(5)).isEqualTo("<pong");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void goneClientIsNoticedWhileItIsBeingAnswered(boolean tls) throws Exception {
    // Given
    AtomicReference<EdgeRequest> asked = new AtomicReference<>();
    CompletableFuture<EdgeResponse> never = new CompletableFuture<>();
    try (EdgeFixture fixture =
        EdgeFixture.serving(
            request -> {
              asked.set(request);
              return never;
            })) {
      RawClient plain = fixture.client();
      RawClient client = tls ? plain.connectTo("origin.test:443").tls("origin.test") : plain;
      client.send(
          "GET " + (tls ? "" : "http://origin.test") + "/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      await(() -> asked.get() != null);

      // When
      client.close();

      // Then
      assertThat(asked.get().gone().toCompletableFuture().get(10, TimeUnit.SECONDS)).isNotNull();
      never.complete(text("too late"));
      await(() -> fixture.metrics.openConnections() == 0);
    }
  }

  @Test
  void interimResponsesGoAheadOfTheFinalOne() {
    // Given
    CompletableFuture<EdgeResponse> later = new CompletableFuture<>();
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request -> {
                  request
                      .interim()
                      .accept(
                          new ResponseHead(
                              103, "Early Hints", Headers.of("Link", "</a>; rel=preload")));
                  return later;
                });
        RawClient client = fixture.client()) {
      // When
      client.send("GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      assertThat(client.head()).startsWith("HTTP/1.1 103 ").contains("Link: </a>; rel=preload");
      later.complete(text("final"));
      assertThat(client.response()).startsWith("HTTP/1.1 200 ").endsWith("final");
    }
  }

  @Test
  void drainLetsRunningResponsesFinish() throws Exception {
    // Given: one idle connection, one with a request, one tunnel
    CompletableFuture<EdgeResponse> answer = new CompletableFuture<>();
    EdgeFixture fixture =
        EdgeFixture.serving(
            request ->
                request.head().target().equals("/idle")
                    ? CompletableFuture.completedFuture(text("x"))
                    : answer);
    RawClient idle = fixture.client();
    idle.send("GET http://origin.test/idle HTTP/1.1\r\nHost: origin.test\r\n\r\n");
    assertThat(idle.response()).endsWith("x");
    RawClient busy = fixture.client();
    busy.send("GET http://origin.test/busy HTTP/1.1\r\nHost: origin.test\r\n\r\n");
    await(() -> fixture.metrics.requests() == 2);
    RawClient tunnel = fixture.client();
    tunnel.connectTo("origin.test:443").send("SSH-2.0-x\r\n");
    assertThat(tunnel.read(11)).isEqualTo("SSH-2.0-x\r\n");

    // When
    CompletableFuture<?> drained = fixture.edge.drain(Duration.ofSeconds(3)).toCompletableFuture();

    // Then
    assertThat(idle.rest()).isEmpty();
    idle.close();
    assertThat(drained).isNotDone();
    answer.complete(text("done"));
    assertThat(busy.response()).contains("Connection: close\r\n").endsWith("done");
    assertThat(busy.rest()).isEmpty();
    busy.close();
    assertThat(tunnel.ended()).isTrue();
    drained.get(10, TimeUnit.SECONDS);
    assertThatThrownBy(fixture::client).isInstanceOf(UncheckedIOException.class);
  }

  @Test
  void bigDownloadThroughTheTunnelIsWhole() {
    // Given
    byte[] block = new byte[128 * 1024];
    Arrays.fill(block, (byte) 'w');
    int blocks = 400;
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request ->
                    CompletableFuture.completedFuture(
                        new EdgeResponse.Full(
                            new ResponseHead(200, "OK", Headers.EMPTY),
                            HttpEntities.create(
                                ContentTypes.APPLICATION_OCTET_STREAM,
                                (long) blocks * block.length,
                                Source.range(1, blocks)
                                    .map(i -> ByteString.fromArrayUnsafe(block))),
                            true)));
        RawClient plain = fixture.client()) {
      RawClient client = plain.connectTo("origin.test:443").tls("origin.test");

      // When
      client.send("GET /big HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      assertThat(client.head()).contains("Content-Length: " + (long) blocks * block.length);
      assertThat(client.rest()).hasSize(blocks * block.length);
    }
  }

  @Test
  void unreadRequestBodyDoesNotBecomeTheNextRequest() {
    // Given: a handler that answers without looking at the body
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request -> {
                  request.entity().getDataBytes().runWith(Sink.cancelled(), SYSTEM);
                  return CompletableFuture.completedFuture(text("early"));
                });
        RawClient client = fixture.client()) {
      // When
      client.send(
          "POST http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 200000\r\n\r\n"
              + "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n");

      // Then
      assertThat(client.response()).endsWith("early");
      client.endOutput();
      assertThat(client.ended()).isTrue();
      assertThat(fixture.metrics.requests()).isEqualTo(1);
    }
  }

  private static void await(java.util.function.BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("condition not met in time");
      }
      Thread.onSpinWait();
      try {
        Thread.sleep(5);
      } catch (InterruptedException stop) {
        throw new AssertionError(stop);
      }
    }
  }
}
