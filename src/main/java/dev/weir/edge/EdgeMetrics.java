package dev.weir.edge;

import java.util.concurrent.atomic.LongAdder;

/** Counts what passes the edge since it was made. Thread-safe; readings are not a snapshot. */
public final class EdgeMetrics {
  private final LongAdder accepted = new LongAdder();
  private final LongAdder closed = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder connects = new LongAdder();
  private final LongAdder tunnels = new LongAdder();
  private final LongAdder handshakes = new LongAdder();
  private final LongAdder failedHandshakes = new LongAdder();
  private final LongAdder requests = new LongAdder();
  private final LongAdder failedHandlers = new LongAdder();

  void onAccept() {
    accepted.increment();
  }

  void onClose() {
    closed.increment();
  }

  void onRefuse() {
    refused.increment();
  }

  void onConnect() {
    connects.increment();
  }

  void onTunnel() {
    tunnels.increment();
  }

  void onHandshake(boolean done) {
    (done ? handshakes : failedHandshakes).increment();
  }

  void onRequest() {
    requests.increment();
  }

  void onFailedHandler() {
    failedHandlers.increment();
  }

  /** Connections open now. */
  public long openConnections() {
    return Math.max(0, accepted.sum() - closed.sum());
  }

  public long connections() {
    return accepted.sum();
  }

  /** Connections and CONNECTs that a rule of the edge turned away. */
  public long refusals() {
    return refused.sum();
  }

  public long connects() {
    return connects.sum();
  }

  /** Blind tunnels opened. */
  public long tunnels() {
    return tunnels.sum();
  }

  /** TLS handshakes with clients that ended well. */
  public long handshakes() {
    return handshakes.sum();
  }

  public long failedHandshakes() {
    return failedHandshakes.sum();
  }

  /** Requests handed to the exchange. */
  public long requests() {
    return requests.sum();
  }

  /** Exchanges that failed and were answered with 500. */
  public long failedHandlers() {
    return failedHandlers.sum();
  }
}
