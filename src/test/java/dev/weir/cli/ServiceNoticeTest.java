package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceNoticeTest {
  private static final String LISTENER =
      """
      import socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      name = sys.argv[1]
      s.bind("\\0" + name[1:] if name.startswith("@") else name)
      print("bound", flush=True)
      print(s.recv(100).decode(), flush=True)
      """;

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aServiceManagerIsToldTheState(boolean isAbstract) throws Exception {
    // Given
    String socket = isAbstract ? "@weir-" + folder.getFileName() : folder.resolve("s") + "";
    Process listener = new ProcessBuilder("python3", "-c", LISTENER, socket).start();
    try (BufferedReader said =
        new BufferedReader(
            new java.io.InputStreamReader(listener.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(said.readLine()).isEqualTo("bound");

      // When
      String failure = ServiceNotice.send(socket, ServiceNotice.READY);

      // Then
      assertThat(failure).isNull();
      assertThat(said.readLine()).isEqualTo("READY=1");
    } finally {
      listener.destroy();
    }
  }

  @Test
  void aNoticeThatNobodyHearsIsNoFailure() {
    assertThat(ServiceNotice.send(folder.resolve("none").toString(), ServiceNotice.READY))
        .isEqualTo("nobody listens at NOTIFY_SOCKET");
    assertThat(ServiceNotice.send("/" + "x".repeat(200), ServiceNotice.READY))
        .isEqualTo("the name of the socket is too long");
  }
}
