package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Policy;
import dev.weir.rules.LiveRules;
import dev.weir.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What rules say of time: how long origins are waited for, how long what is stored is good. */
@Timeout(120)
class RuleTimesTest {
  private static final String AGING = "/cache-control/max-age=5";

  @TempDir Path folder;
  private @Nullable Rig rig;

  @AfterEach
  void stop() {
    if (rig != null) {
      rig.close();
    }
  }

  private Rig rig(String effects, String settings) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("rules.conf"),
            "rules = [{ name = one, match { url-prefix = \"http\" }, " + effects + " }]");
    return rig = new Rig(new LiveRules(List.of(file), Policy.STANDARD), settings);
  }

  private static Rig.Got stored(Rig rig, String target) throws Exception {
    Rig.Got first = rig.get(target);
    Eventually.holds(rig::nothingRuns);
    return first;
  }

  @Test
  void anOriginIsWaitedForAsLongAsTheRuleSays() throws Exception {
    // Given
    Rig rig = rig("timeouts { read = 200ms }", "");
    rig.origin.overrideDelay("/policy", 20_000);

    // When
    Rig.Got late = rig.get("/policy");

    // Then
    assertThat(late.status()).isEqualTo(504);
    assertThat(rig.get("/vary").status()).isEqualTo(200);
  }

  @Test
  void aBodyThatTakesLongerThanTheWholeMayIsCut() throws Exception {
    Rig rig = rig("timeouts { total = 500ms }, policy = NoCache", "");
    assertThat(rig.client("GET", "/stream/100000?pieces=100&pause=200"))
        .failsWithin(Duration.ofSeconds(60));
  }

  @Test
  void noughtIsNoLimitWhateverTheNodesIs() throws Exception {
    // Given
    Rig rig = rig("timeouts { read = 0 }", "weir.exchange.origin-read-timeout = 200ms");
    rig.origin.overrideDelay("/policy", 1000);

    // When, Then
    assertThat(rig.get("/policy").status()).isEqualTo(200);
  }

  @Test
  void withinTheRulesWindowWhatIsStaleIsServedAndValidatedBehind() throws Exception {
    // Given
    Rig rig = rig("stale-while-revalidate = 1h", "");
    stored(rig, AGING);
    rig.pass(1800);

    // When
    Rig.Got within = rig.get(AGING);
    Eventually.holds(() -> rig.origin.count(AGING) == 2);
    Eventually.holds(rig::nothingRuns);
    rig.pass(7200);
    Rig.Got beyond = rig.get(AGING);

    // Then
    assertThat(within.cacheStatus()).contains("weir;hit", "detail=forced-stale-while-revalidate");
    assertThat(beyond.cacheStatus()).contains("fwd=").doesNotContain("stale-while-revalidate");
  }

  @Test
  void whatTheRuleCallsUnchangingIsFreshForSoLong() throws Exception {
    // Given
    Rig rig = rig("unchanging-for = 1h", "");
    stored(rig, AGING);

    // When
    rig.pass(1800);
    Rig.Got within = rig.get(AGING);
    rig.pass(3600);
    Rig.Got beyond = rig.get(AGING);

    // Then
    assertThat(within.cacheStatus()).contains("hit", "detail=fresh");
    assertThat(beyond.cacheStatus()).contains("fwd=");
  }
}
