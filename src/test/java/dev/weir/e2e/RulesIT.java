package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rules about the way to origins, and operators who stop it, in a node of its own. */
@Timeout(120)
class RulesIT {
  @TempDir private Path folder;

  @Test
  void anOriginThatAsksForACertificateGetsTheRulesOwnAndBansHoldUntilTheyAreLifted()
      throws Exception {
    // Given
    TestCa serving = new TestCa("Private origins");
    TestCa clients = new TestCa("Their clients");
    Files.copy(serving.pem(folder), folder.resolve("origins.pem"));
    clients.client(folder, "weir");
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            rules = [
              { name = inner, match { path-prefix = /policy }, policy = Standard
                circuit-breaker = off
                upstream-tls { ca = origins.pem, certificate = weir.pem, key = weir.key } }
            ]
            """);
    try (OriginServer origin = OriginServer.start(serving.socketsFor(clients, "127.0.0.1"))) {
      Path config =
          Files.writeString(
              folder.resolve("weir.conf"),
              "weir.edge.connect-ports = [%d]\n".formatted(origin.port()));
      try (WeirProcess weir =
          WeirProcess.start(
              folder.resolve("data"),
              "256m",
              "--config=" + config,
              "--policy-file=" + rules,
              "--allow-destinations=127.0.0.0/8",
              "--health-port=" + TestFleet.freePorts(1).getFirst())) {
        Curl plain = new Curl(weir.proxyUrl());
        Path ca = folder.resolve("weir-ca.pem");
        Files.write(ca, plain.fetch("http://weir.internal/ca.pem").body());
        Curl curl = new Curl(weir.proxyUrl(), "--cacert", ca.toString());
        String url = "https://127.0.0.1:" + origin.port();

        // When
        var served = curl.fetch(url + "/policy/x");
        // Then
        assertThat(served.status()).isEqualTo(200);
        Eventually.holds(() -> curl.fetch(url + "/policy/x").isHit());
        assertThat(curl.fetch(url + "/cache-control/max-age=5").status()).isEqualTo(502);

        // When
        Command.Ended banned = origins(weir, "ban", "127.0.0.1", "--for", "1h");
        // Then
        assertThat(banned.out()).as(banned.err()).contains("127.0.0.1: banned");
        assertThat(origins(weir, "list").out()).contains("banned", "127.0.0.1");
        var refused = curl.fetch(url + "/policy/y");
        assertThat(refused.status()).isEqualTo(502);
        assertThat(refused.header("Cache-Status")).contains("circuit-open");
        assertThat(curl.fetch(url + "/policy/x").isHit()).isTrue();

        // When
        assertThat(origins(weir, "ban", "no host").exitCode()).isEqualTo(1);
        assertThat(origins(weir, "unban", "127.0.0.1").exitCode()).isZero();
        // Then
        assertThat(curl.fetch(url + "/policy/y").status()).isEqualTo(200);
        assertThat(origins(weir, "list").out()).contains("none is banned");
      }
    }
  }

  private static Command.Ended origins(WeirProcess weir, String... words) throws Exception {
    String[] arguments = new String[words.length + 2];
    arguments[0] = "origins";
    System.arraycopy(words, 0, arguments, 1, words.length);
    arguments[words.length + 1] = "--admin=http://127.0.0.1:" + weir.healthPort();
    return WeirProcess.run(arguments);
  }
}
