package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trailer sections from end to end (RFC 9110 6.5), and what is not kept of them. */
final class TrailerSectionsTest {
  private static String chunked(String fields, String trailers) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        + fields
        + "\r\n2\r\nok\r\n0\r\n"
        + trailers
        + "\r\n";
  }

  /** What follows the head, up to the end of the connection. */
  private static String rest(RawClient client) {
    return new String(client.rest(), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST"})
  void whoSaysSoGetsTheTrailers(String method) throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                chunked(
                    "Cache-Control: max-age=60\r\n",
                    "X-Sum: \u00e9\r\nSet-Cookie: a=b\r\nETag: \"t\"\r\n"));
        RawClient client = door.client()) {
      // When
      client.send(door.request(method, "/asked", "TE: trailers", "Connection: TE, close"));
      String head = client.head();
      // Then
      assertThat(head).contains("\r\nTransfer-Encoding: chunked\r\n").doesNotContain("Trailer:");
      assertThat(rest(client)).isEqualTo("2\r\nok\r\n0\r\nX-Sum: \u00e9\r\nETag: \"t\"\r\n\r\n");
    }
  }

  @Test
  void announcedTrailersAreForEverybody() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                chunked("Trailer: X-Sum, Age\r\n", "X-Sum: 1\r\nAge: 7\r\nX-Other: 2\r\n"));
        RawClient client = door.client()) {
      // When
      client.send(door.request("GET", "/announced", "Connection: close"));
      String head = client.head();
      // Then
      assertThat(head).contains("\r\nTrailer: x-sum\r\n");
      assertThat(rest(client)).isEqualTo("2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n");
    }
  }

  @Test
  void whoNeitherAskedNorWasToldGetsNone() throws Exception {
    // Given
    try (FrontDoor door = FrontDoor.before(chunked("", "X-Sum: 1\r\n"));
        RawClient client = door.client()) {
      // When
      client.send(door.request("GET", "/unasked", "Connection: close")).head();
      // Then
      assertThat(rest(client)).isEqualTo("2\r\nok\r\n0\r\n\r\n");
    }
  }

  @Test
  void anHttp10ClientGetsNone() throws Exception {
    // Given
    try (FrontDoor door = FrontDoor.before(chunked("Trailer: X-Sum\r\n", "X-Sum: 1\r\n"));
        RawClient client = door.client()) {
      // When
      client.send(door.requestAs("HTTP/1.0", "GET", "/old", "TE: trailers"));
      String head = client.head();
      // Then
      assertThat(head).doesNotContain("Trailer:").doesNotContain("Transfer-Encoding");
      assertThat(rest(client)).isEqualTo("ok");
    }
  }

  @Test
  void aStoredResponseHasNoTrailersAndNoneOfThemInItsHead() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                chunked("Cache-Control: max-age=60\r\nTrailer: X-Sum\r\n", "X-Sum: 1\r\n"));
        RawClient first = door.client();
        RawClient second = door.client()) {
      first.send(door.request("GET", "/kept", "Connection: close")).head();
      String whole = rest(first);
      door.settle();
      // When
      String hit =
          second.send(door.request("GET", "/kept", "TE: trailers", "Connection: TE")).response();
      // Then
      assertThat(whole).endsWith("0\r\nX-Sum: 1\r\n\r\n");
      assertThat(hit).contains("weir;hit").contains("\r\nContent-Length: 2\r\n").endsWith("ok");
      assertThat(hit.toLowerCase(java.util.Locale.ROOT)).doesNotContain("x-sum", "trailer");
      assertThat(door.origin.heads()).hasSize(1);
    }
  }

  @Test
  void aSectionTooLargeOrAboutFramingBreaksTheResponse() throws Exception {
    // Given
    for (String section : new String[] {"X: " + "y".repeat(9000), "Transfer-Encoding: chunked"}) {
      try (FrontDoor door = FrontDoor.before(chunked("Trailer: X\r\n", section + "\r\n"));
          RawClient client = door.client()) {
        // When
        client.send(door.request("POST", "/broken", "Connection: close"));
        String body;
        try {
          body = rest(client);
        } catch (java.io.UncheckedIOException cut) {
          body = "";
        }
        // Then
        assertThat(body).doesNotContain("0\r\n\r\n").doesNotContain("X: ");
      }
    }
  }

  @Test
  void aPassedRequestsTrailersReachTheOrigin() throws Exception {
    // Given
    String sent = "2\r\nab\r\n0\r\nX-Sum: \u00e9\r\nCookie: secret\r\nDigest: d\r\n\r\n";
    String expected = "2\r\nab\r\n0\r\nX-Sum: \u00e9\r\nDigest: d\r\n\r\n";
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  peer.head();
                  String read =
                      new String(
                          peer.in.readNBytes(expected.length()), StandardCharsets.ISO_8859_1);
                  String answer = read.equals(expected) ? "same" : read;
                  peer.say(
                      "HTTP/1.1 200 OK\r\nContent-Length: "
                          + answer.length()
                          + "\r\n\r\n"
                          + answer);
                });
        RawClient client = door.client()) {
      // When
      client.send(
          door.request(
              "PUT",
              "/upload",
              "Transfer-Encoding: chunked",
              "Trailer: X-Sum, Cookie",
              "TE: trailers",
              "Connection: TE"));
      String answer = client.send(sent).response();
      // Then
      assertThat(answer).endsWith("\r\n\r\nsame");
      assertThat(door.origin.heads().getFirst())
          .contains("\r\nTrailer: x-sum\r\n")
          .contains("\r\nTE: trailers\r\n")
          .contains("\r\nConnection: TE\r\n");
    }
  }
}
