package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The guard with Pekko HTTP's real client layer before it. */
class ResponseGuardLiveTest {
  private static ActorSystem system;

  @BeforeAll
  static void start() {
    system = ActorSystem.create("response-live", GuardedServer.SYSTEM);
  }

  @AfterAll
  static void stop() {
    system.terminate();
  }

  private static GuardedClient client() {
    return new GuardedClient(system, GuardedServer.settings());
  }

  private static RequestHead head(String method, String target, String... fields) {
    Headers headers = Headers.builder().add("Host", "o.test").addAll(Headers.of(fields)).build();
    return new RequestHead(method, "http", new Authority("o.test", 80), target, headers);
  }

  private static Source<ByteString, ?> bytes(String... pieces) {
    return Source.from(java.util.List.of(pieces)).map(ByteString::fromString);
  }

  @Test
  void sendsTrueHeadsOneAfterAnother() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var first = client.send(head("FROB", "/a%2B|", "X", "\u00e9"), HttpRequest.GET("/"));
    client.origin.awaitText("FROB /a%2B| HTTP/1.1\r\nHost: o.test\r\nX: \u00e9\r\n\r\n");
    client.origin.say("HTTP/1.1 404 N\u00fc\r\nY: \u00ff\r\nContent-Length: 1\r\n\r\n1");
    String one = first.await();
    RequestGuardLiveTest.await(client.channel::reusable);
    var second =
        client.send(
            head("PUT", "/b", "Content-Length", "9"),
            HttpRequest.POST("/")
                .withEntity(
                    HttpEntities.createChunked(
                        ContentTypes.APPLICATION_OCTET_STREAM, bytes("ab", "cd"))));
    client.origin.awaitText(
        "PUT /b HTTP/1.1\r\nHost: o.test\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
    client.origin.say(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\nT: u\r\n\r\n");
    String two = second.await();
    // Then
    assertThat(one).isEqualTo("1");
    assertThat(first.exchange().response())
        .isEqualTo(
            new ResponseHead(404, "N\u00fc", Headers.of("Y", "\u00ff", "Content-Length", "1")));
    assertThat(two).isEqualTo("2");
    assertThat(second.exchange().trailers().toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEqualTo(Headers.of("T", "u"));
    RequestGuardLiveTest.await(client.channel::reusable);
  }

  @Test
  void headHasNoBodyWhateverItTells() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent = client.send(head("HEAD", "/"), HttpRequest.HEAD("/"));
    client.origin.awaitText("\r\n\r\n");
    client.origin.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    // Then
    assertThat(sent.await()).isEmpty();
    RequestGuardLiveTest.await(client.channel::reusable);
  }

  @Test
  void deliversInterimHeadsButNot100() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent = client.send(head("GET", "/"), HttpRequest.GET("/"));
    client.origin.awaitText("\r\n\r\n");
    client.origin.say(
        "HTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 102 P\r\n\r\n");
    client.origin.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    sent.await();
    // Then
    assertThat(client.interim).extracting(ResponseHead::status).containsExactly(103, 102);
  }

  private static HttpRequest expecting() {
    return HttpRequest.POST("/")
        .addHeader(RawHeader.create("X", "y"))
        .addHeader(org.apache.pekko.http.javadsl.model.HttpHeader.parse("Expect", "100-continue"))
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, 4, bytes("body")));
  }

  @Test
  void sendsBodyOnlyAfter100() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent = client.send(head("POST", "/"), expecting());
    String before = client.origin.awaitText("Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    client.origin.say("HTTP/1.1 100 Continue\r\n\r\n");
    client.origin.awaitText("\r\n\r\nbody");
    client.origin.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    // Then
    assertThat(before).endsWith("\r\n\r\n");
    assertThat(sent.await()).isEqualTo("ok");
    RequestGuardLiveTest.await(client.channel::reusable);
  }

  @Test
  void keepsBodyBackWhenExpectationIsRefused() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent = client.send(head("POST", "/"), expecting());
    client.origin.awaitText("\r\n\r\n");
    client.origin.say("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
    // Then
    assertThat(sent.await()).isEqualTo("no");
    assertThat(sent.exchange().response().status()).isEqualTo(403);
    RequestGuardLiveTest.await(client.origin::hasEnded);
    assertThat(client.origin.heard()).doesNotContain("body");
    assertThat(client.channel.reusable()).isFalse();
  }

  private static HttpRequest tunnelling() {
    return HttpRequest.POST("/")
        .withEntity(
            HttpEntities.createChunked(
                ContentTypes.APPLICATION_OCTET_STREAM, bytes("to-", "origin")));
  }

  @Test
  void becomesTunnelAfter101() throws Exception {
    // Given
    GuardedClient client = client();
    RequestHead upgrade = head("GET", "/ws", "Connection", "Upgrade", "Upgrade", "websocket");
    // When
    var sent = client.send(upgrade, true, tunnelling());
    String asked = client.origin.awaitText("Upgrade: websocket\r\n\r\n");
    client.origin.say("HTTP/1.1 101 Go\r\nUpgrade: websocket\r\n\r\nfrom-").say("origin");
    client.origin.awaitText("to-origin");
    client.origin.hangUp();
    // Then
    assertThat(asked).endsWith("\r\n\r\n").doesNotContain("Transfer-Encoding");
    assertThat(sent.await()).isEqualTo("from-origin");
    assertThat(sent.exchange().switched()).isTrue();
    assertThat(sent.exchange().response().status()).isEqualTo(101);
  }

  @Test
  void connectToParentProxyBecomesTunnel() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent = client.send(head("CONNECT", "o.test:443"), true, tunnelling());
    client.origin.awaitText("CONNECT o.test:443 HTTP/1.1\r\nHost: o.test\r\n\r\n");
    client.origin.say("HTTP/1.1 200 Established\r\n\r\nx").awaitText("to-origin");
    client.origin.hangUp();
    // Then
    assertThat(sent.await()).isEqualTo("x");
  }

  @Test
  void refusedUpgradeIsAnOrdinaryResponseAndTheEnd() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent = client.send(head("GET", "/ws", "Upgrade", "x"), true, tunnelling());
    client.origin.awaitText("\r\n\r\n");
    client.origin.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
    // Then
    assertThat(sent.await()).isEqualTo("no");
    assertThat(client.origin.awaitEnd()).doesNotContain("to-");
    assertThat(client.channel.reusable()).isFalse();
  }

  @Test
  void unaskedBytesPoisonIdleConnection() throws Exception {
    // Given
    GuardedClient client = client();
    var sent = client.send(head("GET", "/"), HttpRequest.GET("/"));
    client.origin.awaitText("\r\n\r\n");
    client.origin.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    sent.await();
    RequestGuardLiveTest.await(client.channel::reusable);
    // When
    client.origin.say("HTTP/1.1 200 OK\r\n");
    RequestGuardLiveTest.await(client.origin::hasEnded);
    // Then
    assertThat(client.refusals).containsExactly("unasked-bytes");
    assertThat(client.channel.reusable()).isFalse();
    assertThatThrownBy(() -> client.channel.begin(head("GET", "/"), head -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void earlyResponseIsDeliveredAndEndsConnection() throws Exception {
    // Given
    GuardedClient client = client();
    // When
    var sent =
        client.send(
            head("POST", "/"),
            HttpRequest.POST("/")
                .withEntity(
                    HttpEntities.create(
                        ContentTypes.APPLICATION_OCTET_STREAM,
                        10,
                        bytes("abc").concat(Source.maybe()))));
    client.origin.awaitText("abc");
    client.origin.say("HTTP/1.1 413 Large\r\nContent-Length: 1\r\n\r\nx");
    // Then
    assertThat(sent.await()).isEqualTo("x");
    RequestGuardLiveTest.await(client.origin::hasEnded);
    assertThat(client.channel.reusable()).isFalse();
  }
}
