package dev.weir.origin;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one origin (scheme and authority, which with https is also the TLS identity):
 * decides who gets which, does nothing itself. A kept connection serves a request only if its
 * address is among those judged allowed for that request. Thread-safe.
 */
final class OriginPool {
  /** What a request gets. */
  sealed interface Claim {
    record Use(OriginConnection connection) implements Claim {}

    /** A place for a connection that the claimant opens. */
    record Open() implements Claim {}

    /**
     * A turn in the queue.
     *
     * @param spare an idle connection to an address that does not serve; closing it makes room
     */
    record Wait(@Nullable OriginConnection spare) implements Claim {}

    record Full() implements Claim {}

    /** This pool has been given up; another takes its place. */
    record Retired() implements Claim {}
  }

  /** What becomes of a connection that is free. */
  sealed interface Release {
    record Serve(PendingFetch fetch) implements Release {}

    record Keep() implements Release {}

    record Drop() implements Release {}
  }

  private final String origin;
  private final OriginSettings.Pool settings;
  private final OriginMetrics metrics;

  /** The most recently used first: the others grow old and go. */
  private final Deque<OriginConnection> idle = new ArrayDeque<>();

  private final Deque<PendingFetch> waiting = new ArrayDeque<>();
  private int places;
  private boolean retired;

  OriginPool(String origin, OriginSettings.Pool settings, OriginMetrics metrics) {
    this.origin = origin;
    this.settings = settings;
    this.metrics = metrics;
  }

  String origin() {
    return origin;
  }

  synchronized Claim claim(PendingFetch fetch) {
    if (retired) {
      return new Claim.Retired();
    }
    for (Iterator<OriginConnection> all = idle.iterator(); all.hasNext(); ) {
      OriginConnection connection = all.next();
      if (fetch.allows(connection.address())) {
        all.remove();
        metrics.idle.decrement();
        return new Claim.Use(connection);
      }
    }
    if (places < settings.maxConnections()) {
      places++;
      return new Claim.Open();
    }
    if (waiting.size() < settings.maxQueued()) {
      waiting.addLast(fetch);
      metrics.queued.increment();
      OriginConnection spare = idle.pollLast();
      if (spare != null) {
        metrics.idle.decrement();
      }
      return new Claim.Wait(spare);
    }
    return new Claim.Full();
  }

  /**
   * A place without a request: to warm the pool up. False if there is a free connection or none.
   */
  synchronized boolean claimSpare() {
    if (retired || !idle.isEmpty() || places >= settings.maxConnections()) {
      return false;
    }
    places++;
    return true;
  }

  synchronized boolean hasIdle() {
    return !idle.isEmpty();
  }

  /** The connection has nothing to do and may be used again. */
  synchronized Release release(OriginConnection connection, long nowNanos) {
    if (connection.isOlderThan(settings.maxLifetimeMillis(), nowNanos)) {
      return new Release.Drop();
    }
    for (Iterator<PendingFetch> all = waiting.iterator(); all.hasNext(); ) {
      PendingFetch fetch = all.next();
      if (fetch.allows(connection.address())) {
        all.remove();
        metrics.queued.decrement();
        return new Release.Serve(fetch);
      }
    }
    if (idle.size() >= settings.maxIdle()) {
      return new Release.Drop();
    }
    idle.addFirst(connection);
    metrics.idle.increment();
    return new Release.Keep();
  }

  /** Takes an idle connection out; false if somebody has just taken it. */
  synchronized boolean takeIdle(OriginConnection connection) {
    boolean taken = idle.remove(connection);
    if (taken) {
      metrics.idle.decrement();
    }
    return taken;
  }

  /** Takes all idle connections out. */
  synchronized List<OriginConnection> takeAllIdle() {
    List<OriginConnection> all = new ArrayList<>(idle);
    metrics.idle.add(-all.size());
    idle.clear();
    return all;
  }

  /** A connection ended, or opening it failed: who waits longest may open one in its place. */
  synchronized @Nullable PendingFetch vacate() {
    PendingFetch next = waiting.pollFirst();
    if (next == null) {
      places--;
    } else {
      metrics.queued.decrement();
    }
    return next;
  }

  /** A request no longer waits; false if it has just been served. */
  synchronized boolean leave(PendingFetch fetch) {
    boolean left = waiting.remove(fetch);
    if (left) {
      metrics.queued.decrement();
    }
    return left;
  }

  /** Ends the pool if nothing is open and nobody waits; true if it has. */
  synchronized boolean retire() {
    retired |= places == 0 && waiting.isEmpty();
    return retired;
  }
}
