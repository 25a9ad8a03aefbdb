package dev.weir.fill;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** What a fill tells its keeper; implemented by the cache. */
public interface FillEvents {
  /** The head is there: what it varies by, and whether it may be followed at all. */
  void head(Grant grant, FillIntent intent);

  /** At most once a second while it runs. */
  void progress(Grant grant, long bytes);

  /** All chunks are durable: write the metadata, make it visible. */
  CompletionStage<Commit> commit(Grant grant, Entry entry, List<String> vary);

  /**
   * The leader of a fill that this node follows was lost.
   *
   * @param plan of the fill, should this node lead it from here on
   * @param lost under which it was fetched
   * @param bytes how many have arrived here
   */
  CompletionStage<Succession> orphaned(
      FillPlan plan, Grant lost, FillIntent.Store intent, long bytes);

  /**
   * This node goes: another is to lead the fill from here on, the follower with the most bytes.
   *
   * @param letGo ends the fill here, so that its followers notice; run once the keeper knows, or
   *     cannot be asked
   * @return whether another leads it now
   */
  CompletionStage<Boolean> handOver(Grant grant, FillIntent.Store intent, Runnable letGo);

  /** It ended without anything to commit. */
  void ended(Grant grant, Ending ending, String reason);

  enum Ending {
    FAILED,
    UNCACHEABLE,
    ABANDONED
  }

  /** What became of a commit. */
  sealed interface Commit {
    record Done(Entry entry) implements Commit {}

    /** A newer epoch, a lost grant, or a store that would not take it. */
    record Discarded(String reason) implements Commit {}
  }
}
