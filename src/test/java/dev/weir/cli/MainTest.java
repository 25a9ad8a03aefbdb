package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MainTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "serve --port 1 extra     | weir: Unmatched argument at index 3: 'extra'. See `weir serve --help`.",
        "serve --prot 1           | weir: Unknown options: '--prot', '1'. Did you mean --port? See `weir serve --help`.",
        "policy check             | weir: Missing required parameter: 'FILE'. See `weir policy check --help`.",
        "origins ban              | weir: Missing required parameter: 'HOST'. See `weir origins ban --help`.",
        "serve --port             | weir: Missing required parameter for option '--port' (PORT). See `weir serve --help`.",
        "purge                    | weir: Missing required parameter: 'URL'. See `weir purge --help`.",
        "cluster init --names a x | weir: Unknown options: '--names', 'x'. Did you mean --nodes? See `weir cluster init --help`.",
        "clustr                   | weir: Unmatched argument at index 0: 'clustr'. Did you mean cluster? See `weir --help`.",
      })
  void aWrongCommandLineIsToldInOneSentence(String typed, String expected) {
    // Given
    String[] words = typed.split(" ");
    CommandLine line = Main.commands(words[0]);
    StringWriter said = new StringWriter();
    line.setErr(new PrintWriter(said));

    // When
    int code = line.execute(words);

    // Then
    assertThat(code).isEqualTo(2);
    assertThat(said.toString().strip()).isEqualTo(expected);
  }

  @Test
  void aNameToListenOnThatHasNoAddressIsToldAsSuch() {
    CompletableFuture<String> refused =
        CompletableFuture.failedFuture(new UnresolvedAddressException());
    assertThatThrownBy(() -> Closings.await(refused, () -> "cannot listen on a.invalid:80"))
        .hasMessage("cannot listen on a.invalid:80: the name has no address");
  }
}
