package dev.weir.edge;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.Done;

/**
 * The connections of a listener, so that they can be drained and cut. Thread-safe; the drained
 * stage completes when the last connection has ended after {@link #drain}.
 */
final class LiveConnections {

  /** One connection; the methods may be called on any thread. */
  interface Live {
    /** Go on, but let the next response be the last. */
    void lastCall();

    /** Finish what runs, then end. */
    void drain();

    /** End now, visibly. */
    void cut();
  }

  private final Set<Live> live = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Done> drained = new CompletableFuture<>();
  private volatile boolean lastCall;
  private volatile boolean draining;

  void add(Live connection) {
    live.add(connection);
    if (draining) {
      connection.drain();
    }
  }

  void remove(Live connection) {
    live.remove(connection);
    completeIfDrained();
  }

  /** From now on each response is the last of its connection; no connection is ended for it. */
  void lastCall() {
    lastCall = true;
    live.forEach(Live::lastCall);
  }

  boolean isLastCall() {
    return lastCall;
  }

  CompletionStage<Done> drain() {
    draining = true;
    live.forEach(Live::drain);
    completeIfDrained();
    return drained;
  }

  void cut() {
    live.forEach(Live::cut);
  }

  private void completeIfDrained() {
    if (draining && live.isEmpty()) {
      drained.complete(Done.getInstance());
    }
  }
}
