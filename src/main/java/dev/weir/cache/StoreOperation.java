package dev.weir.cache;

import dev.weir.cache.Slot.Kept;
import java.util.List;

/** A store operation that waits or runs. */
sealed interface StoreOperation {
  record Write(KeeperCommand.Commit commit) implements StoreOperation {}

  /**
   * A tombstone.
   *
   * @param conflicts how often somebody else had written
   * @param failures how often the store did not take it
   */
  record Bury(List<Kept> gone, long sequence, int conflicts, int failures)
      implements StoreOperation {
    Bury afterConflict() {
      return new Bury(gone, sequence, conflicts + 1, failures);
    }

    Bury afterFailure() {
      return new Bury(gone, sequence, conflicts, failures + 1);
    }
  }

  record Remove(KeeperCommand.Drop drop) implements StoreOperation {}

  /** The store was ahead of us. */
  record Reload() implements StoreOperation {}

  /** The store has failed so many times: nothing is asked of it for a moment. */
  record Rest(int failures) implements StoreOperation {}
}
