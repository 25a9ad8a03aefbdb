package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrailersTest {
  private static final Headers SECTION =
      Headers.of("Digest", "a", "ETag", "\"e\"", "X-Sum", "\u00e9", "x-sum", "2");

  @ParameterizedTest
  @CsvSource({
    "trailers,true",
    "'deflate;q=0.5, Trailers',true",
    "'',false",
    "trailers;q=0,false",
    "xtrailers,false"
  })
  void whetherTheyAreAcceptedIsSaidByTe(String te, boolean accepted) {
    assertThat(Trailers.areAccepted(Headers.of("TE", te))).isEqualTo(accepted);
  }

  @Test
  void whoAskedForThemGetsAllThatMayTrail() {
    // Given
    Headers response = Headers.of("Trailer", "Digest, Set-Cookie", "Trailer", "not a name, X-Sum");
    // When
    Trailers trailers = Trailers.ofResponse(Headers.of("TE", "trailers"), response, () -> SECTION);
    // Then
    assertThat(trailers.announced()).isEqualTo("digest, x-sum");
    assertThat(trailers.arrived().get()).isEqualTo(SECTION);
  }

  @Test
  void whoDidNotAskGetsWhatWasAnnounced() {
    // Given
    Headers response = Headers.of("Trailer", "x-Sum, Set-Cookie");
    Headers section = SECTION.plus("Set-Cookie", "a=b");
    // When
    Trailers trailers = Trailers.ofResponse(Headers.EMPTY, response, () -> section);
    Trailers unannounced = Trailers.ofResponse(Headers.EMPTY, Headers.EMPTY, () -> section);
    // Then
    assertThat(trailers.arrived().get()).isEqualTo(Headers.of("X-Sum", "\u00e9", "x-sum", "2"));
    assertThat(unannounced).isSameAs(Trailers.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding",
        "content-length",
        "HOST",
        "Authorization",
        "Set-Cookie",
        "Proxy-Authenticate",
        "Cache-Control",
        "Age",
        "Vary",
        "Expires",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "Trailer",
        "TE",
        "Via",
        "X-Forwarded-For",
        "Range"
      })
  void whatChangesTheMeaningOfAMessageNeverTrails(String name) {
    // Given
    Headers section = Headers.of(name, "x", "X-Fine", "y");
    Headers asking = Headers.of("TE", "trailers");
    // When
    Trailers response = Trailers.ofResponse(asking, Headers.of("Trailer", name), () -> section);
    Trailers request = Trailers.ofRequest(Headers.of("Trailer", name), () -> section);
    // Then
    assertThat(response.announced()).isEmpty();
    assertThat(response.arrived().get()).isEqualTo(Headers.of("X-Fine", "y"));
    assertThat(request.announced()).isEmpty();
    assertThat(request.arrived().get()).isEqualTo(Headers.of("X-Fine", "y"));
  }
}
