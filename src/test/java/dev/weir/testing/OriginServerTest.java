package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The simulator itself, so that a failing test elsewhere is not its fault. */
final class OriginServerTest {
  private final OriginServer origin = OriginServer.start();
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    client.close();
    origin.close();
  }

  @Test
  void conditionsAndRangesAreAnsweredAndCounted() throws Exception {
    // Given
    HttpResponse<String> first = get("/policy");

    // When
    HttpResponse<String> second =
        get("/policy", "If-None-Match", first.headers().firstValue("ETag").orElseThrow());
    HttpResponse<String> part = get("/range-data/1000", "Range", "bytes=10-19");

    // Then
    assertThat(second.statusCode()).isEqualTo(304);
    assertThat(part.statusCode()).isEqualTo(206);
    assertThat(part.body()).hasSize(10);
    assertThat(origin.count("/policy")).isEqualTo(2);
    assertThat(origin.count("/policy", Seen::isPlainGet)).isEqualTo(1);
    assertThat(origin.count("/range-data/1000", Seen::isRange)).isEqualTo(1);
  }

  @Test
  void aSlowChunkedStreamComesWhole() throws Exception {
    // When
    HttpResponse<String> answer = get("/stream/5000?pieces=5&pause=1");

    // Then
    assertThat(answer.body()).hasSize(5000);
    assertThat(origin.bodyBytesSent()).isEqualTo(5000);
  }

  @Test
  void refusedThenAcceptedAgain() throws Exception {
    // Given
    origin.refuse();
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> get("/policy"))).isNotNull();

    // When
    origin.accept();

    // Then
    assertThat(get("/policy").statusCode()).isEqualTo(200);
  }

  private HttpResponse<String> get(String target, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(origin.url(target)));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(
        request.build(),
        HttpResponse.BodyHandlers.ofString(java.nio.charset.StandardCharsets.ISO_8859_1));
  }
}
