package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** What keepers tell a node; all of it goes through one actor, so it arrives in order. */
public sealed interface NodeMessage {
  /** The question has arrived; the answer follows when it is known. */
  record Acked(long id) implements NodeMessage, FleetMessage {}

  record Answered(long id, Answer answer) implements NodeMessage, FleetMessage {}

  /** A new lease for an entry this node held in an older state. */
  record Renewed(Lease lease) implements NodeMessage, FleetMessage {}

  /** Nothing granted up to that sequence holds any more; to be acknowledged. */
  record Revoke(PrimaryKey key, long incarnation, long sequence, ActorRef<KeeperCommand> keeper)
      implements NodeMessage, FleetMessage {}

  /** A newborn keeper asks which fills of its key this node leads; to be answered with Runs. */
  record WhatRuns(PrimaryKey key, ActorRef<KeeperCommand> keeper)
      implements NodeMessage, FleetMessage {}

  record Committed(long id, Entry entry) implements NodeMessage, FleetMessage {}

  record Discarded(long id, String reason) implements NodeMessage, FleetMessage {}

  /** An invalidation or removal is done, or could not be. */
  record Done(long id, boolean done) implements NodeMessage, FleetMessage {}

  /**
   * How a fill goes on that has lost its leader.
   *
   * @param grant this node leads from here on, or null
   * @param leader read along there, or null
   * @param reason why neither
   */
  record Succeeded(long id, @Nullable Grant grant, @Nullable NodeId leader, String reason)
      implements NodeMessage, FleetMessage {}

  /** That fill is no longer waited for: whoever waits asks again. */
  record Released(FillId fill) implements NodeMessage, FleetMessage {}

  /** What another node knows of origins. */
  record OriginNews(List<About> items) implements NodeMessage, FleetMessage {
    public OriginNews {
      items = List.copyOf(items);
    }
  }

  /**
   * What is known of one origin; see {@link dev.weir.origin.CircuitNews}.
   *
   * @param change its name there; one that is not known is passed over
   */
  record About(
      String origin,
      String change,
      long remainingMillis,
      boolean timedOut,
      String cause,
      long decidedAtMillis) {}

  /**
   * An operator has had rules read again on another node: each reads files of its own.
   *
   * @param version that was in force there
   */
  record ReadRules(String version) implements NodeMessage, FleetMessage {}

  /** The node's own clock. */
  record RenewSession() implements NodeMessage {}
}
