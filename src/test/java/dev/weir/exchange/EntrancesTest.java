package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Entrance;
import dev.weir.policy.Policy;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What requests that come by a mirror leave behind for those that come by the proxy. */
@Timeout(60)
final class EntrancesTest {
  private static final Entrance MIRROR =
      new Entrance(
          "mirror",
          "",
          Effects.of(Effect.EGRESS_GATE, "mirror"),
          Effects.of(Effect.FOLLOW_REDIRECTS, 10),
          Set.of("accept"),
          false);

  private final OriginServer elsewhere = OriginServer.start();
  private Rig rig;

  @BeforeEach
  void start() {
    rig = new Rig(Policy.STANDARD);
  }

  @AfterEach
  void stop() {
    rig.close();
    elsewhere.close();
  }

  private static final Answer FOREIGN = Answer.text(200, "foreign", "Cache-Control", "max-age=60");

  /** A URL of a host that redirects wherever it is told to: here to that page of another. */
  private String givenARedirectTo(OriginServer.Endpoint page) {
    elsewhere.on("/page", page);
    return "/redirect?to=" + elsewhere.url("/page");
  }

  /** What the mirror has answered, and stored by now if it stores it. */
  private Rig.Got givenMirrored(String target) throws Exception {
    Rig.Got got = rig.through(MIRROR, target);
    Eventually.holds(rig::nothingRuns);
    return got;
  }

  @Test
  void whatARedirectLedToElsewhereIsNoPageOfTheHostThatWasAsked() throws Exception {
    // Given
    String target = givenARedirectTo(seen -> FOREIGN);
    Rig.Got mirrored = givenMirrored(target);

    // When
    Rig.Got proxied = rig.get(target);

    // Then
    assertThat(mirrored.text()).isEqualTo("foreign");
    assertThat(proxied.status()).isEqualTo(302);
    assertThat(proxied.text()).doesNotContain("foreign");
  }

  @Test
  void whatARedirectLedToIsKeptForWhomItIsFollowed() throws Exception {
    // Given
    String target = givenARedirectTo(seen -> FOREIGN);
    givenMirrored(target);

    // When
    Rig.Got again = rig.through(MIRROR, target);

    // Then
    assertThat(again.text()).isEqualTo("foreign");
    assertThat(again.cacheStatus()).contains("hit");
  }

  @Test
  void whatCameStraightIsSharedAsEver() throws Exception {
    // Given
    rig.origin.on("/page", seen -> Answer.text(200, "own", "Cache-Control", "max-age=60"));
    givenMirrored("/page");

    // When
    Rig.Got proxied = rig.get("/page");

    // Then
    assertThat(proxied.cacheStatus()).contains("hit");
  }

  @Test
  void anErrorThatARedirectLedToIsNoAnswerOfTheHostThatWasAsked() throws Exception {
    // Given
    CountDownLatch answered = new CountDownLatch(1);
    String target =
        givenARedirectTo(
            seen -> {
              answered.await();
              return Answer.text(404, "foreign");
            });
    CompletableFuture<Rig.Got> mirrored =
        CompletableFuture.supplyAsync(() -> rig.through(MIRROR, target));
    Eventually.holds(() -> elsewhere.count("/page") == 1);
    CompletableFuture<Rig.Got> proxied = CompletableFuture.supplyAsync(() -> rig.get(target));
    rig.awaitQuestions(2);

    // When
    answered.countDown();

    // Then
    assertThat(mirrored.join().text()).isEqualTo("foreign");
    assertThat(proxied.join().status()).isEqualTo(302);
  }

  @Test
  void anUpgradeIsNoFieldThatAMirrorPassesOn() {
    // When
    rig.through(MIRROR, "/policy", "Connection", "Upgrade", "Upgrade", "websocket");

    // Then
    assertThat(rig.origin.seen()).singleElement().matches(seen -> seen.header("Upgrade") == null);
  }
}
