package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Manifest;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.filters.Filters;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Matcher;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Rule;
import dev.weir.testing.Eventually;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which hits are answered by the object store. */
class RedirectingTest {
  private static final RedirectSettings SETTINGS =
      new RedirectSettings(true, 1000, List.of("pip/"));

  private static final PrimaryKey KEY = new PrimaryKey("https", "a.test", "1".repeat(56));
  private static final Epoch EPOCH = new Epoch(1);
  private static final FillId TAG = new FillId("3".repeat(32));

  private static Entry entry(int status, long length, String... fields) {
    return new Entry(
        KEY,
        VariantKey.NONE,
        "https://a.test/b",
        new StoredResponse(status, "", Headers.of(fields), "GET", 0, 0),
        new Body.Chunked(new Manifest(length, length, List.of(new ChunkId("ab".repeat(32))))),
        EPOCH,
        TAG);
  }

  private static RequestHead request(String... fields) {
    return new RequestHead("GET", "https", new Authority("a.test", 443), "/b", Headers.of(fields));
  }

  private static boolean redirects(RequestHead request, Entry entry) {
    return Redirecting.decide(request, entry, true, SETTINGS)
        instanceof Redirecting.Decision.Redirect;
  }

  @Test
  void aLargeWholeOneForEverybodyIsRedirectedWithItsFields() {
    // Given
    Entry entry =
        entry(
            200,
            1000,
            "Content-Type",
            "text/plain",
            "Cache-Control",
            "max-age=60",
            "ETag",
            "\"a\"");
    // When
    Redirecting.Decision decision = Redirecting.decide(request(), entry, true, SETTINGS);
    // Then
    assertThat(decision)
        .isEqualTo(
            new Redirecting.Decision.Redirect(
                Map.of("content-type", "text/plain", "cache-control", "max-age=60")));
    assertThat(Redirecting.decide(request(), entry, false, SETTINGS))
        .isInstanceOf(Redirecting.Decision.Stream.class);
  }

  @ParameterizedTest
  @CsvSource({
    "Authorization, Basic abc",
    "Cookie, a=b",
    "Range, bytes=0-1",
    "If-None-Match, *",
    "If-Modified-Since, x",
    "If-Range, x",
    "User-Agent, pip/24.0"
  })
  void whatARequestBringsKeepsItHere(String name, String value) {
    assertThat(redirects(request(name, value), entry(200, 1000))).isFalse();
    assertThat(redirects(request("User-Agent", "curl/8 pip/"), entry(200, 1000))).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "Cache-Control, private",
    "Cache-Control, 'max-age=1, private=\"a\"'",
    "Set-Cookie, a=b",
    "Content-Disposition, attachment; filename=\u00e4"
  })
  void whatAResponseSaysKeepsItHere(String name, String value) {
    assertThat(redirects(request(), entry(200, 1000, name, value))).isFalse();
  }

  @Test
  void aRuleDecidesWhateverIsSetForTheNode() throws Exception {
    // Given
    Matcher some = new Matcher.Contains(Matcher.Part.PATH, "range-data/20");
    PolicyTable rules =
        new PolicyTable(
            List.of(new Rule("some", some, Effects.of(Effect.OBJECT_REDIRECT, true), false)),
            Policy.STANDARD);
    String there = "https://objects.example/it";
    try (Rig rig =
        new Rig(
            () -> rules,
            "weir.exchange.redirect { on = off, min-bytes = 1000 }",
            Filters.NONE,
            (entry, isHead, fields) -> CompletableFuture.completedFuture(Optional.of(there)))) {
      for (String path : List.of("/range-data/2000", "/range-data/3000")) {
        rig.get(path);
        Eventually.holds(rig::nothingRuns);
      }

      // When
      Rig.Got redirected = rig.get("/range-data/2000");
      Rig.Got streamed = rig.get("/range-data/3000");

      // Then
      assertThat(redirected.status()).isEqualTo(303);
      assertThat(redirected.headers().first("Location")).isEqualTo(there);
      assertThat(streamed.status()).isEqualTo(200);
      assertThat(streamed.cacheStatus()).contains("hit");
    }
  }

  @Test
  void smallOnesErrorsAndPartsAreStreamed() {
    // Given
    Entry part =
        new Entry(
            KEY,
            VariantKey.NONE,
            "https://a.test/b",
            new StoredResponse(200, "", Headers.EMPTY, "GET", 0, 0),
            new Body.Segmented(5000, List.of()),
            EPOCH,
            TAG);
    // Then
    assertThat(redirects(request(), entry(200, 999))).isFalse();
    assertThat(redirects(request(), entry(404, 1000))).isFalse();
    assertThat(redirects(request(), part)).isFalse();
  }
}
