package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.Policy;
import dev.weir.rules.LiveRules;
import dev.weir.testing.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What rule files decide is done: one exchange after the other, and while they change. */
@Timeout(120)
class RulesInForceTest {
  @TempDir Path folder;
  private @Nullable Rig rig;

  @AfterEach
  void stop() {
    if (rig != null) {
      rig.close();
    }
  }

  private Rig rig(String effects) throws Exception {
    return rig = new Rig(rules(one(effects)), "weir.exchange.client-gone-grace = 20ms");
  }

  private static String one(String effects) {
    return "rules = [{ name = one, match { url-prefix = \"http\" }, " + effects + " }]";
  }

  private LiveRules rules(String text) throws IOException {
    return new LiveRules(List.of(write(text)), Policy.STANDARD);
  }

  private Path write(String text) throws IOException {
    Path fresh = Files.writeString(folder.resolve("rules.tmp"), text);
    return Files.move(fresh, folder.resolve("rules.conf"), StandardCopyOption.REPLACE_EXISTING);
  }

  private static Rig.Got stored(Rig rig, String target, String... fields) throws Exception {
    Rig.Got first = rig.get(target, fields);
    Eventually.holds(rig::nothingRuns);
    return first;
  }

  @Test
  void denyRefusesBeforeAnythingIsAsked() throws Exception {
    Rig rig = rig("deny = 451");
    Rig.Got got = rig.get("/policy");
    assertThat(got.status()).isEqualTo(451);
    assertThat(got.cacheStatus()).contains("detail=denied");
    assertThat(rig.origin.seen()).isEmpty();
  }

  @Test
  void droppedParametersDoNotSeparateAndKeptOnesDo() throws Exception {
    // Given
    Rig rig = rig("key { drop = [\"utm_*\"], sort = on }");
    stored(rig, "/policy?b=2&utm_source=x&a=1");

    // When
    Rig.Got same = rig.get("/policy?a=1&utm_medium=y&b=2");
    Rig.Got other = rig.get("/policy?a=1&b=3");

    // Then
    assertThat(same.cacheStatus()).contains("hit");
    assertThat(other.cacheStatus()).contains("fwd=miss");
    assertThat(rig.origin.seen().getFirst().target()).isEqualTo("/policy?b=2&utm_source=x&a=1");
  }

  @Test
  void aLifetimeByRuleHoldsWhereTheOriginGivesNoneAndOverWhatItOverrules() throws Exception {
    // Given
    Rig rig =
        rig("freshness { min = 1h, overrides = [lifetime, no-store, no-cache, private, client] }");
    stored(rig, "/cache-control/no-store");
    stored(rig, "/cache-control/max-age=5");

    // When
    rig.pass(1800);
    Rig.Got secret = rig.get("/cache-control/no-store", "Cache-Control", "no-cache");
    Rig.Got low = rig.get("/cache-control/max-age=5");

    // Then
    assertThat(secret.cacheStatus()).contains("hit", "detail=fresh");
    assertThat(low.cacheStatus()).contains("hit", "detail=fresh");

    // When
    rig.pass(3600);
    // Then
    assertThat(rig.get("/cache-control/max-age=5").cacheStatus()).doesNotContain("detail=fresh");
  }

  @Test
  void anErrorIsBelievedAsLongAsTheRuleSays() throws Exception {
    // Given
    Rig rig = rig("negative-caching { 404 = 60s, 500 = 0 }");
    rig.origin.overrideStatus("/policy", 404);
    stored(rig, "/policy");

    // When
    Rig.Got believed = rig.get("/policy");
    rig.pass(61);
    rig.origin.overrideStatus("/policy", 500);
    stored(rig, "/policy");
    Rig.Got again = rig.get("/policy");

    // Then
    assertThat(believed.status()).isEqualTo(404);
    assertThat(believed.cacheStatus()).contains("hit");
    assertThat(again.cacheStatus()).contains("fwd=");
  }

  @Test
  void staleContentCoversTheNamedFailuresOnly() throws Exception {
    // Given
    Rig rig = rig("stale-on = [not-found]");
    stored(rig, "/cache-control/max-age=5");
    rig.pass(3600);

    // When
    rig.origin.overrideStatus("/cache-control/max-age=5", 404);
    Rig.Got missing = stored(rig, "/cache-control/max-age=5");
    rig.origin.overrideStatus("/cache-control/max-age=5", 503);
    Rig.Got failing = rig.get("/cache-control/max-age=5");

    // Then
    assertThat(missing.status()).isEqualTo(200);
    assertThat(failing.status())
        .as(missing.cacheStatus() + " " + failing.cacheStatus())
        .isEqualTo(503);
  }

  @Test
  void withStoreOffNothingIsKept() throws Exception {
    Rig rig = rig("store = off");
    stored(rig, "/policy");
    Rig.Got again = stored(rig, "/policy");
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.cacheStatus()).contains("fwd=").doesNotContain("stored");
    assertThat(rig.origin.count("/policy")).isEqualTo(2);
  }

  @Test
  void fieldsThatDoNotCountMakeNoVariants() throws Exception {
    // Given
    Rig rig = rig("vary { ignore = [Accept-Encoding] }");
    Rig.Got first = stored(rig, "/vary", "Accept-Encoding", "gzip");

    // When
    Rig.Got second = rig.get("/vary", "Accept-Encoding", "br");

    // Then
    assertThat(first.headers().has("Vary")).isTrue();
    assertThat(second.cacheStatus()).contains("hit");
  }

  @Test
  void aNetworkThatAsksTooMuchIsToldWhenToComeBack() throws Exception {
    // Given
    Rig rig = rig("limits { requests-per-second = 1 }");

    // When
    List<Integer> statuses =
        IntStream.range(0, 8).mapToObj(i -> rig.get("/policy").status()).toList();
    Rig.Got refused = rig.get("/policy");

    // Then
    assertThat(statuses).startsWith(200, 200).contains(429);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.headers().first("Retry-After")).isEqualTo("1");
  }

  @Test
  void limitsOfARuleThatLetsTheSearchGoOnCountWhateverDecides() throws Exception {
    // Given
    Rig rig =
        this.rig =
            new Rig(
                rules(
                    """
                    rules = [
                      { name = all, continue = on, match { url-glob = "http*" }
                        limits { requests-per-second = 1 } }
                      { name = even, match { url-suffix = "0" }, policy = NoCache }
                    ]
                    """),
                "");

    // When
    List<Integer> statuses =
        IntStream.range(0, 6).mapToObj(i -> rig.get("/policy?" + i % 2).status()).toList();

    // Then
    assertThat(statuses).startsWith(200, 200).contains(429);
  }

  @Test
  void aFileThatWasAwayAndCameBackIsNoProblemAnyMore() throws Exception {
    // Given
    LiveRules rules = rules(one("policy = NoCache"));
    Files.move(folder.resolve("rules.conf"), folder.resolve("away"));
    rules.look();
    assertThat(rules.problem()).contains("cannot read it");

    // When
    Files.move(folder.resolve("away"), folder.resolve("rules.conf"));
    rules.look();

    // Then
    assertThat(rules.problem()).isNull();
    assertThat(rules.version()).startsWith("1-");
  }

  @Test
  void requestsInFlightAreGivenBackWhenTheirAnswersHaveEnded() throws Exception {
    Rig rig = rig("limits { in-flight = 1 }");
    for (int i = 0; i < 20; i++) {
      assertThat(rig.get("/policy?" + i).status()).isEqualTo(200);
    }
  }

  @Test
  void credentialsAreNotSentInTheClear() throws Exception {
    // Given
    Path secret = Files.writeString(folder.resolve("secret"), "name:word\n");
    Rig rig = rig("credentials { basic = \"file:" + secret + "\" }");

    // When
    rig.get("/policy");

    // Then
    assertThat(rig.origin.seen().getFirst().headers().has("Authorization")).isFalse();
  }

  @Test
  void whatAResponseSaysDecidesWhetherAndForHowLongItIsKept() throws Exception {
    // Given
    Rig rig =
        rig(
            "when = \"response.status == 404 && response.headers['content-type'] != ''\","
                + " negative-caching { 404 = 60s }");
    rig.origin.overrideStatus("/policy", 404);
    stored(rig, "/policy");

    // When
    Rig.Got believed = rig.get("/policy");
    rig.pass(61);
    Rig.Got again = stored(rig, "/policy");

    // Then
    assertThat(believed.status()).isEqualTo(404);
    assertThat(believed.cacheStatus()).contains("hit");
    assertThat(again.cacheStatus()).contains("fwd=");
  }

  @Test
  void aResponseThatAConditionRefusesIsNotKeptAndOthersAre() throws Exception {
    // Given
    Rig rig = rig("when = \"response.headers['cache-control'] == 'max-age=77'\", store = off");
    stored(rig, "/cache-control/max-age=77");
    stored(rig, "/cache-control/max-age=78");

    // When
    Rig.Got refused = stored(rig, "/cache-control/max-age=77");
    Rig.Got kept = rig.get("/cache-control/max-age=78");

    // Then
    assertThat(refused.cacheStatus()).contains("fwd=").doesNotContain("stored");
    assertThat(kept.cacheStatus()).contains("hit");
  }

  @Test
  void aKeyThatIsWorkedOutIsWhatRequestsShare() throws Exception {
    // Given
    Rig rig = rig("key-expression = \"request.path + '?' + request.headers['x-tenant']\"");
    stored(rig, "/policy?a", "X-Tenant", "one");

    // When
    Rig.Got same = rig.get("/policy?b", "X-Tenant", "one");
    Rig.Got other = stored(rig, "/policy?a", "X-Tenant", "two");

    // Then
    assertThat(same.cacheStatus()).contains("hit");
    assertThat(other.cacheStatus()).contains("fwd=miss");
  }

  @Test
  void aBadFileChangesNothing() throws Exception {
    // Given
    LiveRules rules = rules(one("policy = NoCache"));
    String before = rules.version();

    // When
    write("rules = [{ name = one, match { hst = x }, policy = NoCache }]");
    rules.look();

    // Then
    assertThat(rules.version()).isEqualTo(before);
    assertThat(rules.problem()).contains("rules.conf:1", "rule 'one'", "did you mean 'host'?");
    assertThat(rules.failures()).isEqualTo(1);

    // When
    write(one("policy = NoRefresh"));
    rules.look();

    // Then
    assertThat(rules.problem()).isNull();
    assertThat(rules.version()).startsWith("2-").isNotEqualTo(before);
  }

  /** Both rule sets say one thing by the policy and another by the refusal: never half of each. */
  @Test
  void rulesThatChangeUnderLoadAreNeverMixed() throws Exception {
    // Given
    String open = one("policy = StaleIfError, key { drop = [x] }");
    String shut = one("policy = NoRefresh, deny = 410");
    LiveRules rules = rules(open);
    Rig rig = this.rig = new Rig(rules, "");
    stored(rig, "/policy");
    Set<String> seen = ConcurrentHashMap.newKeySet();
    AtomicBoolean done = new AtomicBoolean();
    AtomicInteger answers = new AtomicInteger();
    List<Thread> clients =
        IntStream.range(0, 3)
            .mapToObj(
                client ->
                    Thread.ofVirtual()
                        .start(
                            () -> {
                              while (!done.get()) {
                                Rig.Got got = rig.get("/policy?x=" + answers.get() % 7);
                                String policy = got.headers().first("X-Proxy-Policy");
                                seen.add(got.status() + " " + policy);
                                answers.incrementAndGet();
                              }
                            }))
            .toList();

    // When
    for (int i = 0; i < 20; i++) {
      int before = answers.get();
      write(i % 2 == 0 ? shut : open);
      rules.look();
      Eventually.holds(() -> answers.get() > before + 20);
    }
    done.set(true);
    for (Thread client : clients) {
      client.join();
    }

    // Then
    assertThat(rules.reloads()).isEqualTo(20);
    assertThat(seen).containsExactlyInAnyOrder("200 StaleIfError", "410 NoRefresh");
  }

  @Test
  void anOriginThatFailsIsLeftAloneAsTheRuleSaysAndWhatIsStoredStandsIn() throws Exception {
    // Given
    Rig rig = rig("policy = StaleIfError, circuit-breaker { failures = 1, open = 90s }");
    stored(rig, "/cache-control/max-age=5");
    rig.pass(3600);
    rig.origin.close();
    Rig.Got failed = rig.get("/policy");

    // When
    Rig.Got turnedAway = rig.get("/policy");
    Rig.Got stale = rig.get("/cache-control/max-age=5");

    // Then
    assertThat(failed.status()).isEqualTo(502);
    assertThat(turnedAway.status()).isEqualTo(502);
    assertThat(turnedAway.cacheStatus()).contains("circuit-open");
    assertThat(Integer.parseInt(String.valueOf(turnedAway.headers().first("Retry-After"))))
        .isBetween(1, 90);
    assertThat(stale.status()).isEqualTo(200);
    assertThat(stale.cacheStatus()).contains("stale-if-error");
  }

  @Test
  void whatGoesPastTheCacheIsNotHeldUpByABreaker() throws Exception {
    // Given
    Rig rig = rig("policy = NoCache, circuit-breaker { failures = 1 }");
    rig.origin.close();
    rig.get("/policy");

    // When
    Rig.Got again = rig.get("/policy");

    // Then
    assertThat(again.cacheStatus()).doesNotContain("circuit-open");
  }

  @Test
  void whatIsTooLargeIsServedAndNotKeptWhetherItsLengthIsDeclaredOrNot() throws Exception {
    // Given
    Rig rig = rig("max-object = 1K");

    // When
    for (String target : List.of("/stream/2000?framing=length&pause=0", "/stream/2000?pause=0")) {
      Rig.Got first = stored(rig, target);
      Rig.Got again = stored(rig, target);

      // Then
      assertThat(first.status()).isEqualTo(200);
      assertThat(first.body()).hasSizeGreaterThan(1024);
      assertThat(again.cacheStatus()).contains("fwd=").doesNotContain("hit");
    }
    stored(rig, "/stream/1000?pause=0");
    assertThat(rig.get("/stream/1000?pause=0").cacheStatus()).contains("hit");
  }

  @Test
  void anOriginIsAskedNoMoreThanItsLimitAllowsAndWhatIsStoredStandsIn() throws Exception {
    // Given
    Rig rig =
        rig("policy = StaleIfError, origin-limits { requests-per-second = 1 }, stale-on = [429]");
    stored(rig, "/cache-control/max-age=5");
    rig.pass(3600);

    // When
    List<Integer> statuses =
        IntStream.range(0, 8).mapToObj(i -> rig.get("/policy?" + i).status()).toList();
    Rig.Got refused = rig.get("/policy?9");
    Rig.Got stale = rig.get("/cache-control/max-age=5");

    // Then
    assertThat(statuses).contains(429);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.cacheStatus()).contains("origin-limit");
    assertThat(refused.headers().first("Retry-After")).isEqualTo("1");
    assertThat(stale.cacheStatus()).contains("stale-if-error");
  }

  @Test
  void requestsInFlightAtAnOriginAreGivenBackWhenTheirAnswersHaveEnded() throws Exception {
    Rig rig = rig("policy = NoCache, origin-limits { in-flight = 1 }");
    for (int i = 0; i < 5; i++) {
      String target = "/policy?" + i;
      Eventually.holds(() -> rig.get(target).status() == 200);
    }
  }

  @Test
  void redirectsAreFollowedAndTheAnswerIsFiledUnderTheUrlThatWasAskedFor() throws Exception {
    // Given
    Rig rig = rig("follow-redirects = on");

    // When
    Rig.Got followed = stored(rig, "/redirect?to=/policy");
    Rig.Got again = rig.get("/redirect?to=/policy");

    // Then
    assertThat(followed.status()).isEqualTo(200);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.cacheStatus()).contains("hit");
    assertThat(rig.origin.count("/policy")).isEqualTo(1);
  }

  @Test
  void aSecretThatIsReplacedIsInForceWithoutAChangeOfTheRules() throws Exception {
    // Given
    Path secret = Files.writeString(folder.resolve("secret"), "first\n");
    LiveRules rules = rules(one("credentials { bearer = \"file:" + secret + "\" }"));
    String version = rules.version();
    assertThat(sent(rules)).isEqualTo("Bearer first");
    rules.look();
    assertThat(rules.version()).isEqualTo(version);

    // When
    Files.writeString(secret, "second\n");
    rules.look();

    // Then
    assertThat(sent(rules)).isEqualTo("Bearer second");
    assertThat(rules.problem()).isNull();

    // When
    Files.delete(secret);
    rules.look();
    rules.look();

    // Then
    assertThat(sent(rules)).isEqualTo("Bearer second");
    assertThat(rules.problem()).contains("readable file");

    // When
    Files.writeString(secret, "third\n");
    rules.look();

    // Then
    assertThat(sent(rules)).isEqualTo("Bearer third");
    assertThat(rules.problem()).isNull();

    // When
    Files.delete(secret);
    rules.look();
    Files.writeString(secret, "third\n");
    rules.look();

    // Then
    assertThat(rules.problem()).isNull();
    assertThat(rules.reload()).isInstanceOf(LiveRules.Outcome.Unchanged.class);
  }

  private static String sent(LiveRules rules) {
    Credentials credentials =
        rules.get().resolve("https://a.example/").effects().get(Effect.CREDENTIALS);
    return credentials == null ? "" : credentials.value();
  }
}
