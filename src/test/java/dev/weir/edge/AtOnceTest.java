package dev.weir.edge;

import static dev.weir.edge.EdgeFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the guard answers by itself and what goes through Pekko HTTP must look the same. */
@Timeout(120)
class AtOnceTest {
  private static final String LAST =
      "GET /last HTTP/1.1\r\nHost: o.test\r\nConnection: close\r\n\r\n";

  /** Every method, version, persistence and status with bodies below and above what is copied. */
  static Stream<Arguments> exchanges() {
    List<Arguments> all = new ArrayList<>();
    for (String method : List.of("GET", "HEAD")) {
      for (String rest :
          List.of(
              "HTTP/1.1\r\nHost: o.test\r\n\r\n",
              "HTTP/1.1\r\nHost: o.test\r\nConnection: close\r\n\r\n",
              "HTTP/1.0\r\nHost: o.test\r\n\r\n",
              "HTTP/1.0\r\nHost: o.test\r\nConnection: keep-alive\r\n\r\n")) {
        for (int status : new int[] {200, 204, 206, 304, 404, 503}) {
          for (int bytes : new int[] {0, 1, 1024, 65_536, 65_537, 300_000}) {
            if (bytes == 0 || (status != 204 && status != 304 && method.equals("GET"))) {
              all.add(arguments(method + " /first " + rest, status, bytes));
            }
          }
        }
      }
    }
    return all.stream();
  }

  private static EdgeResponse.Full response(int status, int bytes, boolean closeAfter) {
    boolean told = status == 304 || bytes == 0;
    Headers fields =
        told
            ? Headers.of("ETag", "\"\u00e9\"", "Content-Length", "77")
            : Headers.of("ETag", "\"\u00e9\"");
    byte[] body = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      body[i] = (byte) (i * 31);
    }
    ResponseEntity entity =
        bytes == 0
            ? HttpEntities.EMPTY
            : HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, ByteString.fromArrayUnsafe(body));
    return new EdgeResponse.Full(new ResponseHead(status, "So", fields), entity, closeAfter);
  }

  @ParameterizedTest
  @MethodSource("exchanges")
  void answerIsTheSameByEitherWay(String request, int status, int bytes) {
    // Given: the same responses, there when they are asked for, and a moment later
    EdgeResponse given = response(status, bytes, false);

    // When
    String atOnce = heard(asked -> CompletableFuture.completedFuture(given), request + LAST);
    String throughPekko =
        heard(asked -> CompletableFuture.supplyAsync(() -> given), request + LAST);

    // Then
    assertThat(atOnce).isEqualTo(throughPekko).startsWith("HTTP/1.1 " + status + " So\r\n");
  }

  private static String heard(ExchangeHandler handler, String requests) {
    try (EdgeFixture fixture = EdgeFixture.serving(handler);
        RawClient client = fixture.client()) {
      client.send(requests);
      return new String(client.rest(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void connectionEndsAfterAnAnswerThatSaysSo() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                asked -> CompletableFuture.completedFuture(response(200, 3, true)));
        RawClient client = fixture.client()) {
      // When
      client.send("GET /a HTTP/1.1\r\nHost: o.test\r\n\r\n" + LAST);

      // Then: the second is not answered
      assertThat(new String(client.rest(), StandardCharsets.ISO_8859_1))
          .containsOnlyOnce("HTTP/1.1 200 So")
          .contains("Connection: close\r\n");
    }
  }

  @Test
  void drainedConnectionEndsWithTheNextAnswer() throws Exception {
    // Given: a connection that has been used
    EdgeFixture fixture = EdgeFixture.describing("");
    try (RawClient client = fixture.client()) {
      client.send("GET /a HTTP/1.1\r\nHost: o.test\r\n\r\n");
      assertThat(client.response()).contains("/a").doesNotContain("Connection: close");

      // When
      fixture.edge.lastCall();
      client.send("GET /b HTTP/1.1\r\nHost: o.test\r\n\r\n");

      // Then
      assertThat(client.response()).contains("/b").contains("Connection: close\r\n");
      assertThat(client.ended()).isTrue();
    } finally {
      fixture.close();
    }
  }

  @Test
  void eachRequestIsHandledOnceInItsOrder() throws Exception {
    // Given: answers that are there, that come later and that stream, in turn
    AtomicInteger calls = new AtomicInteger();
    ExchangeHandler handler =
        asked -> {
          calls.incrementAndGet();
          String target = asked.head().target();
          return switch (target.charAt(target.length() - 1) % 3) {
            case 0 -> CompletableFuture.completedFuture(text(target));
            case 1 ->
                CompletableFuture.supplyAsync(
                    () -> text(target),
                    CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS));
            default -> CompletableFuture.completedFuture(streaming(target));
          };
        };
    try (EdgeFixture fixture = EdgeFixture.serving(handler);
        RawClient client = fixture.client()) {
      // When: all are sent before the first is answered
      StringBuilder requests = new StringBuilder();
      for (int i = 0; i < 40; i++) {
        requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: o.test\r\n\r\n");
      }
      client.send(requests.toString());

      // Then
      for (int i = 0; i < 40; i++) {
        assertThat(client.response()).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n/" + i);
      }
      assertThat(calls).hasValue(40);
      assertThat(fixture.metrics.requests()).isEqualTo(40);
    }
  }

  private static EdgeResponse streaming(String text) {
    ByteString body = ByteString.fromString(text);
    return new EdgeResponse.Full(
        new ResponseHead(200, "OK", Headers.EMPTY),
        HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, body.size(), Source.single(body)),
        false);
  }

  @Test
  void finalAnswerDoesNotOvertakeAnInterimOne() {
    // Given: a handler that sends a hint and has its answer there when it returns
    ExchangeHandler handler =
        asked -> {
          asked.interim().accept(new ResponseHead(103, "Early Hints", Headers.of("Link", "</a>")));
          return CompletableFuture.completedFuture(text("final"));
        };
    try (EdgeFixture fixture = EdgeFixture.serving(handler);
        RawClient client = fixture.client()) {
      for (int i = 0; i < 100; i++) {
        // When
        client.send("GET /a HTTP/1.1\r\nHost: o.test\r\n\r\n");

        // Then
        assertThat(client.head()).startsWith("HTTP/1.1 103 Early Hints\r\n");
        assertThat(client.response()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("final");
      }
    }
  }

  @Test
  void headThatCannotBeSentIsAnswered500() {
    // Given: a field that would become another message
    ResponseHead none = new ResponseHead(200, "OK", Headers.of("A", "b\r\nC: d"));
    ExchangeHandler handler =
        asked ->
            CompletableFuture.completedFuture(
                new EdgeResponse.Full(none, HttpEntities.EMPTY, false));
    try (EdgeFixture fixture = EdgeFixture.serving(handler);
        RawClient client = fixture.client()) {
      // When
      client.send("GET /a HTTP/1.1\r\nHost: o.test\r\n\r\n");

      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 500 ").doesNotContain("C: d");
    }
  }

  @Test
  void handlerThatThrowsIsCalledOnceAndAnswered500() {
    // Given
    AtomicInteger calls = new AtomicInteger();
    ExchangeHandler handler =
        asked -> {
          calls.incrementAndGet();
          throw new IllegalStateException("meant to fail");
        };
    try (EdgeFixture fixture = EdgeFixture.serving(handler);
        RawClient client = fixture.client()) {
      // When
      client.send("GET /a HTTP/1.1\r\nHost: o.test\r\n\r\n");

      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 500 ").doesNotContain("meant");
      assertThat(calls).hasValue(1);
    }
  }

  @Test
  void requestWithBodyGoesThroughPekko() {
    // Given: a handler whose answer is there at once, whatever the body is
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                asked -> {
                  asked.entity().discardBytes(EdgeFixture.SYSTEM);
                  return CompletableFuture.completedFuture(text(asked.head().target()));
                });
        RawClient client = fixture.client()) {
      // When
      client.send("GET /a HTTP/1.1\r\nHost: o.test\r\nContent-Length: 5\r\n\r\nhello" + LAST);

      // Then: its body is not taken for a request
      assertThat(client.response()).endsWith("/a");
      assertThat(client.response()).endsWith("/last");
    }
  }
}
