package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static dev.weir.origin.OriginFixture.failure;
import static dev.weir.origin.OriginFixture.get;
import static dev.weir.origin.OriginFixture.request;
import static dev.weir.origin.OriginFixture.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PekkoOriginsTest {
  private static final String HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

  private static OriginFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new OriginFixture();
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
  }

  @Test
  void aHeadTravelsUnchanged() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.answering(
            "HTTP/1.1 200 All Right\r\n"
                + "X-Odd: \u00e9\u00ff\r\n"
                + "Content-Type: text/x;;a\r\n"
                + "ETag: \"a\"\r\n"
                + "etag: b\r\n"
                + "Content-Length: 5\r\n\r\n"
                + "hello")) {
      PekkoOrigins origins = fixture.origins("");
      RequestHead head =
          new RequestHead(
              "GET",
              "http",
              origin.authority(),
              "/a%2Bb/../x?q=%7e|{}",
              Headers.of("X-a", "\u00e9", "Content-Type", "odd;;", "Host", "ignored", "x-A", "2"));

      // When
      OriginResponse response =
          await(origins.fetch(OriginRequest.of(head, OriginFixture.TIMEOUTS)));
      String body = fixture.text(response);

      // Then
      assertThat(body).isEqualTo("hello");
      assertThat(response.head())
          .isEqualTo(
              new ResponseHead(
                  200,
                  "All Right",
                  Headers.of(
                      "X-Odd",
                      "\u00e9\u00ff",
                      "Content-Type",
                      "text/x;;a",
                      "ETag",
                      "\"a\"",
                      "etag",
                      "b",
                      "Content-Length",
                      "5")));
      assertThat(response.bodyLength()).hasValue(5);
      assertThat(origin.heads().getFirst())
          .isEqualTo(
              "GET /a%2Bb/../x?q=%7e|{} HTTP/1.1\r\nHost: 127.0.0.1:"
                  + origin.authority().port()
                  + "\r\nX-a: \u00e9\r\nContent-Type: odd;;\r\nx-A: 2\r\n\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PURGE", "DELETE", "OPTIONS", "PROPFIND", "X-1"})
  void anyMethodPasses(String method) throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.answering(HELLO)) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginResponse response =
          await(
              origins.fetch(
                  request(method, "http", origin.authority(), "/", OriginFixture.TIMEOUTS)));

      // Then
      assertThat(fixture.text(response)).isEqualTo("hello");
      assertThat(origin.heads().getFirst()).startsWith(method + " / HTTP/1.1\r\n");
    }
  }

  @Test
  void oneConnectionServesManyRequests() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.answering(HELLO)) {
      PekkoOrigins origins = fixture.origins("");

      // When
      for (int i = 0; i < 50; i++) {
        fixture.text(await(origins.fetch(get(origin.authority(), "/" + i))));
      }

      // Then
      assertThat(origin.accepted()).isEqualTo(1);
      assertThat(origin.heads()).hasSize(50);
      assertThat(origins.metrics().reused()).isEqualTo(49);
      assertThat(origins.metrics().connectionsIdle()).isEqualTo(1);
    }
  }

  @Test
  void streamedAndChunkedBodiesLeaveTheConnectionReusable() throws Exception {
    // Given
    String big = "x".repeat(300_000);
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              for (String head = peer.head(); head != null; head = peer.head()) {
                if (head.startsWith("GET /chunked")) {
                  peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n");
                  peer.say("493E0;ext=1\r\n" + big + "\r\n");
                  peer.say("0\r\nX-T: late\r\n\r\n");
                } else {
                  peer.say("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
                  peer.say(big);
                }
              }
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      List<String> bodies = new ArrayList<>();
      OriginResponse chunked = null;
      for (int i = 0; i < 5; i++) {
        bodies.add(fixture.text(await(origins.fetch(get(origin.authority(), "/length")))));
        chunked = await(origins.fetch(get(origin.authority(), "/chunked")));
        bodies.add(fixture.text(chunked));
      }

      // Then
      assertThat(bodies).hasSize(10).allMatch(big::equals);
      assertThat(await(chunked.trailers())).isEqualTo(Headers.of("X-T", "late"));
      assertThat(chunked.bodyLength()).isEmpty();
      assertThat(origin.accepted()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HEAD|HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HEAD|HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET|HTTP/1.1 204 No Content\r\n\r\n",
        "GET|HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n",
        "GET|HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      })
  void responsesWithoutBodyAreCompleteAndReusable(String methodAndResponse) throws Exception {
    // Given
    String[] parts = methodAndResponse.split("\\|", 2);
    try (RawOrigin origin = RawOrigin.answering(parts[1])) {
      PekkoOrigins origins = fixture.origins("");
      OriginRequest request =
          request(parts[0], "http", origin.authority(), "/", OriginFixture.TIMEOUTS);

      // When
      OriginResponse first = await(origins.fetch(request));
      OriginResponse second = await(origins.fetch(request));

      // Then
      assertThat(fixture.text(first)).isEmpty();
      assertThat(fixture.text(second)).isEmpty();
      assertThat(second.bodyLength()).hasValue(0);
      assertThat(origin.accepted()).isEqualTo(1);
    }
  }

  @Test
  void interimResponsesAreTold() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.answering(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + HELLO)) {
      PekkoOrigins origins = fixture.origins("");
      List<ResponseHead> interim = new CopyOnWriteArrayList<>();
      OriginRequest plain = get(origin.authority(), "/");

      // When
      OriginResponse response =
          await(
              origins.fetch(
                  new OriginRequest(
                      plain.head(), null, OptionalLong.empty(), plain.timeouts(), interim::add)));

      // Then
      assertThat(fixture.text(response)).isEqualTo("hello");
      assertThat(interim)
          .containsExactly(new ResponseHead(103, "Early Hints", Headers.of("Link", "</a>")));
    }
  }

  @Test
  void aCloseDelimitedBodyEndsWithTheConnection() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\n\r\nall of it");
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginResponse response = await(origins.fetch(get(origin.authority(), "/")));

      // Then
      assertThat(response.closeDelimited()).isTrue();
      assertThat(response.bodyLength()).isEmpty();
      assertThat(fixture.text(response)).isEqualTo("all of it");
      until(() -> origins.metrics().connectionsOpen() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
      })
  void aBodyCutShortIsAFailure(String response) throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say(response);
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginResponse cut = await(origins.fetch(get(origin.authority(), "/")));
      OriginFailure failure = failure(fixture.whole(cut));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.TRUNCATED);
      assertThat(cut.trailers().toCompletableFuture()).isCompletedExceptionally();
    }
  }

  @Test
  void aBodyCutByAResetIsAFailureEvenIfCloseDelimited() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\n\r\npart");
              Thread.sleep(50);
              peer.reset();
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginResponse cut = await(origins.fetch(get(origin.authority(), "/")));
      OriginFailure failure = failure(fixture.whole(cut));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.TRUNCATED);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nBad Name: 5\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      })
  void aMalformedHeadIsABadResponse(String response) throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.answering(response)) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure = failure(origins.fetch(get(origin.authority(), "/")));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.BAD_RESPONSE);
    }
  }

  @Test
  void aMalformedChunkIsABadResponse() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.answering(
            "HTTP/1.1 200 OK\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
                + "5\r\n"
                + "hello\r\n"
                + "0x5\r\n"
                + "hello\r\n")) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure =
          failure(origins.fetch(get(origin.authority(), "/")).thenCompose(fixture::whole));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.BAD_RESPONSE);
    }
  }

  @Test
  void nobodyListeningIsAConnectFailure() throws Exception {
    // Given
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    PekkoOrigins origins = fixture.origins("");

    // When
    OriginFailure failure =
        failure(origins.fetch(get(new dev.weir.http.Authority("127.0.0.1", port), "/")));

    // Then
    assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CONNECT);
    assertThat(failure).hasMessageContaining("127.0.0.1:" + port).hasMessageContaining("refused");
  }

  @Test
  void closingWithoutAnAnswerIsClosedAndNotReuse() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.start(RawOrigin.Peer::head)) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure = failure(origins.fetch(get(origin.authority(), "/")));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CLOSED);
      assertThat(failure.reusedConnection()).isFalse();
      assertThat(origin.accepted()).isEqualTo(1);
    }
  }

  @Test
  void silenceBeforeTheHeadIsAHeadTimeout() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure =
          failure(
              origins.fetch(
                  request("GET", "http", origin.authority(), "/", new OriginTimeouts(0, 200, 0))));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.HEAD_TIMEOUT);
      until(() -> origin.openNow() == 0);
    }
  }

  @Test
  void silenceWithinTheBodyIsAnIdleTimeout() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure =
          failure(
              origins
                  .fetch(
                      request(
                          "GET", "http", origin.authority(), "/", new OriginTimeouts(0, 200, 0)))
                  .thenCompose(fixture::whole));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.IDLE_TIMEOUT);
      until(() -> origin.openNow() == 0);
    }
  }

  @Test
  void aBodyThatDripsForEverMeetsTheTotalTimeout() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
              for (int i = 0; i < 10_000; i++) {
                peer.say("x");
                Thread.sleep(20);
              }
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginFailure failure =
          failure(
              origins
                  .fetch(
                      request(
                          "GET", "http", origin.authority(), "/", new OriginTimeouts(0, 5000, 300)))
                  .thenCompose(fixture::whole));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.IDLE_TIMEOUT);
      assertThat(failure).hasMessageContaining("300 ms");
    }
  }

  @Test
  void aSlowReaderIsNoSilentOrigin() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + "x".repeat(200_000))) {
      PekkoOrigins origins = fixture.origins("");
      OriginRequest request =
          request("GET", "http", origin.authority(), "/", new OriginTimeouts(0, 150, 0));

      // When
      OriginResponse response = await(origins.fetch(request));
      long total =
          await(
              response
                  .body()
                  .throttle(1, java.time.Duration.ofMillis(400))
                  .map(ByteString::size)
                  .runWith(Sink.<Long, Integer>fold(0L, Long::sum), fixture.system));

      // Then
      assertThat(total).isEqualTo(200_000);
    }
  }

  @Test
  void cancellingABodyClosesTheConnection() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
              OutputStream out = peer.out;
              while (true) {
                out.write(new byte[64 * 1024]);
              }
            })) {
      PekkoOrigins origins = fixture.origins("");

      // When
      OriginResponse response = await(origins.fetch(get(origin.authority(), "/")));
      await(response.body().take(1).runWith(Sink.ignore(), fixture.system));

      // Then
      until(() -> origin.openNow() == 0);
      until(() -> origins.metrics().connectionsOpen() == 0);
    }
  }

  @Test
  void aBodyNobodyClaimsClosesTheConnection() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nsome");
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("body.unclaimed-millis = 200");

      // When
      OriginResponse response = await(origins.fetch(get(origin.authority(), "/")));
      until(() -> origin.openNow() == 0);

      // Then
      assertThat(failure(fixture.whole(response)).kind()).isEqualTo(OriginFailure.Kind.CLOSED);
    }
  }

  @Test
  void aBigBodyArrivesWhole() throws Exception {
    // Given
    long size = 64L << 20;
    MessageDigest sent = MessageDigest.getInstance("SHA-256");
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
              byte[] piece = new byte[100_003];
              long left = size;
              for (int i = 0; left > 0; i++) {
                java.util.Arrays.fill(piece, (byte) i);
                int count = (int) Math.min(left, piece.length);
                sent.update(piece, 0, count);
                peer.out.write(piece, 0, count);
                left -= count;
              }
            })) {
      PekkoOrigins origins = fixture.origins("");
      MessageDigest received = MessageDigest.getInstance("SHA-256");

      // When
      OriginResponse response = await(origins.fetch(get(origin.authority(), "/")));
      await(
          response
              .body()
              .runWith(
                  Sink.foreach(piece -> received.update(piece.toArrayUnsafe())), fixture.system));

      // Then
      assertThat(HexFormat.of().formatHex(received.digest()))
          .isEqualTo(HexFormat.of().formatHex(sent.digest()));
      assertThat(origins.metrics().bodyBytes()).isEqualTo(size);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anUploadIsStreamedAtTheOriginsPace(boolean known) throws Exception {
    // Given
    long size = 64L << 20;
    AtomicLong produced = new AtomicLong();
    AtomicLong ahead = new AtomicLong();
    AtomicLong got = new AtomicLong();
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              byte[] buffer = new byte[64 * 1024];
              long left = known ? size : Long.MAX_VALUE;
              while (left > 0) {
                int count = peer.in.read(buffer, 0, (int) Math.min(buffer.length, left));
                got.addAndGet(count);
                left -= count;
                boolean last =
                    !known
                        && count >= 5
                        && new String(
                                buffer, count - 5, 5, java.nio.charset.StandardCharsets.ISO_8859_1)
                            .equals("0\r\n\r\n");
                if (last) {
                  break;
                }
              }
              peer.say(HELLO);
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("");
      ByteString piece = ByteString.fromArray(new byte[64 * 1024]);
      Source<ByteString, ?> body =
          Source.repeat(piece)
              .take(size / piece.size())
              .map(
                  one -> {
                    long now = produced.addAndGet(one.size());
                    ahead.accumulateAndGet(now - got.get(), Math::max);
                    return one;
                  });
      RequestHead head = new RequestHead("PUT", "http", origin.authority(), "/up", Headers.EMPTY);

      // When
      OriginResponse response =
          await(
              origins.fetch(
                  new OriginRequest(
                      head,
                      body,
                      known ? OptionalLong.of(size) : OptionalLong.empty(),
                      OriginFixture.TIMEOUTS,
                      interim -> {})));

      // Then
      assertThat(fixture.text(response)).isEqualTo("hello");
      assertThat(got.get()).isGreaterThanOrEqualTo(size);
      assertThat(ahead.get()).isLessThan(32L << 20);
      assertThat(origin.heads().getFirst())
          .contains(known ? "Content-Length: " + size : "Transfer-Encoding: chunked");
      until(() -> origins.metrics().connectionsIdle() == 1);
    }
  }

  @Test
  void anUploadThatBreaksIsNotTheOriginsFault() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("breaker.failures = 1");
      Source<ByteString, ?> body =
          Source.single(ByteString.fromString("begun"))
              .concat(Source.failed(new IllegalStateException("the client left")));
      RequestHead head = new RequestHead("POST", "http", origin.authority(), "/", Headers.EMPTY);

      // When
      OriginFailure failure =
          failure(
              origins.fetch(
                  new OriginRequest(
                      head, body, OptionalLong.of(100), OriginFixture.TIMEOUTS, interim -> {})));

      // Then
      assertThat(failure).hasMessage("The request body ended early.");
      assertThat(origins.breakers().view()).isEmpty();
      until(() -> origin.openNow() == 0);
    }
  }

  @Test
  void anAnswerBeforeTheUploadIsDoneIsDeliveredAndTheConnectionClosed() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("");
      RequestHead head = new RequestHead("POST", "http", origin.authority(), "/", Headers.EMPTY);

      // When
      OriginResponse response =
          await(
              origins.fetch(
                  new OriginRequest(
                      head,
                      Source.<ByteString>never(),
                      OptionalLong.of(100),
                      OriginFixture.TIMEOUTS,
                      interim -> {})));

      // Then
      assertThat(response.head().status()).isEqualTo(413);
      assertThat(fixture.text(response)).isEqualTo("no");
      until(() -> origin.openNow() == 0);
    }
  }

  @Test
  void aRequestThatWaitsForTheBreakerCountsNothing() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")) {
      PekkoOrigins origins = fixture.origins("breaker.failures = 2");

      // When
      List<Integer> statuses = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        statuses.add(await(origins.fetch(get(origin.authority(), "/"))).head().status());
      }

      // Then
      assertThat(statuses).containsOnly(503).hasSize(5);
      assertThat(origins.breakers().view()).isEmpty();
    }
  }

  @Test
  void theCircuitOpensTurnsAwayAndClosesAfterAProbe() throws Exception {
    // Given
    AtomicLong now = new AtomicLong();
    AtomicLong healthy = new AtomicLong();
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              while (peer.head() != null) {
                if (healthy.get() == 0) {
                  return;
                }
                peer.say(HELLO);
              }
            })) {
      PekkoOrigins origins =
          fixture.origins(
              "breaker { failures = 3, open-millis = 30000, closed-gap-millis = 0 }",
              OriginFixture.NO_TLS,
              () -> System.nanoTime() + now.get());
      OriginRequest request = get(origin.authority(), "/");
      for (int i = 0; i < 3; i++) {
        failure(origins.fetch(request));
      }

      // When
      OriginFailure turnedAway = failure(origins.fetch(request));
      healthy.set(1);
      now.set(31_000_000_000L);
      String probe = fixture.text(await(origins.fetch(request)));
      String after = fixture.text(await(origins.fetch(request)));

      // Then
      assertThat(turnedAway.kind()).isEqualTo(OriginFailure.Kind.CIRCUIT_OPEN);
      assertThat(turnedAway).hasMessageContaining("closed the connection without a response");
      assertThat(turnedAway.retryAfterMillis()).isBetween(1L, 30_000L);
      assertThat(probe).isEqualTo("hello");
      assertThat(after).isEqualTo("hello");
      assertThat(origins.breakers().view()).isEmpty();
      assertThat(origin.heads()).hasSize(5);
    }
  }

  @Test
  void anOriginThatComesBackIsFoundByAProbeWithoutAnybodysHelp() throws Exception {
    // Given: it answers again from its fifth connection on
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              while (peer.head() != null) {
                if (peer.number < 5) {
                  return;
                }
                peer.say(HELLO);
              }
            })) {
      PekkoOrigins origins =
          fixture.origins("breaker { failures = 2, open-millis = 100, closed-gap-millis = 0 }");
      OriginRequest request = get(origin.authority(), "/");
      List<OriginFailure.Kind> failures = new java.util.ArrayList<>();

      // When
      String answer = null;
      long end = System.nanoTime() + 20_000_000_000L;
      while (answer == null && System.nanoTime() < end) {
        try {
          answer = fixture.text(await(origins.fetch(request)));
        } catch (java.util.concurrent.ExecutionException e) {
          failures.add(((OriginFailure) e.getCause()).kind());
          Thread.sleep(5);
        }
      }

      // Then
      assertThat(answer).isEqualTo("hello");
      assertThat(failures).contains(OriginFailure.Kind.CLOSED, OriginFailure.Kind.CIRCUIT_OPEN);
      assertThat(origin.accepted()).isEqualTo(5);
      until(() -> origins.breakers().view().isEmpty());
    }
  }

  private static CompletionStage<OriginResponse> fetch(PekkoOrigins origins, RawOrigin origin) {
    return origins.fetch(get(origin.authority(), "/"));
  }

  @Test
  void theEgressGateStandsBeforeEveryRequest() throws Exception {
    // Given
    OriginSettings settings = OriginFixture.settings("");
    OwnListeners own = new OwnListeners(30_000);
    try (RawOrigin origin = RawOrigin.answering(HELLO)) {
      EgressGate gate = new EgressGate(EgressRules.forwardProxy("", ""), own, name -> null, 4);
      PekkoOrigins origins =
          fixture.origins(settings, OriginFixture.NO_TLS, gate, System::nanoTime);

      // When
      OriginFailure refused = failure(fetch(origins, origin));
      OriginFailure tunnel = failure(origins.tunnel(origin.authority()));
      own.add(origin.authority().port());
      OriginFailure loop = failure(fetch(origins, origin));

      // Then
      assertThat(refused.kind()).isEqualTo(OriginFailure.Kind.EGRESS_DENIED);
      assertThat(tunnel.kind()).isEqualTo(OriginFailure.Kind.EGRESS_DENIED);
      assertThat(loop.kind()).isEqualTo(OriginFailure.Kind.LOOP);
      assertThat(origin.accepted()).isZero();
    }
  }
}
