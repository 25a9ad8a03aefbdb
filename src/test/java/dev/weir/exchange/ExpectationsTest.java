package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expect from end to end (RFC 9110 10.1.1): the client's body waits for the origin's word. */
final class ExpectationsTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

  @ParameterizedTest
  @CsvSource({"Content-Length: 4,body", "Transfer-Encoding: chunked,'4\r\nbody\r\n0\r\n\r\n'"})
  void theBodyFollowsTheOriginsContinue(String framing, String body) throws Exception {
    // Given
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  peer.head();
                  assertThat(peer.in.available()).isZero();
                  peer.say("HTTP/1.1 100 Continue\r\n\r\n");
                  String read = new String(peer.in.readNBytes(body.length()), "ISO-8859-1");
                  peer.say(OK + (read.equals(body) ? "same" : "else"));
                });
        RawClient client = door.client()) {
      // When
      client.send(door.request("PUT", "/expect", "Expect: 100-Continue", framing));
      String first = client.head();
      String answer = client.send(body).response();
      // Then
      assertThat(first).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
      assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").endsWith("same");
      assertThat(door.origin.heads().getFirst()).contains("\r\nExpect: 100-continue\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {417, 401, 302, 413})
  void aFinalAnswerSparesTheBody(int status) throws Exception {
    // Given
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  peer.head();
                  peer.say("HTTP/1.1 " + status + " No\r\nContent-Length: 2\r\n\r\nno");
                  peer.awaitEnd();
                });
        RawClient client = door.client()) {
      // When
      client.send(
          door.request("PUT", "/refused", "Expect: 100-continue", "Content-Length: 1000000"));
      String answer = client.response();
      // Then
      assertThat(answer).startsWith("HTTP/1.1 " + status + " No\r\n").endsWith("\r\n\r\nno");
      assertThat(answer).contains("\r\nConnection: close\r\n");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void anOriginThatNeverHeardOfItGetsTheBodyAllTheSame() throws Exception {
    // Given
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  peer.head();
                  peer.say(OK + new String(peer.in.readNBytes(4), "ISO-8859-1"));
                });
        RawClient client = door.client()) {
      // When
      client.send(door.request("PUT", "/deaf", "Expect: 100-continue", "Content-Length: 4"));
      String first = client.head();
      // Then
      assertThat(first).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
      assertThat(client.send("body").response()).endsWith("\r\n\r\nbody");
    }
  }

  @Test
  void aBodyThatCameAlongNeedsNoLeave() throws Exception {
    // Given
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  peer.head();
                  peer.say(OK + new String(peer.in.readNBytes(4), "ISO-8859-1"));
                });
        RawClient client = door.client()) {
      // When
      client.send(
          door.request("PUT", "/along", "Expect: 100-continue", "Content-Length: 4") + "body");
      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("body");
      assertThat(door.origin.heads().getFirst()).doesNotContain("Expect");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"200-ok", "100-continue, magic", "100-continue;q=1", "\"100-continue\""})
  void anUnknownExpectationIs417(String value) throws Exception {
    // Given
    try (FrontDoor door = FrontDoor.before(OK + "body");
        RawClient client = door.client()) {
      // When
      client.send(door.request("PUT", "/", "Expect: " + value, "Content-Length: 4"));
      // Then
      assertThat(client.response())
          .startsWith("HTTP/1.1 417 Expectation Failed\r\n")
          .contains("\r\nConnection: close\r\n");
      assertThat(client.ended()).isTrue();
      assertThat(door.origin.heads()).isEmpty();
    }
  }

  @Test
  void aRequestThatLeadsAFillExpectsNothing() throws Exception {
    // Given
    try (FrontDoor door = FrontDoor.before(OK + "body");
        RawClient client = door.client()) {
      // When
      client.send(door.request("GET", "/get", "Expect: 100-continue"));
      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("body");
      assertThat(door.origin.heads().getFirst()).doesNotContain("Expect");
    }
  }
}
