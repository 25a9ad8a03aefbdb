package dev.weir.origin;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What the connection and the reader of one response body tell each other; they run in different
 * graphs. Thread-safe.
 */
final class ResponseBody {
  private final PendingFetch fetch;
  private final OriginTimeouts timeouts;
  private final OriginConnection connection;
  private final OriginMetrics metrics;
  private final AtomicBoolean claimed = new AtomicBoolean();
  private final AtomicReference<@Nullable OriginFailure> failure = new AtomicReference<>();

  /** The body is timed by {@code timeouts}: none after a switch of protocols. */
  ResponseBody(
      PendingFetch fetch,
      OriginTimeouts timeouts,
      OriginConnection connection,
      OriginMetrics metrics) {
    this.fetch = fetch;
    this.timeouts = timeouts;
    this.connection = connection;
    this.metrics = metrics;
  }

  OriginTimeouts timeouts() {
    return timeouts;
  }

  /** What is left of the total time, in nanoseconds; Long.MAX_VALUE for no limit. */
  long totalLeftNanos(long nowNanos) {
    return timeouts.totalMillis() == 0 ? Long.MAX_VALUE : fetch.totalLeftNanos(nowNanos);
  }

  /** Takes the body to read it; false if somebody has, or it is too late. */
  boolean claim() {
    return claimed.compareAndSet(false, true) && failure.get() == null;
  }

  boolean isClaimed() {
    return claimed.get();
  }

  void count(int bytes) {
    metrics.bodyBytes.add(bytes);
  }

  void ended() {
    connection.bodyEnded();
  }

  void cancelled(Throwable cause) {
    fail(new OriginFailure(OriginFailure.Kind.CLOSED, "The reader cancelled the body.", cause));
  }

  /** Gives the body up, and the connection with it. */
  void abort(OriginFailure reason) {
    if (failure.get() == null) {
      metrics.failed(reason.kind());
    }
    fail(reason);
  }

  /** Why the connection is given up; what its reader shall be told. */
  void connectionGivenUp(OriginFailure reason) {
    failure.compareAndSet(null, reason);
  }

  private void fail(OriginFailure reason) {
    failure.compareAndSet(null, reason);
    connection.close(reason);
  }

  /** The failure of the body: the reason it was given up for, else what the connection says. */
  OriginFailure failure(Throwable thrown) {
    OriginFailure known = failure.get();
    if (known != null) {
      return known;
    }
    return Failures.ofBody(thrown);
  }
}
