package dev.weir.http;

import static dev.weir.http.Samples.DATE;
import static dev.weir.http.Samples.T0;
import static dev.weir.http.Samples.get;
import static dev.weir.http.Samples.secondsAfter;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Storability.Refusal;
import dev.weir.http.Storability.Refused;
import dev.weir.http.Storability.Storable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StorabilityTest {
  private static final StorageRules OVERRIDE =
      StorageRules.STANDARD.withFreshnessOverrideMillis(1000);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "200 | max-age=1 | stored",
        "200 | - | stored",
        "200 | no-cache | stored",
        "200 | max-age=0 | stored",
        "200 | no-store | no-store",
        "200 | private | private",
        "200 | private=\"x\" | stored",
        "200 | must-understand, no-store | stored",
        "299 | must-understand, max-age=9 | no-store",
        "299 | max-age=9 | stored",
        "301 | - | stored",
        "302 | - | no-lifetime",
        "302 | max-age=1 | stored",
        "302 | public | stored",
        "404 | - | no-lifetime",
        "404 | public | no-lifetime",
        "404 | max-age=0 | no-lifetime",
        "404 | max-age=1 | stored",
        "500 | max-age=1 | stored",
        "206 | max-age=1 | partial",
        "304 | max-age=1 | partial",
        "400 | max-age=1 | stored",
        "400 | public | no-lifetime",
        "599 | max-age=1 | stored",
        "599 | must-understand, no-store, max-age=9 | no-store",
        "401 | max-age=1 | status",
        "414 | max-age=1 | stored",
        "429 | max-age=1 | status",
        "431 | max-age=1 | status"
      })
  void byStatusAndDirectives(int status, String field, String verdict) {
    Headers headers =
        field == null ? Headers.of("Date", DATE) : Headers.of("Cache-Control", field, "Date", DATE);
    assertThat(verdict(get(), status, headers, StorageRules.STANDARD)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND"})
  void onlyGetIsStored(String method) {
    Headers fresh = Headers.of("Cache-Control", "max-age=1");
    assertThat(verdict(get().withMethod(method), 200, fresh, StorageRules.STANDARD))
        .isEqualTo("method");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max-age=1 | authorization",
        "public | stored",
        "max-age=1, must-revalidate | stored",
        "s-maxage=1 | stored",
        "max-age=1, proxy-revalidate | authorization"
      })
  void authorization(String field, String verdict) {
    Headers headers = Headers.of("Cache-Control", field, "Date", DATE);
    RequestHead request = get("Authorization", "Bearer x");
    assertThat(verdict(request, 200, headers, StorageRules.STANDARD)).isEqualTo(verdict);
    assertThat(verdict(request, 200, headers, StorageRules.STANDARD.withStoreAuthorized(true)))
        .isEqualTo("stored");
  }

  @Test
  void aClientsNoStoreIsHonoured() {
    assertThat(
            verdict(
                get("Cache-Control", "no-store"),
                200,
                Headers.of("Cache-Control", "max-age=1"),
                StorageRules.STANDARD))
        .isEqualTo("request-no-store");
  }

  @Test
  void varyAnyIsNotStored() {
    Headers headers = Headers.of("Cache-Control", "max-age=1", "Vary", "Accept, *");
    assertThat(verdict(get(), 200, headers, StorageRules.STANDARD)).isEqualTo("vary-any");
  }

  @Test
  void cookiesAreStoredOnlyUnderALifetimeTheOriginGave() {
    Headers explicit = Headers.of("Cache-Control", "max-age=1", "Set-Cookie", "a=b");
    Headers guess =
        Headers.of("Date", DATE, "Last-Modified", secondsAfter(-999), "Set-Cookie", "a=b");
    Headers named = guess.plus("Cache-Control", "private=\"Set-Cookie\"");
    StorageRules without = new StorageRules(1000, 0, false, false, java.util.List.of());
    assertThat(verdict(get(), 200, explicit, StorageRules.STANDARD)).isEqualTo("stored");
    assertThat(verdict(get(), 200, explicit, without)).isEqualTo("set-cookie");
    assertThat(verdict(get(), 200, guess, StorageRules.STANDARD)).isEqualTo("set-cookie");
    assertThat(verdict(get(), 200, named, StorageRules.STANDARD)).isEqualTo("stored");
  }

  @Test
  void contentThatNeverChangesIsStoredWithoutItsCookie() {
    // Given
    Headers headers = Headers.of("Set-Cookie", "a=b", "ETag", "\"1\"");
    // When
    Storability verdict =
        Storability.judge(
            get("Cache-Control", "no-store"),
            new ResponseHead(200, "OK", headers),
            T0,
            T0,
            OVERRIDE);
    // Then
    assertThat(verdict).isInstanceOf(Storable.class);
    assertThat(((Storable) verdict).response().headers()).isEqualTo(Headers.of("ETag", "\"1\""));
  }

  @Test
  void anOverrideNeverStoresWhatTheOriginForbidsOrOneVisitorsPage() {
    assertThat(verdict(get(), 200, Headers.of("Cache-Control", "no-store"), OVERRIDE))
        .isEqualTo("no-store");
    assertThat(verdict(get(), 200, Headers.of("Cache-Control", "private"), OVERRIDE))
        .isEqualTo("private");
    assertThat(verdict(get("Cookie", "s=1"), 200, Headers.EMPTY, OVERRIDE)).isEqualTo("cookie");
    assertThat(verdict(get("Authorization", "x"), 200, Headers.EMPTY, OVERRIDE))
        .isEqualTo("authorization");
    assertThat(verdict(get(), 302, Headers.EMPTY, OVERRIDE)).isEqualTo("no-lifetime");
  }

  @Test
  void whatIsStoredIsCleaned() {
    // Given
    Headers headers =
        Headers.of(
            "Cache-Control",
            "max-age=1, private=\"X-P\", no-cache=\"X-N\"",
            "X-P",
            "1",
            "x-n",
            "2",
            "Connection",
            "X-C, Cache-Control",
            "X-C",
            "3",
            "Transfer-Encoding",
            "chunked",
            "Content-Length",
            "5",
            "Vary",
            "B, a",
            "X-Kept",
            "4");
    // When
    Storability verdict =
        Storability.judge(
            get(), new ResponseHead(200, "OK", headers), T0, T0 + 1, StorageRules.STANDARD);
    // Then
    Storable storable = (Storable) verdict;
    assertThat(storable.vary()).containsExactly("b", "a");
    assertThat(storable.response().responseTimeMillis()).isEqualTo(T0 + 1);
    assertThat(storable.response().headers())
        .isEqualTo(
            Headers.of(
                "Cache-Control",
                "max-age=1, private=\"X-P\", no-cache=\"X-N\"",
                "Vary",
                "B, a",
                "X-Kept",
                "4"));
  }

  @Test
  void aRefusalByTheResponseIsWorthRemembering() {
    assertThat(Refusal.NO_STORE.isByResponse()).isTrue();
    assertThat(Refusal.AUTHORIZATION.isByResponse()).isFalse();
    assertThat(Refusal.STATUS.isByResponse()).isFalse();
  }

  private static String verdict(
      RequestHead request, int status, Headers headers, StorageRules rules) {
    return switch (Storability.judge(
        request, new ResponseHead(status, "", headers), T0, T0, rules)) {
      case Storable stored -> "stored";
      case Refused refused -> refused.reason().label();
    };
  }
}
