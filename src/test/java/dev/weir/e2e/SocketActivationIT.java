package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Curl;
import dev.weir.testing.FreshPorts;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.SocketHolder;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that are given their listening sockets by whoever starts them. */
class SocketActivationIT {
  private static final String ALLOW = "--allow-destinations=127.0.0.1";
  private static final String ALLOW_MIRROR = "--mirror-allow-destinations=127.0.0.1";

  @TempDir private Path folder;
  private static OriginServer origin;

  @BeforeAll
  static void start() throws Exception {
    origin = OriginServer.start();
  }

  @AfterAll
  static void stop() {
    origin.close();
  }

  private static String url(String path) {
    return "http://127.0.0.1:" + origin.port() + path;
  }

  @Test
  void requestSentBetweenTwoProcessesIsAnswered() throws Exception {
    try (SocketHolder holder = SocketHolder.listen(folder, "127.0.0.1")) {
      // Given
      Path data = folder.resolve("data");
      try (WeirProcess weir = WeirProcess.startBy(holder.bearer(""), data, "256m", ALLOW)) {
        assertThat(weir.port()).isEqualTo(holder.port(0));
        assertThat(new Curl(weir.proxyUrl()).fetch(url("/policy/lasting")).status()).isEqualTo(200);
        weir.terminate();
      }

      // When
      try (Socket waiting = new Socket("127.0.0.1", holder.port(0))) {
        waiting
            .getOutputStream()
            .write(
                "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                    .formatted(url("/policy/lasting"))
                    .getBytes(StandardCharsets.ISO_8859_1));
        try (WeirProcess next = WeirProcess.startBy(holder.bearer(""), data, "256m", ALLOW)) {
          InputStream answer = waiting.getInputStream();

          // Then
          assertThat(new String(answer.readAllBytes(), StandardCharsets.ISO_8859_1))
              .startsWith("HTTP/1.1 200");
          assertThat(next.terminate()).isZero();
        }
      }
    }
  }

  @Test
  void socketsGoToTheListenersTheyAreNamedAfter() throws Exception {
    try (SocketHolder holder = SocketHolder.listen(folder, "127.0.0.1", "::", "127.0.0.1");
        WeirProcess weir =
            WeirProcess.startBy(
                holder.bearer("mirror", "proxy", "proxy"),
                folder.resolve("data"),
                "256m",
                "--mirror-port=0",
                "--policy-file=" + plainMirror(),
                ALLOW,
                ALLOW_MIRROR)) {
      // Then
      assertThat(weir.mirrorPort()).isEqualTo(holder.port(0));
      for (int proxy : List.of(holder.port(1), holder.port(2))) {
        Curl curl = new Curl("http://127.0.0.1:" + proxy);
        assertThat(curl.fetch(url("/policy/lasting")).status()).isEqualTo(200);
      }
      String mirrored = "/127.0.0.1:%d/policy/lasting".formatted(origin.port());
      ProxyClient.Response answer =
          new Curl("").fetch("http://127.0.0.1:" + holder.port(0) + mirrored);
      assertThat(answer.status()).isEqualTo(200);
    }
  }

  private Path plainMirror() throws Exception {
    return Files.writeString(
        folder.resolve("mirror.conf"),
        "rules = [ { name = plain, match { host = 127.0.0.1 }, mirror-scheme = http } ]\n");
  }

  @Test
  void whatCannotBeListenedOnStopsTheStart() throws Exception {
    try (SocketHolder holder = SocketHolder.listen(folder, "127.0.0.1")) {
      assertThatThrownBy(
              () ->
                  WeirProcess.startBy(
                      holder.bearer("mirror"), folder.resolve("data"), "256m", ALLOW))
          .hasMessageContaining("named mirror, and this node has none: set --mirror-port");
      List<String> unreal =
          List.of("sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3</dev/null", "weir");
      assertThatThrownBy(() -> WeirProcess.startBy(unreal, folder.resolve("data"), "256m", ALLOW))
          .hasMessageContaining("descriptor 3")
          .hasMessageContaining("no listening TCP socket");
    }
  }

  @Test
  void connectionStartsTheService() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/systemd-socket-activate")),
        "systemd-socket-activate is not installed");
    // Given
    int port = freePort();
    List<String> activator =
        List.of("systemd-socket-activate", "-l", "127.0.0.1:" + port, "--fdname=proxy");
    CompletableFuture<ProxyClient.Response> answer =
        CompletableFuture.supplyAsync(() -> patiently(port));

    // When
    try (WeirProcess weir = WeirProcess.startBy(activator, folder.resolve("data"), "256m", ALLOW)) {

      // Then
      assertThat(weir.port()).isEqualTo(port);
      assertThat(answer.join().status()).isEqualTo(200);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = FreshPorts.listen(ServerSocketFactory.getDefault(), 1)) {
      return socket.getLocalPort();
    }
  }

  private static ProxyClient.Response patiently(int port) {
    try {
      return new Curl("http://127.0.0.1:" + port)
          .fetch(
              url("/policy/lasting"), "--retry", "60", "--retry-delay", "1", "--retry-connrefused");
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }
}
