package dev.weir.origin;

/**
 * Where the circuit of one origin stands, as a value; its methods are the legal transitions.
 *
 * <pre>
 *             failures &lt; limit                    time is up
 *   Closed ─────────────────┐       Open ────────────────────▶ HalfOpen
 *     ▲  │ ◀────────────────┘        ▲ ▲       probe failed       │ │
 *     │  └── the limit is reached ───┘ └──────────────────────────┘ │
 *     └───────────────────────── probe succeeded ───────────────────┘
 * </pre>
 *
 * Times are of a monotonic clock in nanoseconds.
 */
public sealed interface BreakerState {
  Closed HEALTHY = new Closed(0, 0);

  /** What the last failure was, told to those who are turned away. */
  record Cause(boolean timedOut, String message) {}

  /** Requests go; so many failed in a row, the first of them then. */
  record Closed(int failures, long firstNanos) implements BreakerState {
    /**
     * Counts a failure.
     *
     * @param windowNanos failures that lie further apart don't add up; 0 for any time
     */
    BreakerState onFailure(
        Cause cause, int limit, long windowNanos, long nowNanos, long openUntilNanos) {
      boolean anew = failures == 0 || (windowNanos > 0 && nowNanos - firstNanos > windowNanos);
      int counted = anew ? 1 : failures + 1;
      return counted >= limit
          ? new Open(openUntilNanos, cause)
          : new Closed(counted, anew ? nowNanos : firstNanos);
    }
  }

  /** No request goes until then. */
  record Open(long untilNanos, Cause cause) implements BreakerState {
    boolean isOver(long nowNanos) {
      return nowNanos - untilNanos >= 0;
    }

    HalfOpen probe(long probeUntilNanos) {
      return new HalfOpen(probeUntilNanos, cause);
    }
  }

  /** One request is out to see; a silent one is given up at its deadline. */
  record HalfOpen(long probeUntilNanos, Cause cause) implements BreakerState {
    boolean isOver(long nowNanos) {
      return nowNanos - probeUntilNanos >= 0;
    }

    HalfOpen probeAgain(long untilNanos) {
      return new HalfOpen(untilNanos, cause);
    }

    Open onFailure(Cause latest, long openUntilNanos) {
      return new Open(openUntilNanos, latest);
    }

    /** The probe was called off by its client: the next request may be one at once. */
    Open onAbandoned(long nowNanos) {
      return new Open(nowNanos, cause);
    }

    Closed onSuccess() {
      return HEALTHY;
    }
  }
}
