package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheControlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "max-age=60~60",
        "MAX-AGE=60~60",
        "max-age=\"60\"~60",
        "max-age = 60~60",
        "  ,, max-age=60 ,~60",
        "max-age=007~7",
        "max-age=60, max-age=1~60",
        "max-age=99999999999999999999~2147483647",
        "max-age=2147483648~2147483647",
        "max-age=-1~0",
        "max-age=1.5~0",
        "max-age='60'~0",
        "max-age=~0",
        "max-age~0",
        "max-age=60; public~0",
        "x=\"max-age=60\"~-1",
        "x=\"a, max-age=60\"~-1",
        "x=\"a, max-age=60~-1",
        "s-max-age=60~-1",
        "public~-1"
      })
  void maxAge(String field, long seconds) {
    assertThat(CacheControl.parse(field).maxAgeSeconds()).isEqualTo(seconds);
  }

  @Test
  void severalLinesAreOneList() {
    // Given
    Headers response =
        Headers.of("Cache-Control", "public", "cache-control", "s-maxage=5, Must-Revalidate");
    // When
    CacheControl control = CacheControl.of(response);
    // Then
    assertThat(control.isPublic()).isTrue();
    assertThat(control.mustRevalidate()).isTrue();
    assertThat(control.sharedMaxAgeSeconds()).isEqualTo(5);
  }

  @Test
  void qualifiedFormsNameFieldsAndDoNotCountAsTheWhole() {
    // When
    CacheControl control =
        CacheControl.parse("no-cache=\"Set-Cookie, X-A\", private=x-b, max-age=1");
    // Then
    assertThat(control.noCache()).isFalse();
    assertThat(control.noCacheFields()).containsExactlyInAnyOrder("set-cookie", "x-a");
    assertThat(control.isPrivate()).isFalse();
    assertThat(control.privateFields()).containsExactly("x-b");
  }

  @Test
  void anEmptyQualificationIsNone() {
    assertThat(CacheControl.parse("no-cache=\"\"").noCache()).isTrue();
    assertThat(CacheControl.parse("private=\"\"").isPrivate()).isTrue();
  }

  @Test
  void aStaleWindowThatIsNoNumberDoesNotExist() {
    CacheControl control =
        CacheControl.parse("stale-while-revalidate=x, stale-if-error, max-age=1");
    assertThat(control.staleWhileRevalidateSeconds()).isEqualTo(CacheControl.ABSENT);
    assertThat(control.staleIfErrorSeconds()).isEqualTo(CacheControl.ABSENT);
  }

  @Test
  void aRequestThatSaysNothingSharesOneInstance() {
    assertThat(RequestDirectives.of(Headers.of("Accept", "*/*"))).isSameAs(RequestDirectives.NONE);
  }

  @Test
  void pragmaCountsOnlyWithoutCacheControl() {
    assertThat(RequestDirectives.of(Headers.of("Pragma", "no-cache")).noCache()).isTrue();
    assertThat(
            RequestDirectives.of(Headers.of("Pragma", "no-cache", "Cache-Control", "max-age=5"))
                .noCache())
        .isFalse();
  }

  @Test
  void requestDirectives() {
    // When
    RequestDirectives asked =
        RequestDirectives.of(
            Headers.of(
                "Cache-Control", "max-stale, min-fresh=3, only-if-cached",
                "Cache-Control", "max-age=x, no-store, stale-if-error=9"));
    // Then
    assertThat(asked.maxStaleSeconds()).isEqualTo(RequestDirectives.ANY_STALENESS);
    assertThat(asked.minFreshSeconds()).isEqualTo(3);
    assertThat(asked.onlyIfCached()).isTrue();
    assertThat(asked.maxAgeSeconds()).isZero();
    assertThat(asked.noStore()).isTrue();
    assertThat(asked.staleIfErrorSeconds()).isEqualTo(9);
  }
}
