package dev.weir.origin;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** One request on its way to a connection and through it. */
final class PendingFetch {
  final OriginRequest request;
  final String origin;
  final List<InetSocketAddress> addresses;
  final long startNanos;
  final CompletableFuture<OriginResponse> answer = new CompletableFuture<>();

  /** What the client sends after 101; null for a request that does not switch. */
  final @Nullable Source<ByteString, ?> upgrade;

  private final int maxAttempts;
  private int attempts;
  private volatile CompletableFuture<Void> queue = new CompletableFuture<>();

  /** Set by the upload's stage, read by the connection's. */
  volatile boolean uploadFailed;

  volatile long uploadNanos;

  /**
   * @param maxAttempts how many connections are tried while none has taken a byte of it
   */
  PendingFetch(
      OriginRequest request,
      String origin,
      List<InetSocketAddress> addresses,
      long startNanos,
      @Nullable Source<ByteString, ?> upgrade,
      int maxAttempts) {
    this.request = request;
    this.origin = origin;
    this.addresses = addresses;
    this.startNanos = startNanos;
    this.upgrade = upgrade;
    this.maxAttempts = maxAttempts;
  }

  /** Counts one more connection tried; false when it was one too many. */
  boolean tryAgain() {
    return ++attempts < maxAttempts;
  }

  /** It is about to be written to that connection. */
  void connected(InetSocketAddress address, boolean reused, long nowNanos) {
    OriginSteps steps = request.terms().steps();
    if (steps != null) {
      steps.connected(address, reused, nowNanos - startNanos);
    }
  }

  /** What is left of the total time, in nanoseconds; Long.MAX_VALUE for no limit. */
  long totalLeftNanos(long nowNanos) {
    long total = request.timeouts().totalMillis();
    return total == 0 ? Long.MAX_VALUE : total * 1_000_000 - (nowNanos - startNanos);
  }

  /** What is left of the time to get a connection, in nanoseconds. */
  long connectLeftNanos(long nowNanos) {
    long connect = request.timeouts().connectMillis();
    long left = connect == 0 ? Long.MAX_VALUE : connect * 1_000_000 - (nowNanos - startNanos);
    return Math.min(left, totalLeftNanos(nowNanos));
  }

  /** Begins to wait in a queue; {@code late} runs if the time to get a connection is over. */
  void queued(long nowNanos, Runnable late) {
    long left = connectLeftNanos(nowNanos);
    if (left != Long.MAX_VALUE) {
      Outcomes.of(
          queue.orTimeout(Math.max(1, left), TimeUnit.NANOSECONDS),
          served -> {},
          timeout -> late.run());
    }
  }

  void dequeued() {
    queue.complete(null);
    queue = new CompletableFuture<>();
  }

  boolean allows(InetSocketAddress address) {
    return addresses.contains(address);
  }
}
