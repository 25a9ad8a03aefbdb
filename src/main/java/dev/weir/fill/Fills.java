package dev.weir.fill;

import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import dev.weir.origin.OriginTerms;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The fills running on this node. */
public interface Fills {
  /** Starts at once; the origin request is sent without waiting for a reader. */
  Fill start(FillPlan plan);

  Optional<Fill> running(FillId id);

  /**
   * Reads along with a fill that another node leads; this node's copy of it, made once however many
   * ask, and anew if that broke: another may have brought the fill further. Completes when its head
   * is known; fails if the leader cannot be reached or has ended it.
   *
   * @param terms on which the first who asks here would ask the origin; they hold if this node goes
   *     on in the leader's place, for the gates and credentials of a request are its own node's to
   *     judge
   */
  CompletionStage<Fill> follow(FillId id, NodeId leader, OriginTerms terms);

  int count();

  /** Those that run, the oldest first. */
  List<FillView> views();

  /**
   * This node goes. What others read along is handed to one of them, if the rest can be asked for
   * as a range; anything else that is read may come to its end first, for so long. Completes when
   * no fill runs here that anybody waits for.
   */
  CompletionStage<Void> handOver(Duration within);
}
