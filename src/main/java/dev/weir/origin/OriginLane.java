package dev.weir.origin;

import dev.weir.http.Authority;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The way to one origin: carries out what its {@link OriginPool} decides. A request that a
 * connection could not write goes back into the pool a few times.
 */
final class OriginLane implements OriginConnection.Owner {
  private final String scheme;
  private final Authority authority;
  private final ConnectionTerms terms;
  private final OriginPool pool;
  private final Dialer dialer;
  private final OriginMetrics metrics;
  private final LongSupplier nanoTime;
  private final Consumer<OriginLane> onRetired;

  OriginLane(
      String scheme,
      Authority authority,
      ConnectionTerms terms,
      OriginPool pool,
      Dialer dialer,
      OriginMetrics metrics,
      LongSupplier nanoTime,
      Consumer<OriginLane> onRetired) {
    this.scheme = scheme;
    this.authority = authority;
    this.terms = terms;
    this.pool = pool;
    this.dialer = dialer;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
    this.onRetired = onRetired;
  }

  String origin() {
    return pool.origin();
  }

  /** Sends the request when its turn comes; false if this lane has retired. */
  boolean submit(PendingFetch fetch) {
    switch (pool.claim(fetch)) {
      case OriginPool.Claim.Use(OriginConnection connection) -> send(fetch, connection, true);
      case OriginPool.Claim.Open open -> open(fetch);
      case OriginPool.Claim.Wait(OriginConnection spare) -> {
        fetch.queued(nanoTime.getAsLong(), () -> late(fetch));
        if (spare != null) {
          spare.retire();
        }
      }
      case OriginPool.Claim.Full full ->
          overloaded(fetch, "Too many requests wait for " + origin() + ".");
      case OriginPool.Claim.Retired retired -> {
        return false;
      }
    }
    return true;
  }

  private void send(PendingFetch fetch, OriginConnection connection, boolean reused) {
    fetch.connected(connection.address(), reused, nanoTime.getAsLong());
    connection.send(fetch);
  }

  private void late(PendingFetch fetch) {
    if (pool.leave(fetch)) {
      overloaded(fetch, "No connection to " + origin() + " became free in time.");
    }
  }

  private static void overloaded(PendingFetch fetch, String message) {
    fetch.answer.completeExceptionally(
        new OriginFailure(OriginFailure.Kind.OVERLOADED, message, null));
  }

  private void open(PendingFetch fetch) {
    long left = fetch.connectLeftNanos(nanoTime.getAsLong());
    Outcomes.of(
        dialer.connect(scheme, authority, fetch.addresses, left, terms, this),
        connection -> send(fetch, connection, false),
        thrown -> {
          vacate();
          fetch.answer.completeExceptionally(Failures.other(thrown));
        });
  }

  /** Opens a connection ahead of need; true when one is ready. */
  CompletableFuture<Boolean> warm(List<InetSocketAddress> addresses, long leftNanos) {
    if (!pool.claimSpare()) {
      return CompletableFuture.completedFuture(pool.hasIdle());
    }
    CompletableFuture<Boolean> warmed = new CompletableFuture<>();
    Outcomes.of(
        dialer.connect(scheme, authority, addresses, leftNanos, terms, this),
        connection -> {
          free(connection);
          warmed.complete(true);
        },
        thrown -> {
          vacate();
          warmed.completeExceptionally(Failures.other(thrown));
        });
    return warmed;
  }

  /** Closes every connection that has nothing to do. */
  void closeIdle() {
    pool.takeAllIdle().forEach(OriginConnection::retire);
  }

  @Override
  public void free(OriginConnection connection) {
    switch (pool.release(connection, nanoTime.getAsLong())) {
      case OriginPool.Release.Serve(PendingFetch fetch) -> {
        fetch.dequeued();
        send(fetch, connection, true);
      }
      case OriginPool.Release.Keep keep -> {
        // It waits in the pool.
      }
      case OriginPool.Release.Drop drop -> connection.retire();
    }
  }

  @Override
  public boolean takeIdle(OriginConnection connection) {
    return pool.takeIdle(connection);
  }

  @Override
  public void notWritten(OriginConnection connection, PendingFetch fetch) {
    metrics.resent.increment();
    if (!fetch.tryAgain() || !submit(fetch)) {
      fetch.answer.completeExceptionally(
          new OriginFailure(
              OriginFailure.Kind.CLOSED, "Every connection to the origin closed at once.", null));
    }
  }

  @Override
  public void diedOnReuse(OriginConnection connection) {
    closeIdle();
  }

  @Override
  public void closed(OriginConnection connection) {
    metrics.closed.increment();
    pool.takeIdle(connection);
    vacate();
  }

  private void vacate() {
    PendingFetch next = pool.vacate();
    if (next != null) {
      next.dequeued();
      open(next);
    } else if (pool.retire()) {
      onRetired.accept(this);
    }
  }
}
