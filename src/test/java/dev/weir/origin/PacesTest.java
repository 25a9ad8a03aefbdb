package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.origin.OriginTerms.Pace;
import dev.weir.origin.Paces.Admission;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What origins are asked under limits, by a clock of the test's own. */
class PacesTest {
  private static final String ORIGIN = "https://origin.test";

  private final AtomicLong nanos = new AtomicLong();
  private final Paces paces = new Paces(new OriginSettings.Counted(100, 60_000), nanos::get);

  @Test
  void anOriginThatIsNotAskedForAsLongAsTheSettingsSayIsForgotten() {
    // Given: a request whose answer has not ended
    Pace pace = new Pace("one", 0, 1);
    assertThat(paces.admit(pace, ORIGIN)).isInstanceOf(Admission.Admitted.class);

    // When
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(59));
    Admission early = paces.admit(pace, ORIGIN);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(61));
    Admission late = paces.admit(pace, ORIGIN);

    // Then
    assertThat(early).isInstanceOf(Admission.Refused.class);
    assertThat(late).isInstanceOf(Admission.Admitted.class);
  }

  @Test
  void anAnswerThatHasEndedMakesRoomOnce() {
    // Given
    Pace pace = new Pace("one", 0, 2);
    Admission.Admitted first = (Admission.Admitted) paces.admit(pace, ORIGIN);
    paces.admit(pace, ORIGIN);

    // When
    first.ended().run();
    first.ended().run();

    // Then
    assertThat(paces.admit(pace, ORIGIN)).isInstanceOf(Admission.Admitted.class);
    assertThat(paces.admit(pace, ORIGIN)).isInstanceOf(Admission.Refused.class);
  }
}
