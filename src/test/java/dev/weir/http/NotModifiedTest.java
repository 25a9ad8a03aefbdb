package dev.weir.http;

import static dev.weir.http.Samples.T0;
import static dev.weir.http.Samples.secondsAfter;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NotModifiedTest {
  private static final long LATER = T0 + 100_000;

  @Test
  void fieldsAreReplacedAndTheResponseIsYoungAgain() {
    // Given
    StoredResponse stored =
        stored(
            "ETag",
            "\"a\"",
            "Age",
            "500",
            "Cache-Control",
            "max-age=10",
            "X-A",
            "1",
            "X-A",
            "2",
            "Content-Type",
            "text/plain",
            "Content-Encoding",
            "gzip",
            "Vary",
            "Accept-Encoding");
    Headers update =
        Headers.of(
            "x-a",
            "3",
            "Cache-Control",
            "max-age=20",
            "Content-Encoding",
            "br",
            "Content-Length",
            "0",
            "Vary",
            "Origin",
            "ETag",
            "W/\"a\"",
            "Connection",
            "close");
    // When
    StoredResponse merged = NotModified.merge(stored, update, LATER, LATER, List.of());
    // Then
    assertThat(merged.headers())
        .isEqualTo(
            Headers.of(
                "ETag",
                "\"a\"",
                "Content-Type",
                "text/plain",
                "Content-Encoding",
                "gzip",
                "Vary",
                "Accept-Encoding",
                "x-a",
                "3",
                "Cache-Control",
                "max-age=20",
                "Date",
                HttpDates.format(LATER)));
    assertThat(FreshnessInfo.of(merged).ttlMillis(LATER)).isEqualTo(20_000);
    assertThat(merged.status()).isEqualTo(200);
  }

  @Test
  void theDateOfTheAnswerCounts() {
    StoredResponse merged =
        NotModified.merge(
            stored("Cache-Control", "max-age=10"),
            Headers.of("Date", secondsAfter(95), "Age", "2"),
            LATER,
            LATER,
            List.of());
    assertThat(FreshnessInfo.of(merged).ageMillis(LATER)).isEqualTo(5000);
  }

  @Test
  void anAnswerAboutAnotherRepresentationIsFoundOut() {
    StoredResponse stored = stored("ETag", "\"a\"", "Last-Modified", secondsAfter(-9));
    assertThat(NotModified.speaksOf(stored, Headers.of("ETag", "\"a\""))).isTrue();
    assertThat(NotModified.speaksOf(stored, Headers.of("ETag", "W/\"a\""))).isTrue();
    assertThat(NotModified.speaksOf(stored, Headers.EMPTY)).isTrue();
    assertThat(NotModified.speaksOf(stored, Headers.of("ETag", "\"b\""))).isFalse();
    StoredResponse dated = stored("Last-Modified", secondsAfter(-9));
    assertThat(NotModified.speaksOf(dated, Headers.of("Last-Modified", secondsAfter(-9)))).isTrue();
    assertThat(NotModified.speaksOf(dated, Headers.of("Last-Modified", secondsAfter(-8))))
        .isFalse();
  }

  @Test
  void anAnswerMayForbidToKeepIt() {
    StoredResponse stored = stored("Cache-Control", "max-age=10");
    assertThat(NotModified.mayStay(merge(stored, "no-store"), List.of())).isFalse();
    assertThat(NotModified.mayStay(merge(stored, "private"), List.of())).isFalse();
    assertThat(NotModified.mayStay(merge(stored, "max-age=1"), List.of())).isTrue();
  }

  @Test
  void aCookieOfA304IsNotReplayedUnderAGuessedLifetime() {
    StoredResponse stored = stored("Last-Modified", secondsAfter(-9), "ETag", "\"a\"");
    StoredResponse merged =
        NotModified.merge(stored, Headers.of("Set-Cookie", "a=b"), LATER, LATER, List.of());
    assertThat(merged.headers().has("Set-Cookie")).isFalse();
  }

  @Test
  void aCookieOfA304IsNotReplayedUnderALifetimeThatIsNone() {
    // Given
    StoredResponse stored = stored("Cache-Control", "max-age=60", "ETag", "\"a\"");
    for (String control : List.of("max-age=0", "max-age=60, no-cache", "s-maxage=0, max-age=9")) {
      // When
      Headers update = Headers.of("Cache-Control", control, "Set-Cookie", "session=alice");
      StoredResponse merged = NotModified.merge(stored, update, LATER, LATER, List.of());
      // Then
      assertThat(merged.headers().has("Set-Cookie")).as(control).isFalse();
    }
    Headers fresh = Headers.of("Cache-Control", "max-age=9", "Set-Cookie", "a=b");
    assertThat(
            NotModified.merge(stored, fresh, LATER, LATER, List.of()).headers().all("Set-Cookie"))
        .containsExactly("a=b");
  }

  private static StoredResponse merge(StoredResponse stored, String field) {
    return NotModified.merge(stored, Headers.of("Cache-Control", field), LATER, LATER, List.of());
  }
}
