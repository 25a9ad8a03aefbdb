package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class AdminClientTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"localhost:8082", "127.0.0.1:8082", "ftp://here:8082", "http://", "not a url", ""})
  void anAdminThatIsNoUrlIsToldInOneSentence(String admin) {
    for (String command : new String[] {"purge", "gc", "cluster", "cache"}) {
      // Given
      CommandLine line = Main.commands(command);
      StringWriter said = new StringWriter();
      line.setErr(new PrintWriter(said));

      // When
      int code = line.execute(words(command, admin));

      // Then
      assertThat(code).as(command).isEqualTo(2);
      assertThat(said.toString().strip())
          .as(command)
          .isEqualTo("weir: --admin: expected a URL as http://127.0.0.1:8082, got '" + admin + "'");
    }
  }

  private static String[] words(String command, String admin) {
    return switch (command) {
      case "purge" -> new String[] {"purge", "--admin", admin, "http://a.example/"};
      case "cluster" -> new String[] {"cluster", "status", "--admin", admin};
      case "cache" -> new String[] {"cache", "show", "--admin", admin, "http://a.example/"};
      default -> new String[] {command, "--admin", admin};
    };
  }
}
