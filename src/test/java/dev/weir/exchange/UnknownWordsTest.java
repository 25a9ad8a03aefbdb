package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods, statuses and reason phrases nobody has heard of pass in both directions. */
final class UnknownWordsTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "QUERY",
        "FOO",
        "PROPFIND",
        "MKCOL",
        "LOCK",
        "M-SEARCH",
        "PURGE",
        "get",
        "Weird.Method!"
      })
  void anyMethodReachesTheOriginWithItsBody(String method) throws Exception {
    // Given
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  for (int i = 0; i < 2; i++) {
                    peer.head();
                    peer.say(
                        "HTTP/1.1 207 Multi-Status\r\nContent-Length: 4\r\n\r\n"
                            + new String(peer.in.readNBytes(4), "ISO-8859-1"));
                  }
                });
        RawClient client = door.client()) {
      // When
      client.send(door.request(method, "/m", "Content-Length: 4") + "one!");
      String one = client.response();
      client.send(door.request(method, "/m", "Content-Length: 4") + "two!");
      String two = client.response();
      // Then
      assertThat(one).startsWith("HTTP/1.1 207 Multi-Status\r\n").endsWith("one!");
      assertThat(two).endsWith("two!");
      assertThat(door.origin.heads()).allMatch(head -> head.startsWith(method + " /m HTTP/1.1"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "200,''",
    "200,N\u00fc\u00ff",
    "299,Odd",
    "299,''",
    "499,Client Closed",
    "599,x  y",
    "600,Six",
    "799,''",
    "799,Sevenish",
    "999,Request denied",
    "418,I'm a teapot"
  })
  void anyStatusAndReasonReachTheClient(int status, String reason) throws Exception {
    // Given
    String response = OK.replace("200 OK", status + " " + reason);
    try (FrontDoor door = FrontDoor.before(response);
        RawClient client = door.client()) {
      for (String method : new String[] {"GET", "POST", "HEAD"}) {
        // When
        client.send(door.request(method, "/s"));
        String head = client.head();
        // Then
        assertThat(head).startsWith("HTTP/1.1 " + status + " " + reason + "\r\n");
        assertThat(head).contains("\r\nContent-Length: 2\r\n");
        assertThat("HEAD".equals(method) ? "ok" : client.read(2)).isEqualTo("ok");
      }
    }
  }

  @Test
  void aStatusAboveAllClassesIsAnErrorAndNeverStored() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                "HTTP/1.1 799 Odd\r\nLast-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
                    + "Content-Length: 2\r\n\r\nok");
        RawClient client = door.client()) {
      client.send(door.request("GET", "/799")).response();
      door.settle();
      // When
      String again = client.send(door.request("GET", "/799")).response();
      // Then
      assertThat(again).startsWith("HTTP/1.1 799 Odd\r\n").endsWith("ok");
      assertThat(door.origin.heads()).hasSize(2);
    }
  }

  @Test
  void aReasonPhraseIsStoredAsItCame() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.before(
                OK.replace("200 OK", "200 N\u00fc\u00ff \t!")
                    .replace("Content", "Cache-Control: max-age=60\r\nContent"));
        RawClient client = door.client()) {
      client.send(door.request("GET", "/reason")).response();
      door.settle();
      // When
      String hit = client.send(door.request("GET", "/reason")).response();
      // Then
      assertThat(hit).startsWith("HTTP/1.1 200 N\u00fc\u00ff \t!\r\n").contains("weir;hit");
    }
  }

  @ParameterizedTest
  @CsvSource({"QUERY,1", "OPTIONS,1", "FOO,2", "MKCOL,2"})
  void onlyMethodsKnownToBeSafeLeaveWhatIsStoredAlone(String method, int gets) throws Exception {
    // Given
    String fresh = OK.replace("Content", "Cache-Control: max-age=60\r\nContent");
    try (FrontDoor door = FrontDoor.before(fresh);
        RawClient client = door.client()) {
      client.send(door.request("GET", "/safe")).response();
      door.settle();
      // When
      client.send(door.request(method, "/safe")).response();
      client.send(door.request("GET", "/safe")).response();
      // Then
      assertThat(door.origin.heads().stream().filter(head -> head.startsWith("GET ")))
          .hasSize(gets);
    }
  }

  @Test
  void aGetWithABodyIsNeverAnsweredForAnother() throws Exception {
    // Given
    try (FrontDoor door =
            new FrontDoor(
                peer -> {
                  for (String head = peer.head(); head != null; head = peer.head()) {
                    int length = head.contains("Content-Length: 3") ? 3 : 0;
                    String body = new String(peer.in.readNBytes(length), "ISO-8859-1");
                    peer.say(
                        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\n<"
                            + (length == 0 ? "--" : body.substring(0, 2))
                            + ">");
                  }
                });
        RawClient client = door.client()) {
      // When
      String plain = client.send(door.request("GET", "/body")).response();
      door.settle();
      String one =
          client.send(door.request("GET", "/body", "Content-Length: 3") + "one").response();
      String two =
          client.send(door.request("GET", "/body", "Content-Length: 3") + "two").response();
      String hit = client.send(door.request("GET", "/body")).response();
      // Then
      assertThat(plain).endsWith("<-->");
      assertThat(one).endsWith("<on>");
      assertThat(two).endsWith("<tw>");
      assertThat(hit).endsWith("<-->").contains("weir;hit");
      assertThat(door.origin.heads()).hasSize(3);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET,204,Content-Length: 0,",
    "POST,204,X: y,",
    "GET,205,Content-Length: 0,Content-Length: 0",
    "POST,205,Content-Length: 0,Content-Length: 0",
    "POST,302,Content-Length: 0,Content-Length: 0",
    "PUT,201,Content-Length: 0,Content-Length: 0",
    "GET,304,Content-Length: 5,Content-Length: 5",
    "HEAD,200,Content-Length: 12345,Content-Length: 12345",
    "HEAD,200,Transfer-Encoding: chunked,",
    "HEAD,204,X: y,",
    "HEAD,404,Content-Length: 7,Content-Length: 7"
  })
  void whatHasNoBodyIsFramedSoAndTheConnectionLivesOn(
      String method, int status, String field, String framing) throws Exception {
    // Given
    String condition = status == 304 ? "If-None-Match: \"other\"" : "Accept: */*";
    String response = "HTTP/1.1 " + status + " X\r\n" + field + "\r\nETag: \"e\"\r\n\r\n";
    try (FrontDoor door = FrontDoor.before(response);
        RawClient client = door.client()) {
      for (int i = 0; i < 2; i++) {
        // When
        String head = client.send(door.request(method, "/" + i, condition)).head();
        // Then
        assertThat(head).startsWith("HTTP/1.1 " + status + " X\r\n");
        assertThat(head).doesNotContain("Transfer-Encoding");
        if (framing == null) {
          assertThat(head).doesNotContain("Content-Length");
        } else {
          assertThat(head).contains("\r\n" + framing + "\r\n");
        }
      }
    }
  }
}
