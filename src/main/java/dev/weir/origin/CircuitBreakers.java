package dev.weir.origin;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.origin.BreakerState.Closed;
import dev.weir.origin.BreakerState.HalfOpen;
import dev.weir.origin.BreakerState.Open;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The circuit breakers of all origins; thread-safe. Only origins that fail have an entry, and the
 * table is bounded: of too many the least used are forgotten, that is closed.
 */
public final class CircuitBreakers {
  /** Whether a request may go. */
  sealed interface Admission {
    /** It may; a probe's outcome decides about everybody else. */
    record Go(boolean probe) implements Admission {}

    record Stopped(OriginFailure failure) implements Admission {}
  }

  /**
   * One breaker as others see it.
   *
   * @param state closed, open or half-open
   * @param remainingMillis until a probe may go, 0 if one may
   * @param cause the failure remembered, empty while closed
   */
  public record View(
      String origin, String state, int failures, long remainingMillis, String cause) {}

  private static final Admission GO = new Admission.Go(false);
  private static final Admission PROBE = new Admission.Go(true);
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final OriginSettings.Breaker settings;
  private final LongSupplier nanoTime;
  private final Cache<String, BreakerState> table;

  /** When a connection that was closed instead of an answer was last counted. */
  private final Cache<String, Long> lastClosed;

  public CircuitBreakers(OriginSettings.Breaker settings, LongSupplier nanoTime) {
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.table =
        Caffeine.newBuilder().maximumSize(settings.maxOrigins()).executor(Runnable::run).build();
    this.lastClosed =
        Caffeine.newBuilder().maximumSize(settings.maxOrigins()).executor(Runnable::run).build();
  }

  Admission admit(String origin) {
    if (table.getIfPresent(origin) == null) {
      return GO;
    }
    long now = nanoTime.getAsLong();
    Admission[] told = {GO};
    table
        .asMap()
        .computeIfPresent(
            origin,
            (key, state) ->
                switch (state) {
                  case Closed closed -> closed;
                  case Open open when open.isOver(now) -> {
                    told[0] = PROBE;
                    yield open.probe(now + settings.probeMillis() * NANOS_PER_MILLI);
                  }
                  case Open open -> {
                    told[0] = stopped(origin, open.cause(), open.untilNanos() - now);
                    yield open;
                  }
                  case HalfOpen half when half.isOver(now) -> {
                    told[0] = PROBE;
                    yield half.probeAgain(now + settings.probeMillis() * NANOS_PER_MILLI);
                  }
                  case HalfOpen half -> {
                    told[0] = stopped(origin, half.cause(), half.probeUntilNanos() - now);
                    yield half;
                  }
                });
    return told[0];
  }

  void succeeded(String origin) {
    if (table.getIfPresent(origin) == null) {
      return;
    }
    table
        .asMap()
        .computeIfPresent(
            origin,
            (key, state) ->
                switch (state) {
                  // Null forgets it. A late success of an earlier request does not close an open
                  // circuit: that is the probe's word.
                  case Closed closed -> null;
                  case HalfOpen half -> half.onSuccess().failures() == 0 ? null : state;
                  case Open open -> open;
                });
  }

  void failed(String origin, OriginFailure failure) {
    if (!counts(failure)) {
      return;
    }
    long now = nanoTime.getAsLong();
    boolean inBurst = failure.kind() == OriginFailure.Kind.CLOSED && isWithinBurst(origin, now);
    long until = now + settings.openMillis() * NANOS_PER_MILLI;
    var cause = new BreakerState.Cause(failure.kind(), String.valueOf(failure.getMessage()));
    table
        .asMap()
        .compute(
            origin,
            (key, state) ->
                switch (state) {
                  case null ->
                      inBurst
                          ? null
                          : BreakerState.HEALTHY.onFailure(cause, settings.failures(), until);
                  case Closed closed when inBurst -> closed;
                  case Closed closed -> closed.onFailure(cause, settings.failures(), until);
                  case HalfOpen half -> half.onFailure(cause, until);
                  case Open open -> open;
                });
  }

  /** Whether a closed connection was counted a moment ago; notes this one otherwise. */
  private boolean isWithinBurst(String origin, long now) {
    boolean[] within = {false};
    lastClosed
        .asMap()
        .compute(
            origin,
            (key, counted) -> {
              within[0] =
                  counted != null && now - counted < settings.closedGapMillis() * NANOS_PER_MILLI;
              return within[0] ? counted : (Long) now;
            });
    return within[0];
  }

  /** A probe ended without an outcome. */
  void abandoned(String origin) {
    long now = nanoTime.getAsLong();
    table
        .asMap()
        .computeIfPresent(
            origin, (key, state) -> state instanceof HalfOpen half ? half.onAbandoned(now) : state);
  }

  /** All origins that failed lately. */
  public List<View> view() {
    long now = nanoTime.getAsLong();
    List<View> views = new ArrayList<>();
    table.asMap().forEach((origin, state) -> views.add(view(origin, state, now)));
    return views;
  }

  private View view(String origin, BreakerState state, long now) {
    return switch (state) {
      case Closed(int failures) -> new View(origin, "closed", failures, 0, "");
      case Open(long until, BreakerState.Cause cause) ->
          new View(
              origin,
              "open",
              settings.failures(),
              Math.max(0, until - now) / NANOS_PER_MILLI,
              cause.message());
      case HalfOpen(long until, BreakerState.Cause cause) ->
          new View(origin, "half-open", settings.failures(), 0, cause.message());
    };
  }

  /**
   * Failures that say the origin is ill. A status of any kind is an answer; a broken message may be
   * one resource's. A connection closed instead of an answer counts, but once for all that an
   * origin closes at the same moment, as it does when it restarts.
   */
  private static boolean counts(OriginFailure failure) {
    return switch (failure.kind()) {
      case RESOLVE, CONNECT, CONNECT_TIMEOUT, TLS, HEAD_TIMEOUT, CLOSED -> failure.originsFault();
      case EGRESS_DENIED, LOOP, CIRCUIT_OPEN, IDLE_TIMEOUT, BAD_RESPONSE, TRUNCATED, OVERLOADED ->
          false;
    };
  }

  private static Admission stopped(String origin, BreakerState.Cause cause, long leftNanos) {
    long leftMillis = Math.max(1, leftNanos / NANOS_PER_MILLI);
    return new Admission.Stopped(
        OriginFailure.circuitOpen(
            "Origin " + origin + " failed repeatedly and is left alone: " + cause.message(),
            leftMillis));
  }
}
