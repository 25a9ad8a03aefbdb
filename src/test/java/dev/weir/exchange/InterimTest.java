package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.http.ResponseHead;
import dev.weir.testing.Eventually;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Interim responses on their way from an origin to a client, past everything that is kept. */
final class InterimTest {
  private static final String FRESH =
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok";

  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST", "QUERY"})
  void theClientOfTheRequestGetsThemInTheirOrder(String method) throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n"
                    + "HTTP/1.1 102 Processing\r\n\r\n"
                    + "HTTP/1.1 100 Continue\r\n\r\n"
                    + "HTTP/1.1 199 \r\nX: \u00e9\r\nKeep-Alive: 5\r\nConnection: Y\r\nY: z\r\n\r\n"
                    + FRESH);
        RawClient client = door.client()) {
      // When
      client.send(door.request(method, "/interim"));
      // Then
      assertThat(client.head())
          .isEqualTo(
              "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n"
                  + "Via: 1.1 weir\r\n\r\n");
      assertThat(client.head()).isEqualTo("HTTP/1.1 102 Processing\r\nVia: 1.1 weir\r\n\r\n");
      assertThat(client.head()).isEqualTo("HTTP/1.1 199 \r\nX: \u00e9\r\nVia: 1.1 weir\r\n\r\n");
      assertThat(client.response()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\nok");
    }
  }

  @Test
  void anInterimResponseSaysNothingOfWhatIsStored() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                "HTTP/1.1 103 Early Hints\r\nCache-Control: no-store\r\nX-Early: 1\r\n\r\n"
                    + FRESH);
        RawClient client = door.client()) {
      client.send(door.request("GET", "/stored")).head();
      client.response();
      door.settle();
      // When
      String hit = client.send(door.request("GET", "/stored")).response();
      // Then
      assertThat(hit).startsWith("HTTP/1.1 200 OK\r\n").contains("weir;hit").endsWith("ok");
      assertThat(hit).doesNotContain("X-Early");
      assertThat(door.origin.heads()).hasSize(1);
    }
  }

  @Test
  void noFreshnessComesFromAnInterimResponse() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                "HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=1000\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        RawClient client = door.client()) {
      client.send(door.request("GET", "/lifeless")).head();
      client.response();
      door.settle();
      // When
      client.send(door.request("GET", "/lifeless")).head();
      // Then
      assertThat(client.response()).endsWith("ok");
      assertThat(door.origin.heads()).hasSize(2);
    }
  }

  @Test
  void anHttp10ClientGetsNone() throws Exception {
    // Given
    try (FrontDoor door = FrontDoor.before("HTTP/1.1 103 Early Hints\r\nL: x\r\n\r\n" + FRESH);
        RawClient client = door.client()) {
      // When
      client.send(door.requestAs("HTTP/1.0", "GET", "/old"));
      // Then
      assertThat(client.response()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("ok");
    }
  }

  @Test
  void aBackgroundValidationTellsNobody() throws Exception {
    // Given
    List<ResponseHead> told = new CopyOnWriteArrayList<>();
    String fields = "Cache-Control: max-age=1, stale-while-revalidate=1000\r\nETag: \"e\"\r\n";
    try (FrontDoor door =
        new FrontDoor(
            peer -> {
              for (String head = peer.head(); head != null; head = peer.head()) {
                String interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
                peer.say(
                    head.contains("If-None-Match")
                        ? interim + "HTTP/1.1 304 Not Modified\r\n" + fields + "\r\n"
                        : "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 2\r\n\r\nok");
              }
            })) {
      door.get("/background", told::add);
      door.settle();
      door.pass(10);
      // When
      door.get("/background", told::add);
      Eventually.holds(() -> door.origin.heads().size() == 2);
      door.settle();
      // Then
      assertThat(told).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"17, 1", "3, 30000"})
  void tooManyOrTooMuchIsTheOriginsFault(int count, int bytes) throws Exception {
    // Given
    String hint = "HTTP/1.1 103 E\r\nL: " + "x".repeat(bytes) + "\r\n\r\n";
    try (FrontDoor door = FrontDoor.before(hint.repeat(count) + FRESH);
        RawClient client = door.client()) {
      // When
      client.send(door.request("POST", "/many"));
      String head = client.head();
      while (head.startsWith("HTTP/1.1 103 ")) {
        head = client.head();
      }
      // Then
      assertThat(head).startsWith("HTTP/1.1 502 ");
    }
  }

  @Test
  void aClientThatReadsNothingHoldsNoFillBack() throws Exception {
    // Given
    String hint = "HTTP/1.1 103 E\r\nL: " + "x".repeat(3900) + "\r\n\r\n";
    try (FrontDoor door = FrontDoor.before(hint.repeat(16) + FRESH);
        RawClient slow = door.client();
        RawClient other = door.client()) {
      // When
      slow.send(door.request("GET", "/slow"));
      Eventually.holds(() -> door.origin.heads().size() == 1);
      door.settle();
      // Then
      assertThat(other.send(door.request("GET", "/slow")).response()).contains("weir;hit");
      for (int i = 0; i < 16; i++) {
        assertThat(slow.head()).startsWith("HTTP/1.1 103 E\r\n");
      }
      assertThat(slow.response()).endsWith("ok");
    }
  }

  @Test
  void whoJoinsLaterIsAnsweredAlike() throws Exception {
    // Given
    CountDownLatch joined = new CountDownLatch(1);
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  peer.head();
                  peer.say("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
                  joined.await(20, TimeUnit.SECONDS);
                  peer.say(FRESH);
                });
        RawClient leader = door.client();
        RawClient follower = door.client()) {
      // When
      leader.send(door.request("GET", "/joined"));
      String early = leader.head();
      follower.send(door.request("GET", "/joined"));
      Eventually.holds(() -> door.world.fills.count() == 1);
      joined.countDown();
      String first = follower.head();
      String answer = first.startsWith("HTTP/1.1 103") ? follower.head() : first;
      // Then
      assertThat(early).startsWith("HTTP/1.1 103 Early Hints\r\nLink: x\r\n");
      assertThat(leader.response()).endsWith("ok");
      assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n");
      assertThat(door.origin.heads()).hasSize(1);
    }
  }

  /** A final response that was there before its handler had returned went out first. */
  @Test
  void aFinalResponseNeverOvertakesAnInterimOne() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + FRESH);
        RawClient client = door.client()) {
      for (int i = 0; i < 300; i++) {
        // When
        client.send(door.request("POST", "/hinted"));

        // Then
        assertThat(client.head()).startsWith("HTTP/1.1 103 ");
        assertThat(client.response()).startsWith("HTTP/1.1 200 ");
      }
    }
  }
}
