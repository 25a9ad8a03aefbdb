package dev.weir.http;

import static dev.weir.http.Samples.DATE;
import static dev.weir.http.Samples.T0;
import static dev.weir.http.Samples.secondsAfter;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.FreshnessInfo.LifetimeSource;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FreshnessTest {
  private static final long DAY = 86_400;

  static Stream<Arguments> lifetimes() {
    String future = secondsAfter(100);
    return Stream.of(
        lifetime(LifetimeSource.MAX_AGE, 60, "Cache-Control", "max-age=60"),
        lifetime(LifetimeSource.SHARED_MAX_AGE, 5, "Cache-Control", "max-age=60, s-maxage=5"),
        lifetime(LifetimeSource.MAX_AGE, 60, "Cache-Control", "max-age=60", "Expires", future),
        lifetime(LifetimeSource.MAX_AGE, 0, "Cache-Control", "max-age=x", "Expires", future),
        lifetime(LifetimeSource.EXPIRES, 100, "Expires", future),
        lifetime(LifetimeSource.EXPIRES, 0, "Expires", "0"),
        lifetime(LifetimeSource.EXPIRES, 0, "Expires", secondsAfter(-5)),
        lifetime(LifetimeSource.EXPIRES, 0, "Expires", "0", "Last-Modified", secondsAfter(-DAY)),
        lifetime(LifetimeSource.HEURISTIC, DAY / 10, "Last-Modified", secondsAfter(-DAY)),
        lifetime(LifetimeSource.HEURISTIC, DAY, "Last-Modified", secondsAfter(-1000 * DAY)),
        lifetime(LifetimeSource.HEURISTIC, 0, "Last-Modified", secondsAfter(DAY)),
        lifetime(LifetimeSource.NONE, 0, "Last-Modified", "yesterday"),
        lifetime(LifetimeSource.NONE, 0));
  }

  private static Arguments lifetime(LifetimeSource source, long seconds, String... fields) {
    return Arguments.of(source, seconds, fields);
  }

  @ParameterizedTest
  @MethodSource("lifetimes")
  void lifetimeOf(LifetimeSource source, long seconds, String[] fields) {
    FreshnessInfo info = FreshnessInfo.of(stored(fields));
    assertThat(info.source()).isEqualTo(source);
    assertThat(info.lifetimeMillis()).isEqualTo(seconds * 1000);
  }

  @Test
  void aStatusThatAllowsNoGuessHasNoHeuristicLifetime() {
    String old = secondsAfter(-DAY);
    assertThat(FreshnessInfo.of(stored(302, "Last-Modified", old)).lifetimeMillis()).isZero();
    assertThat(
            FreshnessInfo.of(stored(302, "Last-Modified", old, "Cache-Control", "public"))
                .lifetimeMillis())
        .isPositive();
  }

  @Test
  void ageIsTheGreaterOfWhatDateAndAgeShow() {
    // Given: sent 10 s ago by its Date, on the way for 2 s
    Headers byDate = Headers.of("Date", secondsAfter(-10), "Age", "3");
    Headers byAge = Headers.of("Date", DATE, "Age", "30");
    // Then
    assertThat(age(byDate, T0 - 2000)).isEqualTo(10_000);
    assertThat(age(byAge, T0 - 2000)).isEqualTo(32_000);
  }

  @Test
  void oddAgeFields() {
    assertThat(age(Headers.of("Date", DATE, "Age", "7, 8"), T0)).isEqualTo(7000);
    assertThat(age(Headers.of("Date", DATE, "Age", "7", "Age", "9"), T0)).isEqualTo(7000);
    assertThat(age(Headers.of("Date", DATE, "Age", "-7"), T0)).isZero();
    assertThat(age(Headers.of("Date", DATE, "Age", "x"), T0)).isZero();
    assertThat(age(Headers.of("Date", DATE, "Age", "99999999999"), T0))
        .isEqualTo(Integer.MAX_VALUE * 1000L);
  }

  private static long age(Headers headers, long requestTime) {
    return FreshnessInfo.of(new StoredResponse(200, "", headers, "GET", requestTime, T0))
        .ageMillis(T0);
  }

  @Test
  void theClockMayGoBackwards() {
    FreshnessInfo info = FreshnessInfo.of(stored("Cache-Control", "max-age=1"));
    assertThat(info.ageMillis(T0 - 50_000)).isZero();
  }

  @Test
  void freshUntilItsLifetimeIsOver() {
    FreshnessInfo info = FreshnessInfo.of(stored("Cache-Control", "max-age=1"));
    assertThat(info.isFresh(T0 + 999)).isTrue();
    assertThat(info.isFresh(T0 + 1000)).isFalse();
  }

  @Test
  void staleWindowsAndWhatForbidsThem() {
    // Given
    String windows = "max-age=1, stale-while-revalidate=2, stale-if-error=3";
    // Then
    FreshnessInfo free = FreshnessInfo.of(stored("Cache-Control", windows));
    assertThat(free.staleWhileRevalidateMillis()).isEqualTo(2000);
    assertThat(free.staleIfErrorMillis()).isEqualTo(3000);
    for (String forbids :
        new String[] {"must-revalidate", "proxy-revalidate", "s-maxage=9", "no-cache"}) {
      FreshnessInfo info = FreshnessInfo.of(stored("Cache-Control", windows + ", " + forbids));
      assertThat(info.staleWhileRevalidateMillis()).as(forbids).isZero();
      assertThat(info.staleIfErrorMillis()).as(forbids).isZero();
    }
  }
}
