package dev.weir.http;

import static dev.weir.http.CachingMode.ALWAYS_UPSTREAM;
import static dev.weir.http.CachingMode.ALWAYS_VALIDATE;
import static dev.weir.http.CachingMode.NO_REFRESH;
import static dev.weir.http.CachingMode.STALE_IF_ERROR;
import static dev.weir.http.CachingMode.STANDARD;
import static dev.weir.http.Samples.T0;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StaleOnErrorTest {
  private static final long LATER = T0 + 100_000;

  /** Stale for 90 s; whether each failure is covered, by mode. */
  @ParameterizedTest
  @CsvSource({
    // failure, STANDARD, STALE_IF_ERROR, ALWAYS_UPSTREAM
    "connect, true, true, true",
    "timeout, true, true, true",
    "500, false, true, true",
    "503, false, true, true",
    "599, false, true, true",
    "404, false, true, false",
    "410, false, true, false",
    "429, false, true, false",
    "400, false, true, false",
    "451, false, true, false",
    "401, false, false, false",
    "403, false, false, false",
    "407, false, false, false",
    "301, false, false, false",
    "200, false, false, false"
  })
  void byMode(String failure, boolean standard, boolean staleIfError, boolean alwaysUpstream) {
    // Given
    OriginTrouble trouble =
        switch (failure) {
          case "connect" -> OriginTrouble.UNREACHABLE;
          case "timeout" -> OriginTrouble.TIMED_OUT;
          default -> new OriginTrouble.Answered(Integer.parseInt(failure));
        };
    String field = "max-age=10";
    // Then
    assertThat(allowed(trouble, STANDARD, field)).isEqualTo(standard);
    assertThat(allowed(trouble, STALE_IF_ERROR, field)).isEqualTo(staleIfError);
    assertThat(allowed(trouble, NO_REFRESH, field)).isEqualTo(staleIfError);
    assertThat(allowed(trouble, ALWAYS_VALIDATE, field)).isEqualTo(staleIfError);
    assertThat(allowed(trouble, ALWAYS_UPSTREAM, field)).isEqualTo(alwaysUpstream);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max-age=10, stale-if-error=91 | 503 | true",
        "max-age=10, stale-if-error=90 | 503 | false",
        "max-age=10, stale-if-error=91 | 501 | false",
        "max-age=10, stale-if-error=91 | 404 | false",
        "max-age=10, immutable | 503 | true",
        "immutable | 503 | false",
        "max-age=10, stale-if-error=91, must-revalidate | 503 | false",
        "s-maxage=10, stale-if-error=91 | 503 | false",
        "max-age=500 | 503 | true",
        "max-age=500 | 404 | false"
      })
  void standardByTheResponsesOwnWords(String field, int status, boolean covered) {
    assertThat(allowed(new OriginTrouble.Answered(status), STANDARD, field)).isEqualTo(covered);
  }

  @Test
  void aLostConnectionIsNoExcuseWhereStaleIsForbidden() {
    for (String forbids :
        new String[] {"must-revalidate", "proxy-revalidate", "s-maxage=1", "no-cache"}) {
      assertThat(allowed(OriginTrouble.UNREACHABLE, STANDARD, "max-age=10, " + forbids))
          .as(forbids)
          .isFalse();
      assertThat(allowed(OriginTrouble.UNREACHABLE, STALE_IF_ERROR, "max-age=10, " + forbids))
          .as(forbids)
          .isTrue();
    }
  }

  @Test
  void theClientMayAskForStaleOnErrorToo() {
    RequestDirectives asks = RequestDirectives.of(Headers.of("Cache-Control", "stale-if-error=99"));
    FreshnessInfo info = FreshnessInfo.of(stored("Cache-Control", "max-age=10"));
    assertThat(StaleOnError.allowed(LATER, new OriginTrouble.Answered(502), STANDARD, asks, info))
        .isTrue();
  }

  private static boolean allowed(OriginTrouble trouble, CachingMode mode, String field) {
    FreshnessInfo info = FreshnessInfo.of(stored("Cache-Control", field));
    return StaleOnError.allowed(LATER, trouble, mode, RequestDirectives.NONE, info);
  }
}
