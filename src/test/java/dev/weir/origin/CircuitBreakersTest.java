package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.origin.CircuitBreakers.Admission;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CircuitBreakersTest {
  private static final String ORIGIN = "https://origin.test";
  private static final OriginFailure REFUSED =
      new OriginFailure(OriginFailure.Kind.CONNECT, "connection refused", null);

  private static final OriginSettings.Breaker SETTINGS = settings(100, 86_400_000);

  private static OriginSettings.Breaker settings(int maxBans, long liftedBanMillis) {
    return new OriginSettings.Breaker(
        3, 30_000, 60_000, 100, 1_000, 60_000, maxBans, liftedBanMillis);
  }

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L);
  private final CircuitBreakers breakers = new CircuitBreakers(SETTINGS, now::get);

  private void failTimes(int times) {
    for (int i = 0; i < times; i++) {
      breakers.failed(ORIGIN, REFUSED, CircuitTerms.DEFAULT);
    }
  }

  private void pass(long millis) {
    now.addAndGet(millis * 1_000_000);
  }

  @Test
  void onlyFailuresInARowOpenIt() {
    // Given
    failTimes(2);
    breakers.succeeded(ORIGIN);

    // When
    failTimes(2);

    // Then
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(false));
    assertThat(breakers.view())
        .containsExactly(new CircuitBreakers.View(ORIGIN, "closed", 2, 0, ""));
  }

  @Test
  void openItTurnsAwayWithTheCauseUntilItsTimeIsOverEvenIfTheClockWraps() {
    // Given
    failTimes(3);

    // When
    Admission early = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);
    pass(29_000);
    Admission later = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);
    pass(1_000);
    Admission due = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);

    // Then
    assertThat(early).isInstanceOf(Admission.Stopped.class);
    OriginFailure failure = ((Admission.Stopped) early).failure();
    assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CIRCUIT_OPEN);
    assertThat(failure.retryAfterMillis()).isEqualTo(30_000);
    assertThat(failure).hasMessageContaining("connection refused");
    assertThat(((Admission.Stopped) later).failure().retryAfterMillis()).isEqualTo(1_000);
    assertThat(due).isEqualTo(new Admission.Go(true));
  }

  @Test
  void oneProbeAtATime() {
    // Given
    failTimes(3);
    pass(30_000);
    breakers.admit(ORIGIN, CircuitTerms.DEFAULT);

    // When
    Admission second = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);

    // Then
    assertThat(second).isInstanceOf(Admission.Stopped.class);
    assertThat(breakers.view().getFirst().state()).isEqualTo("half-open");
  }

  @Test
  void aProbesOutcomeDecides() {
    // Given
    failTimes(3);
    pass(30_000);
    breakers.admit(ORIGIN, CircuitTerms.DEFAULT);

    // When
    breakers.failed(ORIGIN, REFUSED, CircuitTerms.DEFAULT);
    Admission afterFailure = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);
    pass(30_000);
    breakers.admit(ORIGIN, CircuitTerms.DEFAULT);
    breakers.succeeded(ORIGIN);

    // Then
    assertThat(afterFailure).isInstanceOf(Admission.Stopped.class);
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(false));
    assertThat(breakers.view()).isEmpty();
  }

  @Test
  void aProbeThatIsCalledOffOrSilentMakesRoomForAnother() {
    // Given
    failTimes(3);
    pass(30_000);
    breakers.admit(ORIGIN, CircuitTerms.DEFAULT);

    // When
    breakers.abandoned(ORIGIN);
    Admission afterAbandon = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);
    pass(60_000);
    Admission afterSilence = breakers.admit(ORIGIN, CircuitTerms.DEFAULT);

    // Then
    assertThat(afterAbandon).isEqualTo(new Admission.Go(true));
    assertThat(afterSilence).isEqualTo(new Admission.Go(true));
  }

  @Test
  void aLateSuccessDoesNotCloseAnOpenCircuit() {
    // Given
    failTimes(3);

    // When
    breakers.succeeded(ORIGIN);

    // Then
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT)).isInstanceOf(Admission.Stopped.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = OriginFailure.Kind.class,
      names = {
        "EGRESS_DENIED",
        "LOOP",
        "CIRCUIT_OPEN",
        "IDLE_TIMEOUT",
        "BAD_RESPONSE",
        "TRUNCATED",
        "OVERLOADED"
      })
  void whatSaysNothingOfTheOriginsHealthDoesNotCount(OriginFailure.Kind kind) {
    // Given
    // When
    for (int i = 0; i < 10; i++) {
      breakers.failed(ORIGIN, new OriginFailure(kind, "x", null), CircuitTerms.DEFAULT);
    }

    // Then
    assertThat(breakers.view()).isEmpty();
  }

  @Test
  void theTableIsBounded() {
    // Given
    // When
    for (int i = 0; i < 10_000; i++) {
      breakers.failed("http://" + i, REFUSED, CircuitTerms.DEFAULT);
    }

    // Then
    assertThat(breakers.view()).hasSizeLessThanOrEqualTo(100);
  }

  /**
   * An origin that restarts closes many connections at one moment: once that opened the circuit.
   */
  @Test
  void connectionsClosedAtOneMomentCountOnce() {
    // Given
    OriginFailure closed =
        new OriginFailure(OriginFailure.Kind.CLOSED, "closed without a response", null);

    // When
    for (int i = 0; i < 10; i++) {
      breakers.failed(ORIGIN, closed, CircuitTerms.DEFAULT);
    }
    boolean goesOn =
        breakers.admit(ORIGIN, CircuitTerms.DEFAULT) instanceof CircuitBreakers.Admission.Go;
    for (int i = 0; i < 2; i++) {
      pass(1_000);
      breakers.failed(ORIGIN, closed, CircuitTerms.DEFAULT);
    }

    // Then
    assertThat(goesOn).isTrue();
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT))
        .isInstanceOf(CircuitBreakers.Admission.Stopped.class);
  }

  @Test
  void failuresThatLieFurtherApartThanTheWindowDoNotAddUp() {
    // Given
    failTimes(2);
    pass(61_000);

    // When
    failTimes(2);

    // Then
    assertThat(breakers.view().getFirst().state()).isEqualTo("closed");
    failTimes(1);
    assertThat(breakers.view().getFirst().state()).isEqualTo("open");
  }

  @Test
  void theLimitsOfARuleAreThoseOfItsRequests() {
    // Given
    CircuitTerms strict = new CircuitTerms(true, true, 1, 0, 5_000);
    breakers.failed(ORIGIN, REFUSED, CircuitTerms.OFF);
    assertThat(breakers.view()).isEmpty();

    // When
    breakers.failed(ORIGIN, REFUSED, strict);

    // Then
    assertThat(stopped(breakers, ORIGIN).retryAfterMillis()).isEqualTo(5_000);
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT.unstopped()))
        .isEqualTo(new Admission.Go(false));
  }

  @Test
  void aBanHoldsForRequestsThatTheBreakerDoesNotStopButNotForThosePastTheCache() {
    // Given
    breakers.ban("origin.test", 0);

    // Then
    assertThat(breakers.admit(ORIGIN, CircuitTerms.OFF)).isInstanceOf(Admission.Stopped.class);
    assertThat(breakers.admit(ORIGIN, CircuitTerms.OFF.unstopped()))
        .isEqualTo(new Admission.Go(false));
  }

  private static OriginFailure stopped(CircuitBreakers breakers, String origin) {
    return ((Admission.Stopped) breakers.admit(origin, CircuitTerms.DEFAULT)).failure();
  }

  @Test
  void whoIsTurnedAwayIsToldWhetherTheOriginWasSilent() {
    for (OriginFailure.Kind kind :
        List.of(OriginFailure.Kind.CONNECT, OriginFailure.Kind.HEAD_TIMEOUT)) {
      String origin = "https://" + kind.label() + ".test";
      for (int i = 0; i < 3; i++) {
        breakers.failed(origin, new OriginFailure(kind, "x", null), CircuitTerms.DEFAULT);
      }
    }
    assertThat(stopped(breakers, "https://connect.test").status()).isEqualTo(502);
    assertThat(stopped(breakers, "https://head-timeout.test").status()).isEqualTo(504);
  }

  @Test
  void aBanStopsEveryPortOfAHostUntilItsTimeIsOverOrItIsLifted() {
    // Given
    assertThat(breakers.ban("Origin.test", 10_000)).isTrue();
    assertThat(breakers.ban("other.test:8443", 0)).isTrue();

    // Then
    assertThat(stopped(breakers, ORIGIN).retryAfterMillis()).isEqualTo(10_000);
    assertThat(stopped(breakers, "tcp://origin.test:22")).hasMessageContaining("banned");
    assertThat(stopped(breakers, "https://other.test:8443").retryAfterMillis()).isZero();
    assertThat(breakers.admit("https://other.test", CircuitTerms.DEFAULT))
        .isEqualTo(new Admission.Go(false));

    // When
    pass(10_000);
    breakers.unban("https://other.test:8443");

    // Then
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(false));
    assertThat(breakers.view()).isEmpty();
  }

  @Test
  void freeingAHostClosesItsCircuitsToo() {
    failTimes(3);
    breakers.unban("origin.test");
    assertThat(breakers.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a/b", "https://", "*.test", "a:b", "-a", "https://a/b"})
  void whatIsNoHostIsNotBanned(String text) {
    assertThat(breakers.ban(text, 0)).isFalse();
    assertThat(breakers.view()).isEmpty();
  }

  @Test
  void anIpv6HostIsBannedByItsLiteral() {
    breakers.ban("[::1]", 0);
    assertThat(stopped(breakers, "https://[::1]:8443")).hasMessageContaining("banned");
    assertThat(stopped(breakers, "tcp://::1:443")).hasMessageContaining("banned");
  }

  @Nested
  class InAFleet {
    private final AtomicLong wall = new AtomicLong(1_000);
    private final CircuitBreakers one = node();
    private final CircuitBreakers other = node();

    private CircuitBreakers node() {
      return new CircuitBreakers(SETTINGS, now::get, wall::get);
    }

    private void fail(CircuitBreakers node, int times) {
      for (int i = 0; i < times; i++) {
        node.failed(ORIGIN, REFUSED, CircuitTerms.DEFAULT);
      }
    }

    @Test
    void anOriginThatFailedOneNodeIsLeftAloneByAllAndEachProbesItself() {
      // Given
      one.tellOthers(other::hear);
      fail(one, 3);

      // Then
      assertThat(stopped(other, ORIGIN)).hasMessageContaining("connection refused");
      pass(30_000);
      assertThat(other.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(true));
      assertThat(one.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(true));
    }

    @Test
    void aProbesFailureMakesTheOthersWaitAndItsSuccessHasThemProbe() {
      // Given
      one.tellOthers(other::hear);
      fail(one, 3);
      pass(30_000);
      one.admit(ORIGIN, CircuitTerms.DEFAULT);

      // When
      fail(one, 1);

      // Then
      assertThat(stopped(other, ORIGIN).retryAfterMillis()).isEqualTo(30_000);

      // When
      pass(30_000);
      one.admit(ORIGIN, CircuitTerms.DEFAULT);
      fail(other, 3);
      one.succeeded(ORIGIN);

      // Then
      assertThat(other.admit(ORIGIN, CircuitTerms.DEFAULT)).isEqualTo(new Admission.Go(true));
    }

    @Test
    void aNodeThatComesLaterIsToldWhatHolds() {
      // Given
      fail(one, 3);
      one.ban("banned.test", 0);

      // When
      one.all().forEach(other::hear);

      // Then
      assertThat(other.view().stream().map(CircuitBreakers.View::state))
          .containsExactlyInAnyOrder("banned", "open");
    }

    @Test
    void aBanThatWasLiftedDoesNotComeBackWithANodeThatMissedIt() {
      // Given
      one.ban("origin.test", 0);
      one.all().forEach(other::hear);
      wall.addAndGet(1);
      one.unban("origin.test");

      // When
      other.all().forEach(one::hear);

      // Then
      assertThat(one.view()).isEmpty();

      // When
      one.all().forEach(other::hear);

      // Then
      assertThat(other.view()).isEmpty();
    }

    @Test
    void thereAreAsManyBansAsTheSettingsAllowUntilOneThatWasLiftedIsForgotten() {
      // Given
      CircuitBreakers node = new CircuitBreakers(settings(2, 60_000), now::get, wall::get);
      assertThat(node.ban("a.test", 0)).isTrue();
      assertThat(node.ban("b.test", 0)).isTrue();
      assertThat(node.ban("c.test", 0)).isFalse();

      // When
      wall.addAndGet(1);
      node.unban("a.test");
      wall.addAndGet(60_000);
      boolean early = node.ban("c.test", 0);
      wall.addAndGet(1);
      boolean late = node.ban("c.test", 0);

      // Then
      assertThat(early).isFalse();
      assertThat(late).isTrue();
    }

    @Test
    void whatAnotherNodeSaysIsBounded() {
      // When
      one.hear(
          new CircuitNews(
              ORIGIN, CircuitNews.Change.OPENED, Long.MAX_VALUE, false, "x".repeat(9_999), 0));
      one.hear(new CircuitNews("b.test", CircuitNews.Change.BANNED, 0, false, "", Long.MAX_VALUE));
      wall.addAndGet(1);

      // Then
      assertThat(stopped(one, ORIGIN).retryAfterMillis()).isEqualTo(3_600_000);
      assertThat(String.valueOf(stopped(one, ORIGIN).getMessage())).hasSizeLessThan(500);
      assertThat(one.unban("b.test")).isTrue();
    }
  }
}
