package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillIntent;
import dev.weir.fill.Unstored;
import dev.weir.http.Authority;
import dev.weir.http.CachingMode;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Storability;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a response, by its head and what is held. */
final class JudgementTest {
  private static final long NOW = 1_800_000_000_000L;
  private static final FillIntent FOR_ITS_CLIENT =
      new FillIntent.Relay(new Unstored.Refused(Storability.Refusal.AUTHORIZATION));

  private static FillIntent judge(
      CachingMode mode, @Nullable Entry held, Headers request, int status, String... fields) {
    RequestHead sent =
        new RequestHead("GET", "http", new Authority("origin.test", 80), "/", request);
    return new Judgement(sent, mode, StorageRules.STANDARD, vary -> new VariantKey("v"), held, 1000)
        .judge(new ResponseHead(status, "", Headers.of(fields)), NOW, NOW);
  }

  private static Entry held(String... fields) {
    return new Entry(
        new PrimaryKey("http", "origin.test", "00"),
        VariantKey.NONE,
        "http://origin.test/",
        new StoredResponse(200, "OK", Headers.of(fields), "GET", NOW - 100_000, NOW - 100_000),
        new Body.Inline(new byte[] {1}),
        Epoch.FIRST,
        new FillId("f"));
  }

  @ParameterizedTest
  @CsvSource({
    "200, max-age=60,    STORE",
    "200, no-store,      RELAY",
    "200, private,       RELAY",
    "301, max-age=60,    STORE",
    "404, max-age=60,    STORE",
    "404, x=y,           SHARE",
    "403, x=y,           RELAY",
    "401, max-age=60,    RELAY",
    "429, max-age=60,    SHARE",
    "500, x=y,           SHARE",
    "500, private,       RELAY",
    "503, no-store,      SHARE",
    "503, max-age=60,    STORE",
    "503, max-age=0,     SHARE",
    "501, public,        SHARE",
    "304, max-age=60,    RELAY",
    "206, max-age=60,    RELAY",
  })
  void byStatusAndDirectives(int status, String cacheControl, String expected) {
    // When
    FillIntent intent =
        judge(CachingMode.STANDARD, null, Headers.EMPTY, status, "Cache-Control", cacheControl);

    // Then
    String kind =
        switch (intent) {
          case FillIntent.Store ignored -> "STORE";
          case FillIntent.StorePart ignored -> "PART";
          case FillIntent.Share ignored -> "SHARE";
          case FillIntent.Relay ignored -> "RELAY";
          case FillIntent.Refresh ignored -> "REFRESH";
        };
    assertThat(kind).isEqualTo(expected);
  }

  @Test
  void a304OfTheHeldEntryRefreshesIt() {
    // Given
    Entry held = held("ETag", "\"a\"", "Cache-Control", "max-age=1");

    // When
    FillIntent intent =
        judge(
            CachingMode.STANDARD,
            held,
            Headers.EMPTY,
            304,
            "ETag",
            "\"a\"",
            "Cache-Control",
            "max-age=9");

    // Then
    assertThat(intent).isInstanceOf(FillIntent.Refresh.class);
    Entry refreshed = ((FillIntent.Refresh) intent).refreshed();
    assertThat(refreshed.response().headers().combined("Cache-Control")).isEqualTo("max-age=9");
    assertThat(refreshed.response().responseTimeMillis()).isEqualTo(NOW);
    assertThat(refreshed.tag()).isEqualTo(held.tag());
  }

  @Test
  void a304OfSomethingElseRefreshesNothing() {
    // When
    FillIntent intent =
        judge(CachingMode.STANDARD, held("ETag", "\"a\""), Headers.EMPTY, 304, "ETag", "\"b\"");

    // Then
    assertThat(intent).isEqualTo(new FillIntent.Relay(Unstored.Cause.VALIDATOR_MISMATCH));
  }

  @Test
  void a304ThatForbidsStoringIsServedOnce() {
    // When
    FillIntent intent =
        judge(
            CachingMode.STANDARD,
            held("ETag", "\"a\""),
            Headers.EMPTY,
            304,
            "Cache-Control",
            "no-store");

    // Then
    assertThat(intent).isEqualTo(new FillIntent.Relay(Unstored.Cause.MAY_NOT_STAY));
  }

  @Test
  void anErrorThatMayBeStoredDoesNotReplaceWhatCoversForIt() {
    // When
    FillIntent covered =
        judge(
            CachingMode.STALE_IF_ERROR,
            held("Cache-Control", "max-age=1"),
            Headers.EMPTY,
            404,
            "Cache-Control",
            "max-age=60");
    FillIntent gone =
        judge(
            CachingMode.STANDARD,
            held("Cache-Control", "max-age=1"),
            Headers.EMPTY,
            404,
            "Cache-Control",
            "max-age=60");

    // Then
    assertThat(covered).isInstanceOf(FillIntent.Share.class);
    assertThat(gone).isInstanceOf(FillIntent.Store.class);
  }

  @Test
  void whatIsTooLargeForARangeIsNotFetchedWhole() {
    // When
    FillIntent intent =
        judge(
            CachingMode.STANDARD,
            null,
            Headers.EMPTY,
            200,
            "Content-Length",
            "1001",
            "Cache-Control",
            "max-age=60");

    // Then
    assertThat(intent).isEqualTo(new FillIntent.Relay(Unstored.Cause.TOO_LARGE_FOR_RANGE));
  }

  @Test
  void anAnswerToCredentialsIsForItsClientAlone() {
    // When
    FillIntent intent =
        judge(
            CachingMode.STANDARD,
            null,
            Headers.of("Authorization", "Bearer t"),
            200,
            "Cache-Control",
            "max-age=60");

    // Then
    assertThat(intent).isEqualTo(FOR_ITS_CLIENT);
  }

  @Test
  void a304ToCredentialsTellsNobodyElseAnything() {
    // Given
    Headers credentials = Headers.of("Authorization", "Bearer t");
    Entry held = held("ETag", "\"a\"", "Cache-Control", "max-age=1");

    // When
    FillIntent own =
        judge(CachingMode.STANDARD, held, credentials, 304, "Cache-Control", "max-age=60");
    FillIntent shared =
        judge(CachingMode.STANDARD, held, credentials, 304, "Cache-Control", "s-maxage=60");

    // Then
    assertThat(own).isEqualTo(FOR_ITS_CLIENT);
    assertThat(shared).isInstanceOf(FillIntent.Refresh.class);
  }
}
