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

  @Test
  void noStatusThatIsSaidHereIsJustAnError() {
    // Given: what a rule may refuse with, and what the exchange and its listeners say
    int[] said = {
      400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421,
      422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 508
    };

    // When // Then
    for (int status : said) {
      assertThat(Problem.title(status)).as("%d", status).isNotEqualTo("Error");
    }
    assertThat(Problem.title(429)).isEqualTo("Too Many Requests");
    assertThat(Problem.title(499)).isEqualTo("Error");
  }
}
