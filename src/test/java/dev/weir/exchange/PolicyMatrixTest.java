package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Policy;
import dev.weir.testing.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each policy in each state of what is stored and of the origin. */
final class PolicyMatrixTest {
  private Rig rig;

  @AfterEach
  void stop() {
    rig.close();
  }

  /** What the second request gets, and how many requests the origin has seen by then. */
  @ParameterizedTest(name = "{0}, {1}: {2}")
  @CsvSource({
    // policy, state of the entry, what the origin does then, status, detail, origin requests
    "Standard,       fresh,          ok,      200, fresh,                  1",
    "StaleIfError,   fresh,          ok,      200, fresh,                  1",
    "NoRefresh,      fresh,          ok,      200, fresh,                  1",
    "AlwaysUpstream, fresh,          ok,      200, always-upstream,        2",
    "AlwaysValidate, fresh,          ok,      200, revalidated,            2",
    "NoCache,        fresh,          ok,      200, no-cache-policy,        2",
    "Standard,       stale,          ok,      200, revalidated,            2",
    "StaleIfError,   stale,          ok,      200, revalidated,            2",
    "NoRefresh,      stale,          ok,      200, no-refresh,             1",
    "AlwaysUpstream, stale,          ok,      200, always-upstream,        2",
    "Standard,       stale,          changed, 200, changed,                2",
    "StaleIfError,   stale,          changed, 200, changed,                2",
    "NoRefresh,      stale,          changed, 200, no-refresh,             1",
    "AlwaysUpstream, stale,          changed, 200, always-upstream,        2",
    "AlwaysValidate, fresh,          changed, 200, changed,                2",
    "Standard,       stale,          404,     404, origin-404,             2",
    "StaleIfError,   stale,          404,     200, stale-if-error,         2",
    "StaleIfError,   stale,          403,     403, no-lifetime,              2",
    "StaleIfError,   stale,          429,     200, stale-if-error,         2",
    "Standard,       stale,          500,     500, origin-500,             2",
    "StaleIfError,   stale,          500,     200, stale-if-error,         2",
    "AlwaysUpstream, stale,          500,     200, upstream-fallback,      2",
    "AlwaysUpstream, stale,          404,     404, origin-404,             2",
    "NoRefresh,      stale,          500,     200, no-refresh,             1",
    "NoCache,        stale,          500,     500, no-cache-policy,        2",
    "Standard,       stale,          refused, 200, stale-disconnected,     1",
    "StaleIfError,   stale,          refused, 200, stale-if-error,         1",
    "AlwaysUpstream, stale,          refused, 200, upstream-fallback,      1",
    "NoRefresh,      stale,          refused, 200, no-refresh,             1",
    "NoCache,        stale,          refused, 502, connect,                1",
    "Standard,       absent,         refused, 502, connect,                0",
    "StaleIfError,   absent,         refused, 502, connect,                0",
    "Standard,       absent,         500,     500, origin-500,             1",
    "StaleIfError,   absent,         404,     404, origin-404,             1",
    "Standard,       must-revalidate,refused, 502, connect,                1",
    "Standard,       sie-window,     500,     200, stale-if-error,         2",
    "Standard,       swr-window,     ok,      200, stale-while-revalidate, 2",
    "StaleIfError,   swr-window,     ok,      200, stale-while-revalidate, 2",
    "Standard,       no-validators,  ok,      200, no-validators,          2",
    "StaleIfError,   no-validators,  500,     200, stale-if-error,         2",
    "Standard,       immutable,      500,     200, stale-if-error,         2",
  })
  void matrix(String policy, String state, String origin, int status, String detail, int requests)
      throws Exception {
    // Given
    rig = new Rig(Policy.named(policy).orElseThrow());
    String target = target(state);
    if (!state.equals("absent")) {
      assertThat(rig.get(target).status()).isEqualTo(200);
      Eventually.holds(rig::nothingRuns);
    }
    rig.pass(state.equals("fresh") ? 0 : 100);
    switch (origin) {
      case "ok" -> {}
      case "changed" -> rig.origin.bumpVersion();
      case "refused" -> rig.origin.refuse();
      default -> rig.origin.overrideStatus(target, Integer.parseInt(origin));
    }

    // When
    Rig.Got second = rig.get(target);

    // Then
    assertThat(second.status()).as(second.cacheStatus()).isEqualTo(status);
    assertThat(second.cacheStatus()).contains("detail=" + detail);
    if (status == 200) {
      assertThat(second.text())
          .startsWith(origin.equals("changed") && requests == 2 ? "version 2" : "version 1");
    }
    Eventually.holds(() -> rig.origin.count(target) == requests);
  }

  private static String target(String state) {
    return switch (state) {
      case "fresh", "stale", "absent" -> "/cache-control/max-age=60";
      case "must-revalidate" -> "/cache-control/max-age=60,must-revalidate";
      case "sie-window" -> "/cache-control/max-age=60,stale-if-error=600";
      case "swr-window" -> "/cache-control/max-age=60,stale-while-revalidate=600";
      case "immutable" -> "/cache-control/max-age=60,immutable";
      case "no-validators" -> "/bare";
      default -> throw new IllegalArgumentException(state);
    };
  }
}
