package dev.weir.respond;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Error documents: readable by machines, harmless in browsers and terminals. */
final class ProblemTest {
  @Test
  void theDocumentSaysWhatHappenedAndNothingCanBreakOutOfIt() throws Exception {
    // Given
    String nasty = "a \"name\" \\ with <script>\u001b[31m & \u00fc\n";

    // When
    byte[] json = new Problem(502, "tls", nasty, "Use --upstream-ca.").json("00ff");

    // Then
    JsonNode read = new ObjectMapper().readTree(json);
    assertThat(read.get("status").asInt()).isEqualTo(502);
    assertThat(read.get("title").asText()).isEqualTo("Bad Gateway");
    assertThat(read.get("detail").asText()).isEqualTo(nasty);
    assertThat(read.get("hint").asText()).isEqualTo("Use --upstream-ca.");
    assertThat(read.get("request_id").asText()).isEqualTo("00ff");
    assertThat(new String(json, StandardCharsets.ISO_8859_1))
        .doesNotContain("<", ">", "&", "\u001b", "\u00fc");
  }
}
