package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Malformed, ambiguous and odd responses, each delivered whole, byte by byte and at random. */
class ResponseGuardTest {
  private static final String OK = "HTTP/1.1 200 OK\r\n";
  private static final String CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n";

  private static ActorSystem system;

  @BeforeAll
  static void start() {
    system = ActorSystem.create("response-table", GuardedServer.SYSTEM);
  }

  @AfterAll
  static void stop() {
    system.terminate();
  }

  static Stream<Arguments> refused() {
    return Stream.of(statusLines(), fields(), lengths(), codings(), chunks(), ends(), limits())
        .flatMap(rows -> rows);
  }

  private static Stream<Arguments> statusLines() {
    return Stream.of(
        arguments("bare LF after status", "bare-lf", "HTTP/1.1 200 OK\nA: b\r\n\r\n"),
        arguments("LF only throughout", "bare-lf", "HTTP/1.1 200 OK\nA: b\n\n"),
        arguments("bare CR in the reason", "bare-cr", "HTTP/1.1 200 O\rK\r\n\r\n"),
        arguments("control in the reason", "bad-status-line", "HTTP/1.1 200 \u0001\r\n\r\n"),
        arguments("NUL in the reason", "bad-status-line", "HTTP/1.1 200 O\u0000\r\n\r\n"),
        arguments("no version", "bad-status-line", "200 OK\r\nA: b\r\n\r\n"),
        arguments("ICY", "bad-status-line", "ICY 200 OK\r\nA: b\r\n\r\n"),
        arguments("HTTP/2", "bad-status-line", "HTTP/2 200 OK\r\n\r\n"),
        arguments("HTTP/2.0", "bad-status-line", "HTTP/2.0 200 OK\r\n\r\n"),
        arguments("HTTP/1.2", "bad-status-line", "HTTP/1.2 200 OK\r\n\r\n"),
        arguments("HTTP/0.9", "bad-status-line", "<html>\r\n\r\n"),
        arguments("lower case", "bad-status-line", "http/1.1 200 OK\r\n\r\n"),
        arguments("two spaces", "bad-status-line", "HTTP/1.1  200 OK\r\n\r\n"),
        arguments("two digits", "bad-status-line", "HTTP/1.1 20 OK\r\n\r\n"),
        arguments("four digits", "bad-status-line", "HTTP/1.1 2000 OK\r\n\r\n"),
        arguments("letters for a status", "bad-status-line", "HTTP/1.1 2OO OK\r\n\r\n"),
        arguments("status 099", "bad-status-line", "HTTP/1.1 099 OK\r\n\r\n"),
        arguments("status 099", "bad-status-line", "HTTP/1.1 099 OK\r\n\r\n"),
        arguments("signed status", "bad-status-line", "HTTP/1.1 +20 OK\r\n\r\n"),
        arguments("no status", "bad-status-line", "HTTP/1.1\r\n\r\n"),
        arguments("empty line first", "bad-status-line", "\r\n" + OK + "\r\n"),
        arguments("a TLS alert", "bad-status-line", "\u0015\u0003\u0001\u0000\u0002\u0002\u0046"),
        arguments("101 to a plain request", "unasked-switch", "HTTP/1.1 101 Go\r\n\r\n"),
        arguments(
            "interim without end",
            "too-many-interim",
            "HTTP/1.1 103 Hints\r\n\r\n".repeat(17) + OK + "\r\n"),
        arguments("bad interim", "bare-lf", "HTTP/1.1 103 Hints\nA: b\r\n\r\n" + OK + "\r\n"));
  }

  private static Stream<Arguments> fields() {
    return Stream.of(
        arguments("bare LF after a field", "bare-lf", OK + "A: b\nC: d\r\n\r\n"),
        arguments("bare CR in a value", "bare-cr", OK + "A: b\rC: d\r\n\r\n"),
        arguments("obs-fold", "obs-fold", OK + "A: b\r\n c\r\n\r\n"),
        arguments("obs-fold by tab", "obs-fold", OK + "A: b\r\n\tc\r\n\r\n"),
        arguments("fold of the first field", "obs-fold", OK + " A: b\r\n\r\n"),
        arguments("space before colon", "space-before-colon", OK + "A : b\r\n\r\n"),
        arguments("empty name", "empty-field-name", OK + ": b\r\n\r\n"),
        arguments("no colon", "bad-field-name", OK + "Ab\r\n\r\n"),
        arguments("high byte in a name", "bad-field-name", OK + "\u00c4: b\r\n\r\n"),
        arguments("NUL in a name", "bad-field-name", OK + "A\u0000: b\r\n\r\n"),
        arguments("NUL in a value", "bad-field-value", OK + "A: \u0000\r\n\r\n"),
        arguments("control in a value", "bad-field-value", OK + "A: \u001b[1m\r\n\r\n"),
        arguments("two Hosts", "duplicate-host", OK + "Host: a\r\nHost: b\r\n\r\n"));
  }

  private static Stream<Arguments> lengths() {
    return Stream.of(
        arguments("empty length", "bad-content-length", OK + "Content-Length:\r\n\r\n"),
        arguments("signed length", "bad-content-length", OK + "Content-Length: +1\r\n\r\na"),
        arguments("negative length", "bad-content-length", OK + "Content-Length: -1\r\n\r\na"),
        arguments("hex length", "bad-content-length", OK + "Content-Length: 0x1\r\n\r\na"),
        arguments("length list", "bad-content-length", OK + "Content-Length: 1, 1\r\n\r\na"),
        arguments("length with a unit", "bad-content-length", OK + "Content-Length: 1b\r\n\r\na"),
        arguments(
            "length overflow",
            "bad-content-length",
            OK + "Content-Length: 18446744073709551617\r\n\r\na"),
        arguments(
            "two lengths",
            "duplicate-content-length",
            OK + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        arguments(
            "two lengths alike",
            "duplicate-content-length",
            OK + "Content-Length: 1\r\nCONTENT-LENGTH: 1\r\n\r\na"),
        arguments(
            "bad length on 304",
            "bad-content-length",
            "HTTP/1.1 304 N\r\nContent-Length: x\r\n\r\n"),
        arguments(
            "two lengths on 204",
            "duplicate-content-length",
            "HTTP/1.1 204 N\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"));
  }

  private static Stream<Arguments> codings() {
    return Stream.of(
        arguments(
            "length and coding",
            "length-and-coding",
            OK + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        arguments(
            "coding and length 0",
            "length-and-coding",
            OK + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
        arguments(
            "unknown coding and length",
            "length-and-coding",
            OK + "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na"),
        arguments(
            "gzip, chunked",
            "bad-transfer-encoding",
            OK + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        arguments(
            "chunked, identity",
            "bad-transfer-encoding",
            OK + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        arguments(
            "chunked twice",
            "bad-transfer-encoding",
            OK + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        arguments("empty coding", "bad-transfer-encoding", OK + "Transfer-Encoding: \r\n\r\n"),
        arguments(
            "chunked with parameter",
            "bad-transfer-encoding",
            OK + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
        arguments(
            "coding behind a vertical tab",
            "bad-field-value",
            OK + "Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n"),
        arguments(
            "coding in HTTP/1.0",
            "coding-in-http-1-0",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  }

  private static Stream<Arguments> chunks() {
    return Stream.of(
        arguments("no size", "bad-chunk-size", CHUNKED + "\r\n"),
        arguments("size with 0x", "bad-chunk-size", CHUNKED + "0x1\r\na\r\n0\r\n\r\n"),
        arguments("signed size", "bad-chunk-size", CHUNKED + "+1\r\na\r\n0\r\n\r\n"),
        arguments("space before size", "bad-chunk-size", CHUNKED + " 1\r\na\r\n0\r\n\r\n"),
        arguments("space behind size", "bad-chunk-size", CHUNKED + "1 \r\na\r\n0\r\n\r\n"),
        arguments("size overflow", "bad-chunk-size", CHUNKED + "ffffffffffffffff\r\na"),
        arguments("LF ends the size", "bad-chunk-size", CHUNKED + "1\na\r\n0\r\n\r\n"),
        arguments("LF in an extension", "bad-chunk-extension", CHUNKED + "1;a\n\r\na\r\n"),
        arguments("long extension", "bad-chunk-extension", CHUNKED + "1;" + "x".repeat(2_000)),
        arguments("chunk too long", "bad-chunk-end", CHUNKED + "1\r\nab\r\n0\r\n\r\n"),
        arguments("LF ends a chunk", "bad-chunk-end", CHUNKED + "1\r\na\n0\r\n\r\n"),
        arguments("nothing ends a chunk", "bad-chunk-end", CHUNKED + "1\r\na0\r\n\r\n"),
        arguments("LF in the trailer", "bad-trailer", CHUNKED + "0\r\nA: b\n\r\n"),
        arguments(
            "length in the trailer", "bad-trailer", CHUNKED + "0\r\nContent-Length: 1\r\n\r\n"),
        arguments("long trailer", "bad-trailer", CHUNKED + "0\r\nA: " + "x".repeat(9_000)),
        arguments("folded trailer", "obs-fold", CHUNKED + "0\r\nA: b\r\n c\r\n\r\n"));
  }

  private static Stream<Arguments> ends() {
    return Stream.of(
        arguments("nothing at all", "closed", ""),
        arguments("half a head", "truncated", OK + "A: b"),
        arguments("interim only", "truncated", "HTTP/1.1 103 Hints\r\n\r\n"),
        arguments("short length", "truncated", OK + "Content-Length: 5\r\n\r\nabcd"),
        arguments("no body for a length", "truncated", OK + "Content-Length: 5\r\n\r\n"),
        arguments("no last chunk", "truncated", CHUNKED + "1\r\na\r\n"),
        arguments("half a chunk", "truncated", CHUNKED + "5\r\na"),
        arguments("half a size", "truncated", CHUNKED + "5"),
        arguments("no end of the trailer", "truncated", CHUNKED + "0\r\n"),
        arguments("no chunk", "truncated", CHUNKED));
  }

  private static Stream<Arguments> limits() {
    return Stream.of(
        arguments("endless status line", "head-too-large", "HTTP/1.1 200 " + "x".repeat(70_000)),
        arguments("large head", "head-too-large", OK + "A: " + "b".repeat(70_000)),
        arguments("many fields", "too-many-fields", OK + "A: b\r\n".repeat(201) + "\r\n"));
  }

  /** The response, or its body, fails with the reason; nothing of the connection is used again. */
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("refused")
  void refuses(String name, String label, String message) {
    for (var pieces : Delivery.all(message)) {
      // Given
      GuardedClient client = new GuardedClient(system, GuardedServer.settings());
      GuardedClient.Sent sent = client.send(get(), HttpRequest.GET("/"));
      client.origin.awaitText("\r\n\r\n");
      // When
      pieces.forEach(client.origin::say);
      client.origin.hangUp();
      Throwable cause = root(catchThrowable(sent::await));
      // Then
      assertThat(cause).as(name).isInstanceOf(GuardViolation.class);
      assertThat(((GuardViolation) cause).reason().label()).isEqualTo(label);
      assertThat(client.refusals).containsExactly(label);
      assertThat(client.channel.reusable()).isFalse();
    }
  }

  private static Throwable root(Throwable thrown) {
    Throwable cause = thrown;
    while (cause instanceof ExecutionException || cause instanceof CompletionException) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static RequestHead get() {
    return new RequestHead(
        "GET", "http", new Authority("o.test", 80), "/a%2B|b", Headers.of("Host", "o.test"));
  }

  static Stream<Arguments> accepted() {
    return Stream.of(
        arguments("length", 200, "ab", true, OK + "Content-Length: 2\r\n\r\nab"),
        arguments("length 0", 200, "", true, OK + "Content-Length: 0\r\n\r\n"),
        arguments(
            "chunked", 200, "abc", true, CHUNKED + "2;x=y\r\nab\r\n01\r\nc\r\n0\r\nT: u\r\n\r\n"),
        arguments(
            "Chunked",
            200,
            "a",
            true,
            OK + "transfer-encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        arguments("204", 204, "", true, "HTTP/1.1 204 No Content\r\n\r\n"),
        arguments("304 with length", 304, "", true, "HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n"),
        arguments("404", 404, "no", true, "HTTP/1.1 404 Not\r\nContent-Length: 2\r\n\r\nno"),
        arguments("999", 999, "", true, "HTTP/1.1 999 \r\nContent-Length: 0\r\n\r\n"),
        arguments("599", 599, "", true, "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n"),
        arguments("no reason", 200, "", true, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
        arguments("high reason", 200, "", true, "HTTP/1.1 200 \u00fc\r\nContent-Length: 0\r\n\r\n"),
        arguments("close", 200, "a", false, OK + "Connection: Close\r\nContent-Length: 1\r\n\r\na"),
        arguments("until close", 200, "abc", false, OK + "\r\nabc"),
        arguments(
            "unknown coding", 200, "abc", false, OK + "Transfer-Encoding: identity\r\n\r\nabc"),
        arguments(
            "204 with coding",
            204,
            "",
            false,
            "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n"),
        arguments("HTTP/1.0", 200, "a", false, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"),
        arguments(
            "HTTP/1.0 kept",
            200,
            "a",
            true,
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na"),
        arguments(
            "interim",
            200,
            "a",
            true,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n"
                + OK
                + "Content-Length: 1\r\n\r\na"),
        arguments(
            "bytes behind the end",
            200,
            "ab",
            false,
            OK + "Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n"),
        arguments("chunk behind 204", 204, "", false, "HTTP/1.1 204 N\r\n\r\n0\r\n\r\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("accepted")
  void passes(String name, int status, String body, boolean kept, String message) throws Exception {
    for (var pieces : Delivery.all(message)) {
      // Given
      GuardedClient client = new GuardedClient(system, GuardedServer.settings());
      GuardedClient.Sent sent = client.send(get(), HttpRequest.GET("/"));
      client.origin.awaitText("\r\n\r\n");
      // When
      pieces.forEach(client.origin::say);
      if (!kept) {
        client.origin.hangUp();
      }
      String heard = sent.await();
      // Then
      assertThat(heard).as(name).isEqualTo(body);
      assertThat(sent.exchange().response().status()).isEqualTo(status);
      assertThat(sent.exchange().response().headers().first("Transfer-Encoding"))
          .isNotEqualTo("identity");
      if (kept) {
        RequestGuardLiveTest.await(client.channel::reusable);
      } else {
        RequestGuardLiveTest.await(() -> client.origin.hasEnded() && !client.channel.reusable());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void randomBytesEndInDefinedOutcomes(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 25; round++) {
      // Given
      GuardedClient client = new GuardedClient(system, GuardedServer.settings());
      GuardedClient.Sent sent = client.send(get(), HttpRequest.GET("/"));
      client.origin.awaitText("\r\n\r\n");
      String message = Mutant.of(CHUNKED + "4;x\r\nbody\r\n0\r\nT: u\r\n\r\n", random);
      // When
      Delivery.AT_RANDOM.pieces(message).forEach(client.origin::say);
      client.origin.hangUp();
      Throwable cause = root(catchThrowable(sent::await));
      // Then
      if (cause != null) {
        assertThat(cause)
            .as("seed %s round %s: %s", seed, round, message)
            .isInstanceOf(GuardViolation.class);
      }
    }
  }
}
