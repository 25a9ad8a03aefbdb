package dev.weir.origin;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counters of the way out. All only grow, except what is named open, idle or queued. */
public final class OriginMetrics {
  final LongAdder requests = new LongAdder();
  final LongAdder reused = new LongAdder();
  final LongAdder resent = new LongAdder();
  final LongAdder opened = new LongAdder();
  final LongAdder closed = new LongAdder();
  final LongAdder idle = new LongAdder();
  final LongAdder queued = new LongAdder();
  final LongAdder bodyBytes = new LongAdder();
  final LongAdder tunnelsOpened = new LongAdder();
  final LongAdder tunnelsClosed = new LongAdder();
  private final Map<OriginFailure.Kind, LongAdder> failures =
      new EnumMap<>(OriginFailure.Kind.class);

  public OriginMetrics() {
    for (OriginFailure.Kind kind : OriginFailure.Kind.values()) {
      failures.put(kind, new LongAdder());
    }
  }

  void failed(OriginFailure.Kind kind) {
    counter(kind).increment();
  }

  private LongAdder counter(OriginFailure.Kind kind) {
    LongAdder counter = failures.get(kind);
    if (counter == null) {
      throw new IllegalStateException("no counter for " + kind);
    }
    return counter;
  }

  /** Requests written, a resent one counted again. */
  public long requests() {
    return requests.sum();
  }

  /** Requests that found a kept connection. */
  public long reused() {
    return reused.sum();
  }

  /** Requests moved to another connection because nothing of them had been written. */
  public long resent() {
    return resent.sum();
  }

  public long connectionsOpened() {
    return opened.sum();
  }

  public long connectionsOpen() {
    return opened.sum() - closed.sum();
  }

  public long connectionsIdle() {
    return idle.sum();
  }

  /** Requests that wait for a connection now. */
  public long requestsQueued() {
    return queued.sum();
  }

  /** Bytes of response bodies handed on. */
  public long bodyBytes() {
    return bodyBytes.sum();
  }

  public long tunnelsOpen() {
    return tunnelsOpened.sum() - tunnelsClosed.sum();
  }

  public long failures(OriginFailure.Kind kind) {
    return counter(kind).sum();
  }
}
