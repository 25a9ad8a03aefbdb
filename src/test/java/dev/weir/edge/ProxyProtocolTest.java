package dev.weir.edge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who the client is behind a TCP balancer, and that nobody else can say so. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ProxyProtocolTest {
  private static final String FROM_LOOPBACK = "weir.edge.proxy-protocol-from = [\"127.0.0.0/8\"]\n";
  private static final String REQUEST =
      "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n";

  /** Answers with the client and the address it has come to. */
  private static EdgeFixture telling(String overrides) {
    return EdgeFixture.serving(
        request -> {
          request.entity().discardBytes(EdgeFixture.SYSTEM);
          ClientConnection from = request.connection();
          return CompletableFuture.completedFuture(
              EdgeFixture.text(
                  from.remote().getAddress().getHostAddress()
                      + ":"
                      + from.remote().getPort()
                      + " to "
                      + from.local().getAddress().getHostAddress()));
        },
        overrides);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theClientThatATrustedBalancerNamesIsTheClient(boolean inPieces) throws Exception {
    try (EdgeFixture fixture = telling(FROM_LOOPBACK);
        RawClient balancer = fixture.client()) {
      // Given
      String bytes = "PROXY TCP4 10.9.8.7 10.0.0.1 4711 8080\r\n" + REQUEST;

      // When
      if (inPieces) {
        for (int i = 0; i < 60; i++) {
          balancer.send(bytes.substring(i, i + 1));
        }
        balancer.send(bytes.substring(60));
      } else {
        balancer.send(bytes);
      }

      // Then
      assertThat(balancer.response()).endsWith("10.9.8.7:4711 to 10.0.0.1");
    }
  }

  @Test
  void theBinaryHeaderCountsInsideAnInterceptedTunnelToo() {
    try (EdgeFixture fixture = telling(FROM_LOOPBACK);
        RawClient balancer = fixture.client()) {
      // Given a client over IPv6, and a value of the balancer's own behind its address
      balancer.send(
          HexFormat.of()
              .parseHex(
                  "0d0a0d0a000d0a515549540a2121002a"
                      + "fd000000000000000000000000000007fd000000000000000000000000000001"
                      + "12671f90040003aabbcc"));

      // When
      RawClient inside = balancer.connectTo("origin.test:443").tls("origin.test");
      inside.send("GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n");

      // Then
      assertThat(inside.response()).endsWith("fd00:0:0:0:0:0:0:7:4711 to fd00:0:0:0:0:0:0:1");
    }
  }

  @Test
  void allowClientsJudgesTheClientAndNotTheBalancer() {
    try (EdgeFixture fixture = telling(FROM_LOOPBACK);
        RawClient balancer = fixture.client()) {
      // When
      balancer.send("PROXY TCP4 203.0.113.9 10.0.0.1 4711 8080\r\n" + REQUEST);

      // Then
      assertThat(balancer.head()).startsWith("HTTP/1.1 403 ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN 1 2 3\r\n"})
  void aBalancerThatSpeaksForItselfIsTheClient(String header) {
    try (EdgeFixture fixture = telling(FROM_LOOPBACK);
        RawClient balancer = fixture.client()) {
      // When
      balancer.send(header + REQUEST);

      // Then
      assertThat(balancer.response()).contains("127.0.0.1:");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        REQUEST,
        "CONNECT origin.test:443 HTTP/1.1\r\n\r\n",
        "PROXY TCP4 10.9.8.7 10.0.0.1 4711\r\n" + REQUEST,
        "\r\n\r\n" + REQUEST
      })
  void aBalancersConnectionWithoutAHeaderIsRefused(String bytes) {
    try (EdgeFixture fixture = telling(FROM_LOOPBACK);
        RawClient balancer = fixture.client()) {
      // When
      balancer.send(bytes);

      // Then
      assertThat(balancer.ended()).isTrue();
      assertThat(fixture.metrics.requests()).isZero();
      assertThat(fixture.metrics.refusals()).isEqualTo(1);
    }
  }

  @Test
  void fromAnybodyElseItIsNoHeader() {
    try (EdgeFixture fixture = telling("weir.edge.proxy-protocol-from = [\"10.0.0.0/8\"]");
        RawClient impostor = fixture.client()) {
      // When
      impostor.send("PROXY TCP4 10.9.8.7 10.0.0.1 4711 8080\r\n" + REQUEST);

      // Then
      assertThat(impostor.head()).startsWith("HTTP/1.1 400 ");
      assertThat(fixture.metrics.requests()).isZero();
    }
  }

  @Test
  void aSecondHeaderIsNoHeader() {
    try (EdgeFixture fixture = telling(FROM_LOOPBACK);
        RawClient balancer = fixture.client()) {
      // When the client behind the balancer sends one of its own
      balancer.send(
          "PROXY TCP4 10.9.8.7 10.0.0.1 4711 8080\r\nPROXY TCP4 10.1.1.1 10.0.0.1 1 2\r\n"
              + REQUEST);

      // Then
      assertThat(balancer.head()).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void aSilentBalancerIsBounded() {
    try (EdgeFixture fixture =
            telling(FROM_LOOPBACK + "weir.edge.first-bytes-timeout-millis = 300");
        RawClient balancer = fixture.client()) {
      // When
      balancer.send("PROXY TC");

      // Then
      assertThat(balancer.ended()).isTrue();
    }
  }

  @Test
  void afterTheLastCallResponsesSayCloseAndNobodyIsTurnedAway() {
    try (EdgeFixture fixture = telling("");
        RawClient before = fixture.client()) {
      // Given a connection that is kept alive
      before.send(REQUEST);
      assertThat(before.response()).doesNotContain("Connection: close");

      // When
      fixture.edge.lastCall();

      // Then it is answered once more, and so is a new one
      before.send(REQUEST);
      assertThat(before.response()).startsWith("HTTP/1.1 200 ").contains("Connection: close");
      assertThat(before.ended()).isTrue();
      try (RawClient after = fixture.client()) {
        after.send(REQUEST);
        assertThat(after.response()).startsWith("HTTP/1.1 200 ").contains("Connection: close");
      }
    }
  }
}
