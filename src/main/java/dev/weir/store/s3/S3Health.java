package dev.weir.store.s3;

import dev.weir.store.ObjectStoreMetrics;
import dev.weir.store.StoreException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.pekko.stream.connectors.s3.S3Exception;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What calls of the bucket have met: failures are counted, told as exceptions of the store, and
 * logged once in a while; the last call's end is remembered for who asks how the bucket is.
 * Thread-safe.
 */
final class S3Health {
  private static final Logger log = LoggerFactory.getLogger(S3Health.class);
  private static final int MAX_TEXT_CHARS = 300;

  private final String bucket;
  private final long recentNanos;
  private final Interval logged;
  private final ObjectStoreMetrics metrics;
  private final LongSupplier nanoTime;

  /** How the last call ended: when, and what was wrong. */
  private record Met(long atNanos, @Nullable String problem) {}

  private volatile @Nullable Met last;

  S3Health(S3StoreSettings settings, ObjectStoreMetrics metrics, LongSupplier nanoTime) {
    this.bucket = settings.bucket();
    this.recentNanos = TimeUnit.MILLISECONDS.toNanos(settings.probeAfterMillis());
    this.logged = new Interval(settings.logIntervalMillis());
    this.metrics = metrics;
    this.nanoTime = nanoTime;
  }

  /** Whether the last call is so lately over that its end still tells how the bucket is. */
  boolean isRecent() {
    Met met = last;
    return met != null && nanoTime.getAsLong() - met.atNanos() < recentNanos;
  }

  /** What was wrong at the last call. */
  Optional<String> problem() {
    Met met = last;
    return met == null ? Optional.empty() : Optional.ofNullable(met.problem());
  }

  void fine() {
    Met met = last;
    if (met != null && met.problem() != null) {
      log.info("S3 bucket {} answers again", bucket);
    }
    last = new Met(nanoTime.getAsLong(), null);
  }

  /**
   * Counts a failure, says it once per interval, and makes one exception of it. What is absent is
   * none.
   */
  StoreException failed(String what, Throwable failure) {
    Throwable cause = cause(failure);
    if (cause instanceof StoreException known && known.kind() == StoreException.Kind.ABSENT) {
      return known;
    }
    if (cause instanceof NoSuchFileException) {
      return new StoreException(StoreException.Kind.ABSENT, "A chunk's file is gone.", cause);
    }
    metrics.failures.increment();
    StoreException told =
        cause instanceof StoreException known
            ? known
            : new StoreException(
                StoreException.Kind.UNAVAILABLE,
                "S3 bucket " + bucket + ": " + what + " failed: " + text(cause),
                cause);
    last = new Met(nanoTime.getAsLong(), told.getMessage());
    long heldBack = logged.pass();
    if (heldBack >= 0) {
      log.warn("{} ({} more since the last such line)", told.getMessage(), heldBack);
    }
    return told;
  }

  /** What a stage that depended on another failed with. */
  static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** One line without control characters: parts of it come from the server. */
  private static String text(Throwable cause) {
    String text =
        switch (cause) {
          case S3Exception answer -> answer.statusCode().intValue() + " " + answer.code();
          case TimeoutException _ -> "no answer in time";
          default -> cause.getClass().getSimpleName() + ": " + cause.getMessage();
        };
    String line = text.replaceAll("\\p{Cntrl}+", " ");
    return line.substring(0, Math.min(line.length(), MAX_TEXT_CHARS));
  }
}
