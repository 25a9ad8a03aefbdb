package dev.weir.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Every Java source is in google-java-format's form, whatever JDK Maven itself runs on; {@code
 * -Dweir.format=true} brings it into that form.
 */
class FormatTest {
  @Test
  void everySourceIsFormatted() throws Exception {
    // Given
    Formatter formatter = new Formatter();
    List<Path> unformatted = new ArrayList<>();

    // When
    try (var files = Files.walk(Path.of("src"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        String source = Files.readString(file);
        String formatted = formatter.formatSource(source);
        if (formatted.equals(source)) {
          continue;
        }
        if (Boolean.getBoolean("weir.format")) {
          Files.writeString(file, formatted);
        } else {
          unformatted.add(file);
        }
      }
    }

    // Then
    assertThat(unformatted)
        .as("mvn test -Dtest=FormatTest -Dweir.format=true formats them")
        .isEmpty();
  }
}
