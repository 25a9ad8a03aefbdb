package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Malformed, ambiguous and odd requests, each delivered whole, byte by byte and split at random.
 */
class RequestGuardTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: o.test\r\n";
  private static final String POST = "POST / HTTP/1.1\r\nHost: o.test\r\n";
  private static final String CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n";

  private static ActorSystem system;

  @BeforeAll
  static void start() {
    system = ActorSystem.create("guard-table", GuardedServer.SYSTEM);
  }

  @AfterAll
  static void stop() {
    system.terminate();
  }

  static Stream<Arguments> refused() {
    return Stream.of(
            requestLines(), targets(), hosts(), fields(), lengths(), codings(), chunks(), limits())
        .flatMap(rows -> rows);
  }

  private static Stream<Arguments> requestLines() {
    return Stream.of(
        arguments("bare LF after the request line", "bare-lf", "GET / HTTP/1.1\nHost: o\r\n\r\n"),
        arguments("bare LF after a field", "bare-lf", GET + "A: b\n\r\n"),
        arguments("bare LF as the empty line", "bare-lf", GET + "\n"),
        arguments("LF only throughout", "bare-lf", "GET / HTTP/1.1\nHost: o\n\n"),
        arguments("bare CR in the target", "bad-request-line", "GET /\r HTTP/1.1\r\n\r\n"),
        arguments("bare CR after the version", "bare-cr", "GET / HTTP/1.1\rHost: o\r\n\r\n"),
        arguments("bare CR in a value", "bare-cr", GET + "A: b\rC: d\r\n\r\n"),
        arguments("two spaces before the target", "bad-request-line", "GET  / HTTP/1.1\r\n\r\n"),
        arguments("two spaces after the target", "bad-request-line", "GET /  HTTP/1.1\r\n\r\n"),
        arguments("tab for a space", "bad-method", "GET\t/ HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("space behind the version", "bad-request-line", "GET / HTTP/1.1 \r\n\r\n"),
        arguments("space before the method", "bad-request-line", " GET / HTTP/1.1\r\n\r\n"),
        arguments("two empty lines first", "bad-request-line", "\r\n\r\n" + GET + "\r\n"),
        arguments("no version", "bad-request-line", "GET /\r\n\r\n"),
        arguments("no target", "bad-request-line", "GET HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("empty target", "bad-request-line", "GET  HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("HTTP/0.9 in words", "bad-version", "GET / HTTP/0.9\r\n\r\n"),
        arguments("HTTP/1.2", "bad-version", "GET / HTTP/1.2\r\nHost: o\r\n\r\n"),
        arguments("HTTP/2.0", "bad-version", "GET / HTTP/2.0\r\nHost: o\r\n\r\n"),
        arguments("lower-case version", "bad-request-line", "GET / http/1.1\r\n\r\n"),
        arguments("version HTTP/1.10", "bad-request-line", "GET / HTTP/1.10\r\n\r\n"),
        arguments("version HTTP/1", "bad-request-line", "GET / HTTP/1\r\nHost: o\r\n\r\n"),
        arguments("h2 preface", "h2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        arguments("PRI in HTTP/1.1", "h2-preface", "PRI * HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("brackets in the method", "bad-method", "G(T / HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("high byte in the method", "bad-method", "G\u00c9T / HTTP/1.1\r\n\r\n"),
        arguments("endless method", "bad-method", "A".repeat(65) + " / HTTP/1.1\r\n\r\n"),
        arguments("TLS record on plain port", "bad-request-line", "\u0016\u0003\u0001\u0002\u0000"),
        arguments("NUL first", "bad-request-line", "\u0000GET / HTTP/1.1\r\n\r\n"));
  }

  private static Stream<Arguments> targets() {
    return Stream.of(
        arguments("high byte in the target", "bad-target", "GET /\u00e9 HTTP/1.1\r\n\r\n"),
        arguments("control in the target", "bad-target", "GET /\u0001 HTTP/1.1\r\n\r\n"),
        arguments("DEL in the target", "bad-target", "GET /\u007f HTTP/1.1\r\n\r\n"),
        arguments("fragment in the target", "bad-target", "GET /a#b HTTP/1.1\r\n\r\n"),
        arguments("target without slash", "bad-target", "GET a HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("asterisk with GET", "bad-target", "GET * HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("ftp URL", "bad-scheme", "GET ftp://o/ HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("userinfo", "userinfo", "GET http://a:b@o/ HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("URL without host", "bad-host", "GET http:/// HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("URL with port 0", "bad-host", "GET http://o:0/ HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments(
            "URL port overflow", "bad-host", "GET http://o:65536/ HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("CONNECT origin-form", "bad-target", "CONNECT / HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("CONNECT no port", "bad-target", "CONNECT o HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("CONNECT empty port", "bad-target", "CONNECT o: HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments(
            "CONNECT with a body",
            "connect-refused",
            "CONNECT o:443 HTTP/1.1\r\nHost: o\r\nContent-Length: 2\r\n\r\nab"),
        arguments(
            "authority-form with GET", "bad-target", "GET o:443 HTTP/1.1\r\nHost: o\r\n\r\n"));
  }

  private static Stream<Arguments> hosts() {
    return Stream.of(
        arguments("no Host", "no-host", "GET / HTTP/1.1\r\n\r\n"),
        arguments("no Host with a URL", "no-host", "GET http://o/ HTTP/1.1\r\n\r\n"),
        arguments("no Host in HTTP/1.0", "no-host", "GET / HTTP/1.0\r\n\r\n"),
        arguments("two Hosts alike", "duplicate-host", GET + "Host: o.test\r\n\r\n"),
        arguments("two Hosts", "duplicate-host", GET + "host: evil\r\n\r\n"),
        arguments("empty Host", "bad-host", "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
        arguments("Host with a path", "bad-host", "GET / HTTP/1.1\r\nHost: o/p\r\n\r\n"),
        arguments("Host with a user", "bad-host", "GET / HTTP/1.1\r\nHost: u@o\r\n\r\n"),
        arguments("Host list", "bad-host", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        arguments("Host with two ports", "bad-host", "GET / HTTP/1.1\r\nHost: o:1:2\r\n\r\n"),
        arguments("Host port letters", "bad-host", "GET / HTTP/1.1\r\nHost: o:8x\r\n\r\n"),
        arguments("Host port sign", "bad-host", "GET / HTTP/1.1\r\nHost: o:+80\r\n\r\n"),
        arguments("raw IDN Host", "bad-host", "GET / HTTP/1.1\r\nHost: b\u00fccher.test\r\n\r\n"),
        arguments("percent in Host", "bad-host", "GET / HTTP/1.1\r\nHost: o%2etest\r\n\r\n"),
        arguments("empty label", "bad-host", "GET / HTTP/1.1\r\nHost: a..b\r\n\r\n"),
        arguments("open bracket", "bad-host", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        arguments("bare IPv6", "bad-host", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"),
        arguments("IPv6 zone", "bad-host", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n"),
        arguments(
            "IPv6 too long", "bad-host", "GET / HTTP/1.1\r\nHost: [1:2:3:4:5:6:7:8:9]\r\n\r\n"),
        arguments("two runs in IPv6", "bad-host", "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n"));
  }

  private static Stream<Arguments> fields() {
    return Stream.of(
        arguments("obs-fold", "obs-fold", GET + "A: b\r\n c\r\n\r\n"),
        arguments("obs-fold by tab", "obs-fold", GET + "A: b\r\n\tc\r\n\r\n"),
        arguments("fold of the first field", "obs-fold", "GET / HTTP/1.1\r\n Host: o\r\n\r\n"),
        arguments("space before colon", "space-before-colon", GET + "A : b\r\n\r\n"),
        arguments("tab before colon", "space-before-colon", GET + "A\t: b\r\n\r\n"),
        arguments(
            "hidden Transfer-Encoding",
            "space-before-colon",
            POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        arguments("empty field name", "empty-field-name", GET + ": b\r\n\r\n"),
        arguments("no colon", "bad-field-name", GET + "Ab\r\n\r\n"),
        arguments("NUL in a name", "bad-field-name", GET + "A\u0000b: c\r\n\r\n"),
        arguments("high byte in a name", "bad-field-name", GET + "\u00c4: c\r\n\r\n"),
        arguments("brackets in a name", "bad-field-name", GET + "A[b]: c\r\n\r\n"),
        arguments("NUL in a value", "bad-field-value", GET + "A: b\u0000c\r\n\r\n"),
        arguments("control in a value", "bad-field-value", GET + "A: b\u0008c\r\n\r\n"),
        arguments("DEL in a value", "bad-field-value", GET + "A: b\u007fc\r\n\r\n"));
  }

  private static Stream<Arguments> lengths() {
    return Stream.of(
        arguments("empty length", "bad-content-length", POST + "Content-Length:\r\n\r\n"),
        arguments("signed length", "bad-content-length", POST + "Content-Length: +1\r\n\r\na"),
        arguments("negative length", "bad-content-length", POST + "Content-Length: -1\r\n\r\n"),
        arguments("hex length", "bad-content-length", POST + "Content-Length: 0x1\r\n\r\na"),
        arguments("length with a unit", "bad-content-length", POST + "Content-Length: 1b\r\n\r\na"),
        arguments("length list", "bad-content-length", POST + "Content-Length: 1, 1\r\n\r\na"),
        arguments("length with space", "bad-content-length", POST + "Content-Length: 1 1\r\n\r\na"),
        arguments("decimal length", "bad-content-length", POST + "Content-Length: 1.0\r\n\r\na"),
        arguments(
            "length overflow",
            "bad-content-length",
            POST + "Content-Length: 18446744073709551617\r\n\r\na"),
        arguments(
            "length past long",
            "bad-content-length",
            POST + "Content-Length: 9223372036854775808\r\n\r\na"),
        arguments(
            "two lengths",
            "duplicate-content-length",
            POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        arguments(
            "two lengths alike",
            "duplicate-content-length",
            POST + "Content-Length: 1\r\ncontent-length: 1\r\n\r\na"));
  }

  private static Stream<Arguments> codings() {
    return Stream.of(
        arguments(
            "CL.TE",
            "length-and-coding",
            POST + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"),
        arguments(
            "TE.CL",
            "length-and-coding",
            POST + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST"),
        arguments(
            "length 0 with coding",
            "length-and-coding",
            POST + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        arguments(
            "unknown coding", "unknown-transfer-coding", POST + "Transfer-Encoding: x\r\n\r\n"),
        arguments(
            "identity", "unknown-transfer-coding", POST + "Transfer-Encoding: identity\r\n\r\n"),
        arguments(
            "xchunked", "unknown-transfer-coding", POST + "Transfer-Encoding: xchunked\r\n\r\n"),
        arguments(
            "gzip, chunked",
            "bad-transfer-encoding",
            POST + "Transfer-Encoding: gzip, chunked\r\n\r\n"),
        arguments(
            "chunked twice in a list",
            "bad-transfer-encoding",
            POST + "Transfer-Encoding: chunked, chunked\r\n\r\n"),
        arguments(
            "chunked twice",
            "bad-transfer-encoding",
            POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        arguments(
            "two codings",
            "bad-transfer-encoding",
            POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n"),
        arguments("empty coding", "bad-transfer-encoding", POST + "Transfer-Encoding:\r\n\r\n"),
        arguments(
            "quoted coding",
            "bad-transfer-encoding",
            POST + "Transfer-Encoding: \"chunked\"\r\n\r\n"),
        arguments(
            "coding with parameter",
            "bad-transfer-encoding",
            POST + "Transfer-Encoding: chunked;a=b\r\n\r\n"),
        arguments(
            "vertical tab in coding",
            "bad-field-value",
            POST + "Transfer-Encoding:\u000bchunked\r\n\r\n"),
        arguments(
            "coding in HTTP/1.0",
            "coding-in-http-1-0",
            "POST / HTTP/1.0\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  }

  private static Stream<Arguments> chunks() {
    return Stream.of(
        arguments("no size", "bad-chunk-size", CHUNKED + "\r\na\r\n0\r\n\r\n"),
        arguments("size with 0x", "bad-chunk-size", CHUNKED + "0x1\r\na\r\n0\r\n\r\n"),
        arguments("signed size", "bad-chunk-size", CHUNKED + "+1\r\na\r\n0\r\n\r\n"),
        arguments("negative size", "bad-chunk-size", CHUNKED + "-1\r\na\r\n0\r\n\r\n"),
        arguments("space before size", "bad-chunk-size", CHUNKED + " 1\r\na\r\n0\r\n\r\n"),
        arguments("space behind size", "bad-chunk-size", CHUNKED + "1 \r\na\r\n0\r\n\r\n"),
        arguments("space before extension", "bad-chunk-size", CHUNKED + "1 ;x\r\na\r\n0\r\n\r\n"),
        arguments("size overflow", "bad-chunk-size", CHUNKED + "10000000000000001\r\na\r\n"),
        arguments("endless zeros", "bad-chunk-size", CHUNKED + "0".repeat(40) + "1\r\na\r\n"),
        arguments("LF ends the size", "bad-chunk-size", CHUNKED + "1\na\r\n0\r\n\r\n"),
        arguments("CR alone in the size", "bad-chunk-size", CHUNKED + "1\r1\na\r\n0\r\n\r\n"),
        arguments(
            "LF in an extension", "bad-chunk-extension", CHUNKED + "1;a\nb\r\na\r\n0\r\n\r\n"),
        arguments("NUL in an extension", "bad-chunk-extension", CHUNKED + "1;\u0000\r\na\r\n"),
        arguments("CR in an extension", "bad-chunk-size", CHUNKED + "1;a\rb\r\na\r\n0\r\n\r\n"),
        arguments("long extension", "bad-chunk-extension", CHUNKED + "1;" + "x".repeat(1025)),
        arguments("chunk too long", "bad-chunk-end", CHUNKED + "1\r\nab\r\n0\r\n\r\n"),
        arguments("LF ends a chunk", "bad-chunk-end", CHUNKED + "1\r\na\n0\r\n\r\n"),
        arguments("CR alone ends a chunk", "bad-chunk-end", CHUNKED + "1\r\na\r0\r\n\r\n"),
        arguments("nothing ends a chunk", "bad-chunk-end", CHUNKED + "1\r\na0\r\n\r\n"),
        arguments("LF in the trailer", "bad-trailer", CHUNKED + "0\r\nA: b\n\r\n"),
        arguments("LF as the end", "bad-trailer", CHUNKED + "0\r\n\n"),
        arguments(
            "length in the trailer", "bad-trailer", CHUNKED + "0\r\nContent-Length: 1\r\n\r\n"),
        arguments("host in the trailer", "bad-trailer", CHUNKED + "0\r\nHost: evil\r\n\r\n"),
        arguments(
            "coding in the trailer", "bad-trailer", CHUNKED + "0\r\nTransfer-Encoding: x\r\n\r\n"),
        arguments("nameless trailer", "empty-field-name", CHUNKED + "0\r\n: x\r\n\r\n"),
        arguments("folded trailer", "obs-fold", CHUNKED + "0\r\nA: b\r\n c\r\n\r\n"),
        arguments("long trailer", "bad-trailer", CHUNKED + "0\r\nA: " + "x".repeat(9_000)));
  }

  private static Stream<Arguments> limits() {
    return Stream.of(
        arguments("long target", "target-too-long", "GET /" + "a".repeat(17_000) + " HTTP/1.1\r\n"),
        arguments("endless target", "target-too-long", "GET /" + "a".repeat(70_000)),
        arguments("one long field", "head-too-large", GET + "A: " + "b".repeat(70_000)),
        arguments("many fields", "too-many-fields", GET + "A: b\r\n".repeat(201) + "\r\n"),
        arguments(
            "large head", "head-too-large", GET + ("A: " + "b".repeat(500) + "\r\n").repeat(140)));
  }

  /**
   * The reason's status is answered, with an id, the connection ends, and nothing was let in twice.
   */
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("refused")
  void refuses(String name, String label, String message) throws Exception {
    for (var pieces : Delivery.all(message)) {
      // Given
      GuardedServer server = server(null, "http");
      Peer client = new Peer(system, server.connection());
      // When
      pieces.forEach(client::say);
      client.say("GET /smuggled HTTP/1.1\r\nHost: o.test\r\n\r\n");
      String heard = client.awaitEnd();
      // Then
      assertThat(server.refusals).as(name).containsExactly(label);
      assertThat(heard)
          .startsWith("HTTP/1.1 " + status(label))
          .contains("X-Request-ID: id-7", "Connection: close");
      assertThat(heard.split("HTTP/1.1 \\d", -1)).hasSize(2);
      assertThat(server.seen).noneMatch(facts -> facts.head().target().contains("smuggled"));
    }
  }

  /** It waited for more bytes, until the time for a head was over. */
  @Test
  void twoEmptyLinesThatComeWithTheirRequestAreRefusedAtOnce() throws Exception {
    // Given
    GuardedServer server = server(null, "http");
    Peer client = new Peer(system, server.connection());
    // When
    client.say("\r\n\r\n" + GET + "\r\n");
    String heard = client.awaitEnd();
    // Then
    assertThat(heard).startsWith("HTTP/1.1 400 ");
    assertThat(server.refusals).containsExactly("bad-request-line");
  }

  private static int status(String label) {
    for (GuardViolation.Reason reason : GuardViolation.Reason.values()) {
      if (reason.label().equals(label)) {
        return reason.status();
      }
    }
    throw new AssertionError("no such reason: " + label);
  }

  static Stream<Arguments> accepted() {
    return Stream.of(
        arguments("plain", "GET http://o.test/ ", GET + "\r\n"),
        arguments("an empty line first", "GET http://o.test/ ", "\r\n" + GET + "\r\n"),
        arguments(
            "target wins",
            "GET http://a.test/x ",
            "GET http://a.test/x HTTP/1.1\r\nHost: b\r\n\r\n"),
        arguments(
            "https URL",
            "GET https://a.test/ ",
            "GET https://A.test:443 HTTP/1.1\r\nHost: b\r\n\r\n"),
        arguments("query only", "GET http://a/?q ", "GET HTTP://a?q HTTP/1.1\r\nHost: b\r\n\r\n"),
        arguments("OPTIONS *", "OPTIONS http://o ", "OPTIONS * HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments(
            "OPTIONS host", "OPTIONS http://a ", "OPTIONS http://a HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments("odd method", "P!$ http://o/ ", "P!$ / HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments(
            "odd target", "GET http://o/{|}^%zz\" ", "GET /{|}^%zz\" HTTP/1.1\r\nHost: o\r\n\r\n"),
        arguments(
            "IPv6 and port",
            "GET http://[::1]:8080/ ",
            "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        arguments(
            "IPv4 in IPv6",
            "GET http://[::ffff:1.2.3.4]/ ",
            "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]\r\n\r\n"),
        arguments(
            "A-label",
            "GET http://xn--bcher-kva.test/ ",
            "GET / HTTP/1.1\r\nHost: xn--bcher-kva.test:80\r\n\r\n"),
        arguments("empty port", "GET http://o/ ", "GET / HTTP/1.1\r\nHost: o:\r\n\r\n"),
        arguments("HTTP/1.0", "GET http://o/ ", "GET / HTTP/1.0\r\nHost: o\r\n\r\n"),
        arguments(
            "leading zeros", "POST http://o.test/ ab", POST + "Content-Length: 002\r\n\r\nab"),
        arguments("length 0", "POST http://o.test/ ", POST + "Content-Length: 0\r\n\r\n"),
        arguments("body on GET", "GET http://o.test/ ab", GET + "Content-Length: 2\r\n\r\nab"),
        arguments(
            "Chunked",
            "POST http://o.test/ ab",
            POST
                + "transfer-encoding: Chunked\r\n\r\n"
                + "1\r\n"
                + "a\r\n"
                + "01;x=\"y\"\r\n"
                + "b\r\n"
                + "000\r\n"
                + "X: y\r\n\r\n"),
        arguments(
            "high bytes in a value", "GET http://o.test/ ", GET + "A: \u00e9\t\u00ff\r\n\r\n"),
        arguments(
            "h2c is not offered",
            "GET http://o.test/ ",
            GET
                + "Connection: Upgrade, HTTP2-Settings\r\n"
                + "Upgrade: h2c\r\n"
                + "HTTP2-Settings: AAMAAABk\r\n\r\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("accepted")
  void letsIn(String name, String answer, String message) throws Exception {
    for (var pieces : Delivery.all(message)) {
      // Given
      GuardedServer server = server(null, "http");
      Peer client = new Peer(system, server.connection());
      // When
      pieces.forEach(client::say);
      client.awaitText("\r\n\r\n");
      String heard = client.hangUp().awaitEnd();
      // Then
      assertThat(heard).as(name).startsWith("HTTP/1.1 200 ").contains("\r\n\r\n" + answer);
      assertThat(server.refusals).isEmpty();
      Headers fields = server.seen.getFirst().head().headers();
      assertThat(fields.has("HTTP2-Settings")).isFalse();
      assertThat(server.seen.getFirst().upgrade()).isNull();
    }
  }

  @Test
  void carriesFieldsUnchanged() throws Exception {
    // Given
    GuardedServer server = server(null, "http");
    Peer client = new Peer(system, server.connection());
    // When
    client.say(GET + "x-OdD: \u00e9 \t b \r\nAccept:\r\nACCEPT: a\r\n\r\n").hangUp().awaitEnd();
    // Then
    assertThat(server.seen.getFirst().head().headers())
        .isEqualTo(
            Headers.of("Host", "o.test", "x-OdD", "\u00e9 \t b", "Accept", "", "ACCEPT", "a"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: evil\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: o.test:8443\r\n\r\n",
        "GET https://evil/ HTTP/1.1\r\nHost: o.test\r\n\r\n",
        "GET http://o.test:443/ HTTP/1.1\r\nHost: o.test\r\n\r\n",
      })
  void answers421ToOtherAuthorityInTunnel(String message) throws Exception {
    // Given
    GuardedServer server = server(new Authority("o.test", 443), "https");
    Peer client = new Peer(system, server.connection());
    // When
    client.say("GET /fine HTTP/1.1\r\nHost: O.test\r\n\r\n").awaitText("https://o.test/fine");
    String heard = client.say(message).awaitEnd();
    // Then
    assertThat(heard).contains("HTTP/1.1 421 Misdirected Request");
    assertThat(server.seen).hasSize(1);
  }

  @Test
  void answers421WhenTlsNameDiffered() throws Exception {
    // Given
    GuardedServer server =
        new GuardedServer(
            system, GuardedServer.settings(), "https", null, true, RequestGuardTest::echo);
    Peer client = new Peer(system, server.connection());
    // When
    String heard = client.say(GET + "\r\n").awaitEnd();
    // Then
    assertThat(heard).startsWith("HTTP/1.1 421 ");
  }

  @Test
  void connectInsideTunnelIsRefused() throws Exception {
    // Given
    GuardedServer server = server(new Authority("o.test", 443), "https");
    Peer client = new Peer(system, server.connection());
    // When
    String heard = client.say("CONNECT o.test:443 HTTP/1.1\r\nHost: o.test\r\n\r\n").awaitEnd();
    // Then
    assertThat(heard).startsWith("HTTP/1.1 400 ");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void randomBytesEndInDefinedOutcomes(long seed) {
    Random random = new Random(seed);
    for (int round = 0; round < 25; round++) {
      // Given
      GuardedServer server =
          server(
              null,
              "http",
              "idle-timeout-millis = 100",
              "head-timeout-millis = 100",
              "body-idle-timeout-millis = 100",
              "linger-millis = 20");
      Peer client = new Peer(system, server.connection());
      String message =
          Mutant.of(CHUNKED + "4;x\r\nbody\r\n0\r\nT: u\r\n\r\n" + GET + "\r\n", random);
      // When
      Delivery.AT_RANDOM.pieces(message).forEach(client::say);
      client.hangUp();
      // Then
      assertThat(Mutant.outcome(client))
          .as("seed %s round %s: %s", seed, round, message)
          .matches("(HTTP/1\\.1 (200|400|408|414|421|431|501|505) (.|\\R)*)?");
    }
  }

  private static GuardedServer server(Authority tunnel, String scheme, String... overrides) {
    return new GuardedServer(
        system, GuardedServer.settings(overrides), scheme, tunnel, false, RequestGuardTest::echo);
  }

  private static CompletionStage<HttpResponse> echo(
      RequestChannel.Exchange exchange, HttpRequest request) {
    exchange.respond(new ResponseHead(200, "", Headers.EMPTY));
    return request
        .entity()
        .getDataBytes()
        .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system)
        .thenApply(
            body ->
                HttpResponse.create()
                    .withEntity(
                        exchange.head().method()
                            + " "
                            + exchange.head().url()
                            + " "
                            + body.utf8String()));
  }
}
