package dev.weir.fill;

import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** The fills of other nodes; implemented by the cluster. */
@FunctionalInterface
public interface PeerFills {
  /** A node without peers. */
  PeerFills NONE =
      (leader, fill, from) ->
          CompletableFuture.failedStage(new SpoolLost("this node has no peers to read from"));

  /**
   * Opens the fill at its leader, at that byte; completes when its head is known. Fails if the
   * leader cannot be reached or does not have it.
   */
  CompletionStage<Opened> open(NodeId leader, FillId fill, long from);

  /**
   * As open, for a fill whose head is known already: a leader that lives answers at once, so one
   * that does not is given up soon.
   */
  default CompletionStage<Opened> reopen(NodeId leader, FillId fill, long from) {
    return open(leader, fill, from);
  }

  /**
   * A fill that is open for reading along.
   *
   * @param bytes to be run or cancelled exactly once, ends only if the fill came to its end; null
   *     where there is nothing to read along
   */
  record Opened(FillNote note, @Nullable Source<ByteString, ?> bytes) {}
}
