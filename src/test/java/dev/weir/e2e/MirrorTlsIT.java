package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.TestCa;
import dev.weir.testing.TestConnectProxy;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mirrors that speak TLS to their clients, and connections that were led here and speak it. */
class MirrorTlsIT {
  @TempDir private Path folder;

  @Test
  void aMirrorShowsTheCertificateItWasGiven() throws Exception {
    // Given
    TestCa authority = new TestCa("Company");
    authority.client(folder, "mirror.test");
    try (OriginServer origin = OriginServer.start(authority.sockets("127.0.0.1"));
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("data"),
                "256m",
                "--mode=mirror",
                "--tls-cert=" + folder.resolve("mirror.test.pem"),
                "--tls-key=" + folder.resolve("mirror.test.key"),
                "--upstream-ca=" + authority.pem(folder),
                "--mirror-allow-destinations=127.0.0.1:" + origin.port(),
                "--health-port=0")) {
      Curl curl = client("mirror.test", weir, authority.pem(folder));
      String mirror = "https://mirror.test:" + weir.port();

      // When
      ProxyClient.Response health = curl.fetch(mirror + "/health");
      ProxyClient.Response answer =
          curl.fetch(mirror + "/127.0.0.1:" + origin.port() + "/policy/x");

      // Then
      assertThat(health.status()).isEqualTo(200);
      assertThat(answer.text()).contains("version 1 of /policy/x");
    }
  }

  @Test
  void aMirrorShowsALeafOfOurOwnCa() throws Exception {
    // Given
    Path data = folder.resolve("data");
    try (WeirProcess weir =
        WeirProcess.start(
            data, "256m", "--mode=mirror", "--tls-name=mirror.test", "--health-port=0")) {
      Path ca = data.resolve("ca/ca.pem");

      // When
      ProxyClient.Response health =
          client("mirror.test", weir, ca).fetch("https://mirror.test:" + weir.port() + "/health");
      Command.Ended other =
          client("other.test", weir, ca).run("https://other.test:" + weir.port() + "/health");

      // Then
      assertThat(health.status()).isEqualTo(200);
      assertThat(other.exitCode()).as(other.err()).isEqualTo(60);
    }
  }

  /** The name in the TLS greeting says which leaf is shown, the request whom to ask. */
  @Test
  void aConnectionThatWasLedHereIsServedByTheNameInItsGreeting() throws Exception {
    // Given
    TestCa authority = new TestCa("Origins of tests");
    Path data = folder.resolve("data");
    Files.writeString(folder.resolve("proxy.secret"), "weir:pass\n");
    try (OriginServer origin = OriginServer.start(authority.sockets("taken.example"));
        TestConnectProxy proxy = TestConnectProxy.start("weir:pass", origin.port());
        WeirProcess weir =
            WeirProcess.start(
                data,
                "256m",
                "--mode=transparent",
                "--egress-proxy=http://127.0.0.1:" + proxy.port(),
                "--egress-proxy-credentials=file:" + folder.resolve("proxy.secret"),
                "--upstream-ca=" + authority.pem(folder),
                "--health-port=0")) {
      Curl curl = client("", weir, data.resolve("ca/ca.pem"));

      // When
      ProxyClient.Response served = curl.fetch("https://taken.example/policy/x");
      ProxyClient.Response other =
          curl.fetch("https://taken.example/policy/x", "-HHost: other.example");

      // Then
      assertThat(served.text()).contains("version 1 of /policy/x");
      assertThat(proxy.targets()).containsExactly("taken.example:443");
      assertThat(origin.seen().getFirst().header("Host")).isEqualTo("taken.example");
      assertThat(other.status()).as("a request for another host").isEqualTo(421);
    }
  }

  /** A curl that finds that host, or with none every host, at the node. */
  private static Curl client(String host, WeirProcess weir, Path ca) {
    String there = host.isEmpty() ? "::" : host + ":" + weir.port() + ":";
    return new Curl(
        "", "--connect-to", there + "127.0.0.1:" + weir.port(), "--cacert", ca.toString());
  }
}
