package dev.weir.store;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bodies that have been opened and neither read nor let go. After a while that is a bug of who
 * opened them, and their chunks are let go here.
 */
final class UnreadBodies implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(UnreadBodies.class);

  private final Set<ChunkedBody> bodies = ConcurrentHashMap.newKeySet();
  private final LongAdder leaked = new LongAdder();
  private final long timeoutNanos;
  private final Repeating sweep;

  UnreadBodies(long timeoutMillis) {
    this.timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    this.sweep = new Repeating("unread-bodies", Math.max(1, timeoutMillis / 4), this::release);
  }

  void add(ChunkedBody body) {
    bodies.add(body);
  }

  void remove(ChunkedBody body) {
    bodies.remove(body);
  }

  /** How many were let go here. */
  long leaked() {
    return leaked.sum();
  }

  private void release() {
    long now = System.nanoTime();
    for (ChunkedBody body : bodies) {
      if (now - body.openedAtNanos() > timeoutNanos && body.abandon()) {
        leaked.increment();
        log.warn("A body of {} bytes was opened and neither read nor released", body.length());
      }
    }
  }

  @Override
  public void close() {
    sweep.close();
    bodies.forEach(ChunkedBody::abandon);
  }
}
