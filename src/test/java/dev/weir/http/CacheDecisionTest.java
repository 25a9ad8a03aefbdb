package dev.weir.http;

import static dev.weir.http.CachingMode.ALWAYS_UPSTREAM;
import static dev.weir.http.CachingMode.ALWAYS_VALIDATE;
import static dev.weir.http.CachingMode.NO_REFRESH;
import static dev.weir.http.CachingMode.STALE_IF_ERROR;
import static dev.weir.http.CachingMode.STANDARD;
import static dev.weir.http.Samples.T0;
import static dev.weir.http.Samples.get;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.CacheDecision.Cause;
import dev.weir.http.CacheDecision.Fresh;
import dev.weir.http.CacheDecision.MustFetch;
import dev.weir.http.CacheDecision.MustValidate;
import dev.weir.http.CacheDecision.OnlyIfCachedMiss;
import dev.weir.http.CacheDecision.Stale;
import dev.weir.http.CacheDecision.StaleWhileRevalidate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CacheDecisionTest {
  private static final String TEN = "max-age=10";
  private static final String SWR = "max-age=10, stale-while-revalidate=5";

  /** Mode, response directives, request directives, seconds since it was stored, answer. */
  static Stream<Arguments> table() {
    return Stream.of(
        row(STANDARD, TEN, "", 9, new Fresh(9000, 1000, false)),
        row(STANDARD, TEN, "", 10, must(Cause.STALE, 10)),
        row(STALE_IF_ERROR, TEN, "", 11, must(Cause.STALE, 11)),
        row(STANDARD, "max-age=10, no-cache", "", 1, must(Cause.RESPONSE_NO_CACHE, 1)),
        row(STANDARD, "max-age=10, no-cache=\"x\"", "", 1, new Fresh(1000, 9000, false)),
        row(STANDARD, TEN, "no-cache", 1, must(Cause.REQUEST, 1)),
        row(STANDARD, TEN, "max-age=0", 0, must(Cause.REQUEST, 0)),
        row(STANDARD, TEN, "max-age=3", 3, new Fresh(3000, 7000, false)),
        row(STANDARD, TEN, "max-age=3", 4, must(Cause.REQUEST, 4)),
        row(STANDARD, TEN, "min-fresh=3", 7, new Fresh(7000, 3000, false)),
        row(STANDARD, TEN, "min-fresh=3", 8, must(Cause.REQUEST, 8)),
        row(STANDARD, TEN, "max-stale=5", 15, new Stale(15_000, -5000, false)),
        row(STANDARD, TEN, "max-stale=5", 16, must(Cause.STALE, 16)),
        row(STANDARD, TEN, "max-stale", 9999, new Stale(9_999_000, -9_989_000, false)),
        row(STANDARD, "max-age=10, must-revalidate", "max-stale", 11, must(Cause.STALE, 11)),
        row(STANDARD, "s-maxage=10", "max-stale", 11, must(Cause.STALE, 11)),
        row(STANDARD, TEN, "max-stale, max-age=3", 11, must(Cause.REQUEST, 11)),
        row(STANDARD, SWR, "", 14, new StaleWhileRevalidate(14_000, -4000, false)),
        row(STANDARD, SWR, "", 15, must(Cause.STALE, 15)),
        row(STANDARD, SWR, "no-cache", 14, must(Cause.REQUEST, 14)),
        row(STANDARD, SWR + ", must-revalidate", "", 14, must(Cause.STALE, 14)),
        row(STANDARD, TEN, "only-if-cached", 1, new Fresh(1000, 9000, false)),
        row(STANDARD, TEN, "only-if-cached", 11, new OnlyIfCachedMiss()),
        row(STANDARD, TEN, "only-if-cached, max-stale=5", 11, new Stale(11_000, -1000, false)),
        row(NO_REFRESH, TEN, "no-cache", 99, new Stale(99_000, -89_000, true)),
        row(NO_REFRESH, TEN, "no-cache", 9, new Fresh(9000, 1000, false)),
        row(NO_REFRESH, "no-cache", "", 9, new Stale(9000, -9000, true)),
        row(ALWAYS_UPSTREAM, TEN, "", 1, new MustFetch(1000, 9000)),
        row(ALWAYS_UPSTREAM, TEN, "only-if-cached", 1, new OnlyIfCachedMiss()),
        row(ALWAYS_VALIDATE, TEN, "", 1, must(Cause.POLICY, 1)));
  }

  private static Arguments row(
      CachingMode mode, String response, String request, long seconds, CacheDecision answer) {
    return Arguments.of(mode, response, request, seconds, answer);
  }

  /** With the lifetime of ten seconds or none that the table's responses have. */
  private static MustValidate must(Cause cause, long seconds) {
    return new MustValidate(cause, seconds * 1000, (10 - seconds) * 1000);
  }

  @ParameterizedTest(name = "{0}: [{1}] asked with [{2}] after {3} s")
  @MethodSource("table")
  void decides(
      CachingMode mode, String response, String request, long seconds, CacheDecision answer) {
    // Given
    RequestHead asked = request.isEmpty() ? get() : get("Cache-Control", request);
    StoredResponse stored = stored("Cache-Control", response);
    // When
    CacheDecision decision =
        CacheDecision.decide(T0 + seconds * 1000, asked, mode, stored, ServingRules.NONE);
    // Then
    assertThat(decision).isEqualTo(answer);
  }

  @Test
  void aRulesForcedWindowWinsOverTheClientsNoCacheAndTheResponsesOwn() {
    // Given
    ServingRules rules = new ServingRules(60_000, 0);
    RequestHead reload = get("Cache-Control", "no-cache");
    StoredResponse stored = stored("Cache-Control", "no-cache, max-age=10");
    // Then
    assertThat(CacheDecision.decide(T0 + 5000, reload, STANDARD, stored, rules))
        .isEqualTo(new StaleWhileRevalidate(5000, 5000, true));
    assertThat(CacheDecision.decide(T0 + 60_000, get(), STANDARD, stored, rules))
        .isEqualTo(new StaleWhileRevalidate(60_000, -50_000, true));
    assertThat(CacheDecision.decide(T0 + 60_001, get(), STANDARD, stored, rules))
        .isInstanceOf(MustValidate.class);
  }

  @Test
  void aForcedWindowLeavesFreshResponsesAlone() {
    assertThat(
            CacheDecision.decide(
                T0, get(), STANDARD, stored("Cache-Control", TEN), new ServingRules(60_000, 0)))
        .isEqualTo(new Fresh(0, 10_000, false));
  }

  @Test
  void whatNeverChangesIsNotAskedForAgainEvenByClientsThatAlwaysSayNoCache() {
    // Given
    ServingRules rules = new ServingRules(0, 1_000_000);
    RequestHead reload = get("Cache-Control", "no-cache", "Pragma", "no-cache");
    // Then
    assertThat(CacheDecision.decide(T0 + 999_999, reload, STANDARD, stored(), rules))
        .isEqualTo(new Fresh(999_999, 1, true));
    assertThat(CacheDecision.decide(T0 + 1_000_000, reload, STANDARD, stored(), rules))
        .isInstanceOf(MustValidate.class);
  }

  @Test
  void aFreshnessOverrideSpeaksOfSuccessfulAnswersOnly() {
    // Given
    StoredResponse redirect = stored(301);
    // Then
    assertThat(
            CacheDecision.decide(
                T0 + 1, get(), STALE_IF_ERROR, redirect, new ServingRules(0, 1_000_000)))
        .isInstanceOf(MustValidate.class);
  }
}
