package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.origin.CircuitBreakers.Admission;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CircuitBreakersTest {
  private static final String ORIGIN = "https://origin.test";
  private static final OriginFailure REFUSED =
      new OriginFailure(OriginFailure.Kind.CONNECT, "connection refused", null);

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L);
  private final CircuitBreakers breakers =
      new CircuitBreakers(new OriginSettings.Breaker(3, 30_000, 60_000, 100, 1_000), now::get);

  private void failTimes(int times) {
    for (int i = 0; i < times; i++) {
      breakers.failed(ORIGIN, REFUSED);
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
    assertThat(breakers.admit(ORIGIN)).isEqualTo(new Admission.Go(false));
    assertThat(breakers.view())
        .containsExactly(new CircuitBreakers.View(ORIGIN, "closed", 2, 0, ""));
  }

  @Test
  void openItTurnsAwayWithTheCauseUntilItsTimeIsOverEvenIfTheClockWraps() {
    // Given
    failTimes(3);

    // When
    Admission early = breakers.admit(ORIGIN);
    pass(29_000);
    Admission later = breakers.admit(ORIGIN);
    pass(1_000);
    Admission due = breakers.admit(ORIGIN);

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
    breakers.admit(ORIGIN);

    // When
    Admission second = breakers.admit(ORIGIN);

    // Then
    assertThat(second).isInstanceOf(Admission.Stopped.class);
    assertThat(breakers.view().getFirst().state()).isEqualTo("half-open");
  }

  @Test
  void aProbesOutcomeDecides() {
    // Given
    failTimes(3);
    pass(30_000);
    breakers.admit(ORIGIN);

    // When
    breakers.failed(ORIGIN, REFUSED);
    Admission afterFailure = breakers.admit(ORIGIN);
    pass(30_000);
    breakers.admit(ORIGIN);
    breakers.succeeded(ORIGIN);

    // Then
    assertThat(afterFailure).isInstanceOf(Admission.Stopped.class);
    assertThat(breakers.admit(ORIGIN)).isEqualTo(new Admission.Go(false));
    assertThat(breakers.view()).isEmpty();
  }

  @Test
  void aProbeThatIsCalledOffOrSilentMakesRoomForAnother() {
    // Given
    failTimes(3);
    pass(30_000);
    breakers.admit(ORIGIN);

    // When
    breakers.abandoned(ORIGIN);
    Admission afterAbandon = breakers.admit(ORIGIN);
    pass(60_000);
    Admission afterSilence = breakers.admit(ORIGIN);

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
    assertThat(breakers.admit(ORIGIN)).isInstanceOf(Admission.Stopped.class);
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
      breakers.failed(ORIGIN, new OriginFailure(kind, "x", null));
    }

    // Then
    assertThat(breakers.view()).isEmpty();
  }

  @Test
  void theTableIsBounded() {
    // Given
    // When
    for (int i = 0; i < 10_000; i++) {
      breakers.failed("http://" + i, REFUSED);
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
      breakers.failed(ORIGIN, closed);
    }
    boolean goesOn = breakers.admit(ORIGIN) instanceof CircuitBreakers.Admission.Go;
    for (int i = 0; i < 2; i++) {
      pass(1_000);
      breakers.failed(ORIGIN, closed);
    }

    // Then
    assertThat(goesOn).isTrue();
    assertThat(breakers.admit(ORIGIN)).isInstanceOf(CircuitBreakers.Admission.Stopped.class);
  }
}
