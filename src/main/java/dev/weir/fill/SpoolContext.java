package dev.weir.fill;

import dev.weir.store.ChunkStore;
import dev.weir.store.InFlightBudget;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all spools of a node share.
 *
 * @param blocking runs file work; it may block there
 */
record SpoolContext(
    FillSettings settings,
    FillMetrics metrics,
    ChunkStore chunks,
    Executor blocking,
    Timer timer,
    InFlightBudget budget,
    AtomicInteger spools) {

  /** Runs something once, later. */
  @FunctionalInterface
  interface Timer {
    void after(long millis, Runnable action);
  }

  /** The memory one spool may keep of its newest bytes, by how many there are. */
  long windowBytes() {
    long share = settings.windowTotalBytes() / Math.max(1, spools.get());
    return Math.clamp(share, settings.windowMinBytes(), settings.windowBytes());
  }
}
