package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "private=\"x, no-store",
        "x=\"a, no-store, max-age=60",
        "x=\"a\\\", no-store",
        "x=\", public, NO-STORE=1",
        "x=a\"b, no-store, y=\"c\"",
        "x=\"a\"b, no-store\"",
        "no-store\"",
        "\"no-store"
      })
  void whatForbidsStoringIsSeenBehindAStrayQuote(String field) {
    assertThat(CacheControl.parse(field).noStore()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "private=\"set-cookie, max-age=60~true~true",
        "max-age=60, no-cache=\"x~false~true",
        "x=\"a, private=\"set-cookie\"~true~false",
        "x=\"a, must-revalidate~false~true",
        "x=\"a, s-maxage=60~false~true",
        "x=\"a, public~false~false"
      })
  void whatRestrictsIsSeenBehindAStrayQuote(String field, boolean isPrivate, boolean noCache) {
    // When
    CacheControl control = CacheControl.parse(field);

    // Then
    assertThat(control.isPrivate()).isEqualTo(isPrivate);
    assertThat(control.noCache()).isEqualTo(noCache);
  }

  @Test
  void whatAllowsMoreIsNotBelievedBehindAStrayQuote() {
    // When
    CacheControl control =
        CacheControl.parse(
            "x=\"a, public, immutable, max-age=60, s-maxage=60, stale-if-error=60,"
                + " stale-while-revalidate=60");

    // Then
    assertThat(control.isPublic()).isFalse();
    assertThat(control.immutable()).isFalse();
    assertThat(control.maxAgeSeconds()).isEqualTo(CacheControl.ABSENT);
    assertThat(control.sharedMaxAgeSeconds()).isEqualTo(CacheControl.ABSENT);
    assertThat(control.staleIfErrorSeconds()).isEqualTo(CacheControl.ABSENT);
    assertThat(control.staleWhileRevalidateSeconds()).isEqualTo(CacheControl.ABSENT);
  }

  @Test
  void whatARequestForbidsIsSeenBehindAStrayQuote() {
    // When
    RequestDirectives asked =
        RequestDirectives.of(Headers.of("Cache-Control", "x=\"a, no-store, max-age=0, max-stale"));

    // Then
    assertThat(asked.noStore()).isTrue();
    assertThat(asked.asksValidation()).isTrue();
    assertThat(asked.maxStaleSeconds()).isEqualTo(CacheControl.ABSENT);
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
