package dev.weir.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that stop: reading a response, or saying anything in a tunnel. */
final class StallTest {
  private static final ResponseHead OK = new ResponseHead(200, "OK", Headers.EMPTY);
  private static final ByteString PIECE = ByteString.fromArrayUnsafe(new byte[64 * 1024]);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aClientThatStopsReadingIsCutOff(boolean tls) throws Exception {
    // Given
    CompletableFuture<Done> bodyEnded = new CompletableFuture<>();
    CompletableFuture<Done> gone = new CompletableFuture<>();
    Source<ByteString, ?> endless =
        Source.repeat(PIECE)
            .watchTermination(
                (none, end) -> {
                  end.whenComplete((done, failure) -> bodyEnded.complete(Done.getInstance()));
                  return none;
                });
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request -> {
                  request.gone().thenAccept(gone::complete);
                  return CompletableFuture.completedFuture(
                      new EdgeResponse.Full(
                          OK, HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, endless), false));
                },
                "weir.guard.send-stall-timeout-millis = 300");
        RawClient plain = fixture.client()) {
      RawClient client = tls ? plain.connectTo("origin.test:443").tls("origin.test") : plain;
      // When: the head is read, and nothing after it
      client.send(
          "GET " + (tls ? "" : "http://origin.test") + "/ HTTP/1.1\r\nHost: origin.test\r\n\r\n");
      String head = client.head();
      // Then
      assertThat(head).startsWith("HTTP/1.1 200 OK\r\n");
      bodyEnded.get(20, TimeUnit.SECONDS);
      gone.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void aSilentUpgradeIsClosed() {
    // Given
    try (EdgeFixture fixture =
            EdgeFixture.serving(
                request ->
                    CompletableFuture.completedFuture(
                        new EdgeResponse.Switch(
                            new ResponseHead(101, "Go", Headers.of("Upgrade", "websocket")),
                            Flow.fromSinkAndSourceMat(
                                    org.apache.pekko.stream.javadsl.Sink.<ByteString>ignore(),
                                    Source.<ByteString>never(),
                                    Keep.none())
                                .mapMaterializedValue(none -> none))),
                "weir.guard.tunnel-idle-timeout-millis = 300");
        RawClient client = fixture.client()) {
      // When
      client.send(
          "GET http://origin.test/ws HTTP/1.1\r\nHost: origin.test\r\n"
              + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      String head = client.head();
      // Then
      assertThat(head).startsWith("HTTP/1.1 101 Go\r\n");
      assertThat(client.ended()).isTrue();
    }
  }

  @Test
  void aSilentTunnelIsClosed() {
    // Given: the tunnel's far end echoes
    try (EdgeFixture fixture =
            EdgeFixture.describing("weir.edge.tunnel-idle-timeout-millis = 300");
        RawClient client = fixture.client()) {
      client.connectTo("origin.test:443");
      // When
      client.send("SSH-2.0-weir test\r\n");
      String echo = client.read(19);
      // Then
      assertThat(echo).isEqualTo("SSH-2.0-weir test\r\n");
      assertThat(client.ended()).isTrue();
    }
  }
}
