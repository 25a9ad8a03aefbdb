package dev.weir.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.store.ObjectStoreMetrics;
import dev.weir.store.StoreException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What is known of a bucket by what calls of it have met. */
class S3HealthTest {
  private final AtomicLong nanos = new AtomicLong();
  private final ObjectStoreMetrics metrics = new ObjectStoreMetrics();
  private final S3Health health =
      new S3Health(
          S3StoreRig.settings("http://s3.test", Map.of("probe-after", "3s")), metrics, nanos::get);

  @Test
  void nothingIsKnownBeforeTheFirstCall() {
    assertThat(health.isRecent()).isFalse();
    assertThat(health.problem()).isEmpty();
  }

  @Test
  void theLastCallTellsForAsLongAsTheSettingsSay() {
    // Given
    health.fine();

    // When
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(3) - 1);
    boolean early = health.isRecent();
    nanos.addAndGet(1);
    boolean late = health.isRecent();

    // Then
    assertThat(early).isTrue();
    assertThat(late).isFalse();
  }

  @Test
  void aFailureIsCountedAndToldUntilACallGoesWell() {
    // When
    StoreException told = health.failed("put", new CompletionException(new TimeoutException()));

    // Then
    assertThat(told.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE);
    assertThat(health.problem()).contains("S3 bucket weir: put failed: no answer in time");
    assertThat(metrics.failures.sum()).isEqualTo(1);

    // When
    health.fine();

    // Then
    assertThat(health.problem()).isEmpty();
  }

  @Test
  void whatIsAbsentIsNoFailureOfTheBucket() {
    // Given
    StoreException absent = new StoreException(StoreException.Kind.ABSENT, "It is not there.");

    // When
    StoreException same = health.failed("get", absent);
    StoreException gone = health.failed("put", new NoSuchFileException("/chunk"));

    // Then
    assertThat(same).isSameAs(absent);
    assertThat(gone.kind()).isEqualTo(StoreException.Kind.ABSENT);
    assertThat(metrics.failures.sum()).isZero();
    assertThat(health.problem()).isEmpty();
  }

  @Test
  void whatAServerSaysIsOneShortLine() {
    // When
    StoreException told = health.failed("get", new IOException("a\r\n\tb" + "x".repeat(999)));

    // Then
    assertThat(told.getMessage()).contains("IOException: a bx").hasSizeLessThan(400);
  }
}
