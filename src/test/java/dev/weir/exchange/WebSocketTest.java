package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.wire.TestTls;
import org.junit.jupiter.api.Test;

/** An upgrade inside an intercepted TLS tunnel, from the client to a TLS origin and back. */
final class WebSocketTest {
  private static final TestTls TLS = new TestTls("localhost", "127.0.0.1");

  private static final String UPGRADE =
      "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

  @Test
  void bytesPassBothWaysUntilOneSideEnds() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.secured(
                TLS,
                peer -> {
                  peer.head();
                  peer.say(
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          + "Connection: Upgrade\r\n"
                          + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello");
                  for (int octet = peer.in.read(); octet >= 0; octet = peer.in.read()) {
                    peer.out.write(octet ^ 0x20);
                    peer.out.flush();
                  }
                });
        RawClient plain = door.client()) {
      String authority = "127.0.0.1:" + door.origin.authority().port();
      RawClient client = plain.connectTo(authority).tls("127.0.0.1", TLS);
      // When
      client.send("GET /socket HTTP/1.1\r\nHost: " + authority + "\r\n" + UPGRADE);
      String head = client.head();
      String greeting = client.read(5);
      String echo = client.send("ABC").read(3) + client.send("\u0081").read(1);
      // Then
      assertThat(head)
          .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
          .contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
          .containsIgnoringCase("\r\nConnection: Upgrade\r\n");
      assertThat(greeting).isEqualTo("hello");
      assertThat(echo).isEqualTo("abc\u00a1");
      assertThat(door.origin.heads().getFirst())
          .startsWith("GET /socket HTTP/1.1\r\n")
          .contains("\r\nSec-WebSocket-Version: 13\r\n");
    }
  }

  @Test
  void aRefusedUpgradeIsAnAnswerAndTheTunnelServesOn() throws Exception {
    // Given
    try (FrontDoor door =
            FrontDoor.secured(
                TLS,
                peer -> {
                  while (peer.head() != null) {
                    peer.say("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
                  }
                });
        RawClient plain = door.client()) {
      String authority = "127.0.0.1:" + door.origin.authority().port();
      RawClient client = plain.connectTo(authority).tls("127.0.0.1", TLS);
      for (int i = 0; i < 2; i++) {
        // When
        client.send("GET /socket HTTP/1.1\r\nHost: " + authority + "\r\n" + UPGRADE);
        // Then
        assertThat(client.response()).startsWith("HTTP/1.1 426 No\r\n").endsWith("no");
      }
    }
  }
}
