package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.WeirProcess;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weir in front of one origin, as its clients and its operator see it. */
class ReverseIT {
  @TempDir private static Path folder;
  private static OriginServer origin;
  private static WeirProcess weir;

  @BeforeAll
  static void start() throws Exception {
    origin = OriginServer.start();
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--mode=reverse",
            "--origin=http://127.0.0.1:" + origin.port());
  }

  @AfterAll
  static void stop() {
    weir.close();
    origin.close();
  }

  @BeforeEach
  void forget() {
    origin.reset();
  }

  @Test
  void aMissIsAHitTheNextTimeWhateverHostTheClientNames() throws Exception {
    // When
    String miss = ask(weir, "GET /policy/first HTTP/1.1", "Host: shop.example");

    // Then
    assertThat(miss).startsWith("HTTP/1.1 200 ").contains("version 1 of /policy/first");
    Eventually.holds(
        () ->
            ask(weir, "GET /policy/first HTTP/1.1", "Host: other.example")
                .contains("Cache-Status: weir;hit"));
    assertThat(origin.seen("/policy/first"))
        .singleElement()
        .satisfies(seen -> assertThat(seen.header("Host")).isEqualTo("127.0.0.1:" + origin.port()));
  }

  private static String ask(WeirProcess weir, String requestLine, String... fields)
      throws Exception {
    try (Socket socket = new Socket("127.0.0.1", weir.port())) {
      String head = requestLine + "\r\n" + String.join("\r\n", fields) + "\r\n";
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }
}
