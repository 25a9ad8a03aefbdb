package dev.weir.origin;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The handle of one open connection; thread-safe. At most one request is on it at a time. Its pool
 * hears from it through {@link Owner}.
 */
final class OriginConnection {
  /** Whom a connection reports to. */
  interface Owner {
    /** The last response is complete and the connection may serve again; on any thread. */
    void free(OriginConnection connection);

    /** Takes an idle connection away so that it can be closed; false if it is wanted. */
    boolean takeIdle(OriginConnection connection);

    /** The connection ended before it could write this request. */
    void notWritten(OriginConnection connection, PendingFetch fetch);

    /** A kept connection died under a request: others of its age are likely dead too. */
    void diedOnReuse(OriginConnection connection);

    /** An admitted connection is gone; called once, last. */
    void closed(OriginConnection connection);
  }

  /** What the stage of the connection does for its handle. */
  interface Port {
    /** A request waits to be taken with {@link OriginConnection#takeNext}. */
    void wake();

    void bodyEnded();

    void abort(Throwable reason);

    /** Closes an idle connection in good order. */
    void retire();

    /** Whether the last exchange left the connection fit for another. */
    boolean reusable();
  }

  private enum Life {
    OPENING,
    ADMITTED,
    ENDED
  }

  private final InetSocketAddress address;
  private final long bornNanos;
  private final Owner owner;
  private final Port port;
  private final AtomicReference<@Nullable PendingFetch> next = new AtomicReference<>();
  private final AtomicReference<Life> life = new AtomicReference<>(Life.OPENING);

  OriginConnection(InetSocketAddress address, long bornNanos, Owner owner, Port port) {
    this.address = address;
    this.bornNanos = bornNanos;
    this.owner = owner;
    this.port = port;
  }

  InetSocketAddress address() {
    return address;
  }

  boolean isOlderThan(long limitMillis, long nowNanos) {
    return limitMillis > 0 && nowNanos - bornNanos > limitMillis * 1_000_000;
  }

  /** The connection is open and counts from now on; false if it has ended already. */
  boolean admit() {
    return life.compareAndSet(Life.OPENING, Life.ADMITTED);
  }

  private boolean hasEnded() {
    return life.get() == Life.ENDED;
  }

  /** Sends a request; the owner hears of it if the connection is gone already. */
  void send(PendingFetch fetch) {
    next.set(fetch);
    if (!hasEnded()) {
      port.wake();
    }
    if (hasEnded() && next.compareAndSet(fetch, null)) {
      owner.notWritten(this, fetch);
    }
  }

  /** The request to send next, once. */
  @Nullable PendingFetch takeNext() {
    return next.getAndSet(null);
  }

  /** Offers the connection to whoever is next, if it can serve. */
  void free() {
    if (port.reusable()) {
      owner.free(this);
    }
  }

  /**
   * The reader has had all of the body. It frees the connection itself, before it hears of the end,
   * so that its next request finds it; the port is told first and so knows before that request.
   */
  void bodyEnded() {
    port.bodyEnded();
    free();
  }

  /** Closes it in good order; it must be idle and out of its pool. */
  void retire() {
    port.retire();
  }

  /** Gives it up, and what is under way on it with that failure. */
  void close(Throwable reason) {
    port.abort(reason);
  }

  /** Called by the stage when it is over. */
  void end() {
    boolean admitted = life.getAndSet(Life.ENDED) == Life.ADMITTED;
    PendingFetch unsent = takeNext();
    if (unsent != null) {
      owner.notWritten(this, unsent);
    }
    if (admitted) {
      owner.closed(this);
    }
  }
}
