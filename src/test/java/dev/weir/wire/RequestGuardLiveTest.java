package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.http.scaladsl.model.HttpHeader;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The guard with Pekko HTTP's real server layer behind it. */
class RequestGuardLiveTest {
  private static ActorSystem system;

  @BeforeAll
  static void start() {
    system = ActorSystem.create("guard-live", GuardedServer.SYSTEM);
  }

  @AfterAll
  static void stop() {
    system.terminate();
  }

  private static GuardedServer server(
      BiFunction<RequestChannel.Exchange, HttpRequest, CompletionStage<HttpResponse>> handler,
      String... overrides) {
    return new GuardedServer(
        system, GuardedServer.settings(overrides), "http", null, false, handler);
  }

  private static Peer client(GuardedServer server) {
    return new Peer(system, server.connection());
  }

  private static ResponseHead ok(String... fields) {
    return new ResponseHead(200, "Fine", Headers.of(fields));
  }

  /** Answers with method, target and body of the request. */
  private static CompletionStage<HttpResponse> echo(
      RequestChannel.Exchange exchange, HttpRequest request) {
    exchange.respond(ok("X-Raw", "\u00e9\u00ff", "Content-Type", "text/x"));
    return body(request.entity())
        .thenApply(
            body ->
                HttpResponse.create()
                    .withEntity(
                        ContentTypes.APPLICATION_OCTET_STREAM,
                        ByteString.fromString(
                            exchange.head().method() + " " + exchange.head().url() + " " + body)));
  }

  private static CompletionStage<String> body(RequestEntity entity) {
    return entity
        .getDataBytes()
        .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system)
        .thenApply(ByteString::utf8String);
  }

  @Test
  void keepsConnectionOverMethodsAndFramings() throws Exception {
    // Given
    GuardedServer server = server(RequestGuardLiveTest::echo);
    Peer client = client(server);
    // When
    client.say("GET /a%2Bb|c/../~?q=%7E HTTP/1.1\r\nHost: o.test\r\n\r\n");
    client.awaitText("GET http://o.test/a%2Bb|c/../~?q=%7E ");
    client.say("FROB /x HTTP/1.1\r\nHost: o.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.say("5;a=b\r\nhello\r\n").say("6\r\n world\r\n0\r\nX-T: 1\r\n\r\n");
    client.awaitText("FROB http://o.test/x hello world");
    client.say("PUT /y HTTP/1.1\r\nHost: o.test\r\nContent-Length: 5\r\n\r\nab").say("cde");
    client.awaitText("PUT http://o.test/y abcde");
    client.say("HEAD /z HTTP/1.1\r\nHost: o.test\r\nConnection: close\r\n\r\n");
    String heard = client.awaitEnd();
    // Then
    assertThat(heard)
        .startsWith(
            "HTTP/1.1 200 Fine\r\nX-Raw: \u00e9\u00ff\r\nContent-Type: text/x\r\n"
                + "Content-Length: 37\r\n\r\nGET ")
        .endsWith("Content-Length: 21\r\nConnection: close\r\n\r\n")
        .doesNotContain("Date:");
    assertThat(server.refusals).isEmpty();
  }

  @Test
  void handsOnHundredContinueOnlyWhenBodyIsWanted() {
    // Given
    Peer client = client(server(RequestGuardLiveTest::echo));
    // When
    client.say("POST /e HTTP/1.1\r\nHost: o\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    client.awaitText("HTTP/1.1 100 Continue\r\n\r\n");
    client.say("body");
    // Then
    client.awaitText("POST http://o/e body");
  }

  @Test
  void answersEarlyWithoutContinueAndCloses() throws Exception {
    // Given
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.respond(new ResponseHead(413, "No", Headers.EMPTY));
                  request.entity().getDataBytes().runWith(Sink.cancelled(), system);
                  return CompletableFuture.completedFuture(
                      HttpResponse.create().withStatus(413).withEntity("no"));
                },
                "linger-millis = 200"));
    // When
    client.say("POST /e HTTP/1.1\r\nHost: o\r\nContent-Length: 40\r\nExpect: 100-continue\r\n\r\n");
    String heard = client.awaitEnd();
    // Then
    assertThat(heard)
        .isEqualTo("HTTP/1.1 413 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  }

  @Test
  void answersPipelinedRequestsOneByOneAndInOrder() {
    // Given
    CompletableFuture<HttpResponse> first = new CompletableFuture<>();
    GuardedServer server =
        server(
            (exchange, request) ->
                exchange.head().target().equals("/1") ? first : echo(exchange, request));
    Peer client = client(server);
    // When
    client.say(
        "GET /1 HTTP/1.1\r\nHost: o\r\n\r\nGET /2 HTTP/1.1\r\nHost: o\r\n\r\n" + "BAD\r\n\r\n");
    await(() -> server.seen.size() == 1);
    boolean heldBack = server.seen.size() == 1 && client.heard().isEmpty();
    first.complete(HttpResponse.create().withEntity("first"));
    String heard = client.awaitText("400 Bad Request");
    // Then
    assertThat(heldBack).isTrue();
    assertThat(heard.indexOf("first")).isLessThan(heard.indexOf("GET http://o/2"));
    assertThat(heard.indexOf("GET http://o/2")).isLessThan(heard.indexOf("400 Bad Request"));
    assertThat(heard).contains("X-Request-ID: id-7").contains("Connection: close");
  }

  @Test
  void sendsInterimHeadsBeforeTheFinalOne() {
    // Given
    CompletableFuture<HttpResponse> later = new CompletableFuture<>();
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.interim(
                      new ResponseHead(103, "Early Hints", Headers.of("Link", "</a>")));
                  exchange.respond(ok("A", "b"), HeadWriter.render(Headers.of("B", "c")));
                  return later;
                }));
    // When
    client.say("GET / HTTP/1.1\r\nHost: o\r\n\r\n");
    client.awaitText("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    later.complete(HttpResponse.create().withEntity("x"));
    // Then
    client.awaitText("HTTP/1.1 200 Fine\r\nB: c\r\nA: b\r\nContent-Length: 1\r\n\r\nx");
  }

  @Test
  void tellsThatClientIsGoneAndAnswersStill() throws Exception {
    // Given
    CompletableFuture<HttpResponse> later = new CompletableFuture<>();
    CompletableFuture<RequestChannel.Exchange> seen = new CompletableFuture<>();
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  seen.complete(exchange);
                  return later;
                }));
    // When
    client.say("GET / HTTP/1.1\r\nHost: o\r\n\r\n").hangUp();
    seen.get(10, TimeUnit.SECONDS).gone().toCompletableFuture().get(10, TimeUnit.SECONDS);
    later.complete(HttpResponse.create().withEntity("half-closed"));
    // Then
    assertThat(client.awaitEnd()).endsWith("half-closed");
  }

  @Test
  void switchesToTunnelAfter101Only() {
    // Given
    CompletableFuture<HttpResponse> later = new CompletableFuture<>();
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.respond(
                      new ResponseHead(
                          101, "Switching", Headers.of("Upgrade", exchange.facts().upgrade())));
                  return later;
                }));
    // When
    client.say(
        "GET /ws HTTP/1.1\r\nHost: o\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
    later.complete(
        switching(
            Flow.of(ByteString.class).map(b -> ByteString.fromString("<" + b.utf8String() + ">"))));
    client.awaitText("<early>");
    client.say("GET / HTTP/1.1\r\n");
    String heard = client.awaitText("<GET / HTTP/1.1\r\n>");
    client.hangUp();
    // Then
    assertThat(heard)
        .startsWith(
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n<early>");
    client.await(all -> client.hasEnded());
  }

  @Test
  void readsOnAfterRefusedUpgrade() {
    // Given
    Peer client = client(server(RequestGuardLiveTest::echo));
    // When
    client.say("GET /1 HTTP/1.1\r\nHost: o\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    client.awaitText("GET http://o/1 ");
    client.say("GET /2 HTTP/1.1\r\nHost: o\r\n\r\n");
    // Then
    client.awaitText("GET http://o/2 ");
  }

  private static HttpResponse switching(Flow<ByteString, ByteString, ?> bytes) {
    HttpHeader handler =
        new org.apache.pekko.http.impl.engine.server.UpgradeToOtherProtocolResponseHeader(
            bytes.mapMaterializedValue(value -> (Object) value).asScala());
    return HttpResponse.create()
        .withStatus(101)
        .addHeader(Connection.create("upgrade"))
        .addHeader(handler);
  }

  @Test
  void drainsBusyAndIdleConnections() throws Exception {
    // Given
    CompletableFuture<HttpResponse> later = new CompletableFuture<>();
    GuardedServer busy = server((exchange, request) -> later, "linger-millis = 100");
    GuardedServer idle = server(RequestGuardLiveTest::echo);
    Peer running = client(busy);
    Peer waiting = client(idle);
    running.say("GET / HTTP/1.1\r\nHost: o\r\n\r\n");
    waiting.say("GET / HTTP/1.1\r\nHost: o\r\n\r\n");
    waiting.awaitText("GET http://o/ ");
    await(() -> busy.seen.size() == 1);
    // When
    busy.channel.drain();
    idle.channel.drain();
    later.complete(HttpResponse.create().withEntity("last"));
    // Then
    assertThat(running.awaitEnd()).contains("Connection: close\r\n\r\nlast");
    assertThat(waiting.awaitEnd()).doesNotContain("Connection: close");
  }

  @Test
  void speaksHttp10() throws Exception {
    // Given
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.respond(ok());
                  return CompletableFuture.completedFuture(
                      exchange.head().target().equals("/1")
                          ? HttpResponse.create().withEntity("one")
                          : HttpResponse.create()
                              .withEntity(
                                  HttpEntities.createChunked(
                                      ContentTypes.APPLICATION_OCTET_STREAM,
                                      Source.single(ByteString.fromString("two")))));
                },
                "linger-millis = 100"));
    // When
    client.say("GET /1 HTTP/1.0\r\nHost: o\r\nConnection: keep-alive\r\n\r\n").awaitText("one");
    client.say("GET /2 HTTP/1.0\r\nHost: o\r\nConnection: keep-alive\r\n\r\n");
    // Then
    assertThat(client.awaitEnd())
        .isEqualTo(
            "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\none"
                + "HTTP/1.1 200 Fine\r\nConnection: close\r\n\r\ntwo");
  }

  @Test
  void abortsVisiblyWhenBodyFails() {
    // Given
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.respond(ok());
                  return CompletableFuture.completedFuture(
                      HttpResponse.create()
                          .withEntity(
                              HttpEntities.createChunked(
                                  ContentTypes.APPLICATION_OCTET_STREAM,
                                  Source.single(ByteString.fromString("part"))
                                      .concat(Source.failed(new IllegalStateException("cut"))))));
                }));
    // When
    client.say("GET / HTTP/1.1\r\nHost: o\r\n\r\n");
    // Then
    assertThatThrownBy(client::awaitEnd).isNotNull();
    assertThat(client.heard()).doesNotContain("0\r\n\r\n");
  }

  @Test
  void tellsHeadAnd304WhatTheBodyWouldBe() {
    // Given
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  boolean head = exchange.head().isHead();
                  exchange.respond(
                      new ResponseHead(
                          head ? 200 : 304, "", Headers.of("Content-Length", "12345")));
                  return CompletableFuture.completedFuture(
                      HttpResponse.create().withStatus(head ? 200 : 304));
                }));
    // When
    client.say("HEAD / HTTP/1.1\r\nHost: o\r\n\r\nGET / HTTP/1.1\r\nHost: o\r\n\r\n");
    // Then
    client.awaitText(
        "HTTP/1.1 200 \r\nContent-Length: 12345\r\n\r\n"
            + "HTTP/1.1 304 \r\nContent-Length: 12345\r\n\r\n");
  }

  @Test
  void failsTruncatedRequestBody() throws Exception {
    // Given
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    GuardedServer server =
        server(
            (exchange, request) ->
                body(request.entity())
                    .whenComplete((body, cause) -> failure.complete(cause))
                    .exceptionally(cause -> "")
                    .thenApply(body -> HttpResponse.create().withStatus(400)),
            "linger-millis = 100");
    Peer client = client(server);
    // When
    client.say("POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 10\r\n\r\n12345").hangUp();
    Throwable cause = failure.get(10, TimeUnit.SECONDS);
    // Then
    assertThat(cause).isNotNull();
    assertThat(client.awaitEnd()).contains("400");
    assertThat(server.refusals).containsExactly("truncated");
  }

  @Test
  void endsSlowHeadsAndIdleConnections() throws Exception {
    // Given
    Peer slow = client(server(RequestGuardLiveTest::echo, "head-timeout-millis = 50"));
    Peer idle = client(server(RequestGuardLiveTest::echo, "idle-timeout-millis = 50"));
    Peer stuck = client(server(RequestGuardLiveTest::echo, "body-idle-timeout-millis = 50"));
    // When
    slow.say("GET / HT");
    stuck.say("POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 10\r\n\r\n1");
    // Then
    slow.awaitText("HTTP/1.1 408 Request Timeout");
    stuck.awaitText("HTTP/1.1 408 Request Timeout");
    assertThat(idle.awaitEnd()).isEmpty();
  }

  @Test
  void letsPekkoAnswerByItself() throws Exception {
    // Given
    Peer client =
        client(
            server(
                (exchange, request) -> CompletableFuture.failedFuture(new RuntimeException("x")),
                "linger-millis = 100"));
    // When
    client.say("GET / HTTP/1.1\r\nHost: o\r\n\r\n");
    // Then
    assertThat(client.awaitEnd())
        .startsWith("HTTP/1.1 500 Internal Server Error\r\n")
        .contains("Connection: close");
  }

  @Test
  void unreadBodyIsNeverTheNextRequest() throws Exception {
    // Given: a channel is one connection's, so each client has a server of its own
    GuardedServer first = server(RequestGuardLiveTest::hit, "linger-millis = 100");
    GuardedServer second = server(RequestGuardLiveTest::hit, "linger-millis = 100");
    Peer whole = client(first);
    Peer streamed = client(second);
    String inner = "GET /inner HTTP/1.1\r\nHost: o\r\n\r\n";
    String post =
        "POST /p HTTP/1.1\r\nHost: o\r\nContent-Length: " + (inner.length() + 1) + "\r\n\r\n";
    // When
    whole.say(post + inner + "x" + "GET /next HTTP/1.1\r\nHost: o\r\n\r\n");
    streamed.say(post).awaitText("hit");
    String ended = streamed.say(inner).awaitEnd();
    whole.await(all -> all.split("hit", -1).length == 3);
    // Then
    assertThat(ended).contains("Connection: close");
    assertThat(first.seen).extracting(f -> f.head().target()).containsExactly("/p", "/next");
    assertThat(second.seen).extracting(f -> f.head().target()).containsExactly("/p");
  }

  /** Answers without a look at the body. */
  private static CompletionStage<HttpResponse> hit(
      RequestChannel.Exchange exchange, HttpRequest request) {
    return CompletableFuture.completedFuture(HttpResponse.create().withEntity("hit"));
  }

  @Test
  void closesAfterThisAndIgnoresWhatFollows() throws Exception {
    // Given
    GuardedServer server =
        server(
            (exchange, request) -> {
              exchange.closeAfterThis();
              return echo(exchange, request);
            },
            "linger-millis = 100");
    Peer client = client(server);
    String get = "GET / HTTP/1.1\r\nHost: o\r\n\r\n";
    // When
    String heard = client.say(get + get).awaitEnd();
    // Then
    assertThat(heard).contains("Connection: close\r\n\r\nGET http://o/ ");
    assertThat(server.seen).hasSize(1);
  }

  @Test
  void connectIsAnsweredWithItsOwnHeadAndBecomesTunnel() {
    // Given
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.respond(new ResponseHead(200, "Established", Headers.EMPTY));
                  return CompletableFuture.completedFuture(switching(Flow.of(ByteString.class)));
                }));
    // When
    client.say("CONNECT o.test:443 HTTP/1.1\r\nHost: o.test:443\r\n\r\n");
    client.awaitText("HTTP/1.1 200 Established\r\n\r\n");
    client.say("\u0016\u0003\u0001");
    // Then
    client.awaitText("Established\r\n\r\n\u0016\u0003\u0001");
  }

  @Test
  void tricklingBodyIsEnded() {
    // Given
    GuardedServer server =
        server(
            RequestGuardLiveTest::echo, "body-window-millis = 100", "body-window-min-bytes = 1000");
    Peer client = client(server);
    client.say("POST / HTTP/1.1\r\nHost: o\r\nContent-Length: 100000\r\n\r\n");
    // When
    client.await(
        all -> {
          client.say("x");
          return !all.isEmpty();
        });
    // Then
    assertThat(client.heard()).startsWith("HTTP/1.1 408 ");
    assertThat(server.refusals).containsExactly("body-timeout");
  }

  @Test
  void badChunkInRunningRequestIsAnswered() {
    // Given
    GuardedServer server = server(RequestGuardLiveTest::echo);
    Peer client = client(server);
    // When
    client.say("POST / HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    await(() -> server.seen.size() == 1);
    client.say("xyz\r\n");
    // Then
    client.awaitText("HTTP/1.1 400 Bad Request");
  }

  @Test
  void bigResponsesPassInPieces() throws Exception {
    // Given
    ByteString big = ByteString.fromString("b".repeat(300_000));
    Peer client =
        client(
            server(
                (exchange, request) -> {
                  exchange.respond(ok());
                  boolean strict = exchange.head().target().equals("/strict");
                  return CompletableFuture.completedFuture(
                      HttpResponse.create()
                          .withEntity(
                              strict
                                  ? HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, big)
                                  : HttpEntities.createChunked(
                                      ContentTypes.APPLICATION_OCTET_STREAM,
                                      Source.repeat(big.take(100_000)).take(3))));
                }));
    // When
    client.say("GET /strict HTTP/1.1\r\nHost: o\r\n\r\nGET /c HTTP/1.1\r\nHost: o\r\n\r\n");
    String heard = client.awaitText("\r\n0\r\n\r\n");
    // Then
    assertThat(heard.chars().filter(c -> c == 'b').count()).isEqualTo(600_000);
  }

  static void await(java.util.function.BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited in vain");
      }
      Thread.onSpinWait();
    }
  }
}
