package dev.weir.origin;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.origin.OriginTerms.Pace;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Counts what is asked of origins under limits; thread-safe. An origin that has been quiet for a
 * while is forgotten.
 */
final class Paces {
  private static final double NANOS = 1_000_000_000.0;

  private final LongSupplier nanoTime;
  private final Cache<Name, Share> shares;

  Paces(OriginSettings.Counted settings, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.shares =
        Caffeine.newBuilder()
            .maximumSize(settings.maxOrigins())
            .expireAfterAccess(Duration.ofMillis(settings.quietMillis()))
            .ticker(nanoTime::getAsLong)
            .build();
  }

  private record Name(String limits, String origin) {}

  /** A request may go on, or is refused. */
  sealed interface Admission {
    /** It may; {@code ended} is to be run when its answer has ended, and may be run again. */
    record Admitted(Runnable ended) implements Admission {}

    record Refused(OriginFailure failure) implements Admission {}
  }

  Admission admit(Pace pace, String origin) {
    Share share = shares.get(new Name(pace.name(), origin), fresh -> new Share(pace));
    long waitMillis = share.take(pace);
    if (waitMillis > 0) {
      return new Admission.Refused(
          OriginFailure.overLimit(
              "A rule allows no more requests to " + origin + " now.", waitMillis));
    }
    AtomicBoolean ended = new AtomicBoolean();
    return new Admission.Admitted(
        () -> {
          if (ended.compareAndSet(false, true)) {
            share.ended();
          }
        });
  }

  /** What one origin has left. */
  private final class Share {
    private double tokens;
    private long atNanos = nanoTime.getAsLong();
    private int inFlight;

    Share(Pace pace) {
      tokens = 2.0 * pace.requestsPerSecond();
    }

    /** 0 if it may go; else how many milliseconds to wait. */
    synchronized long take(Pace pace) {
      if (pace.inFlight() > 0 && inFlight >= pace.inFlight()) {
        return 1000;
      }
      int rate = pace.requestsPerSecond();
      if (rate > 0) {
        long now = nanoTime.getAsLong();
        tokens = Math.min(2.0 * rate, tokens + (now - atNanos) / NANOS * rate);
        atNanos = now;
        if (tokens < 1) {
          return (long) Math.ceil((1 - tokens) / rate * 1000);
        }
        tokens--;
      }
      inFlight++;
      return 0;
    }

    synchronized void ended() {
      inFlight--;
    }
  }
}
