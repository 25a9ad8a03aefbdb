package dev.weir.cache;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.VariantKey;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** What a keeper is told: by nodes, by its store, by its clock. */
public sealed interface KeeperCommand {
  /** What an asker has seen of the entry it asks about. */
  record Seen(FillId tag, long responseTimeMillis) {
    static @Nullable Seen of(@Nullable Entry entry) {
      return entry == null ? null : new Seen(entry.tag(), entry.response().responseTimeMillis());
    }
  }

  /**
   * A node's question.
   *
   * @param vary the names the variant was computed from
   * @param mayWait see {@link Question#mayWait}
   */
  record Ask(
      long id,
      ActorRef<NodeMessage> node,
      NodeId nodeId,
      Question.Intent intent,
      List<String> vary,
      VariantKey variant,
      @Nullable Seen seen,
      boolean mayWait)
      implements KeeperCommand, FleetMessage {}

  /** The leader has sent its request to the origin. */
  record Started(Grant grant) implements KeeperCommand, FleetMessage {}

  /** What a fill's head has shown. */
  enum Fate {
    STORE,
    SHARE,
    REFRESH,
    RELAY
  }

  /**
   * A fill's head has arrived.
   *
   * @param plain whether an uncacheable response would say so of the key: no credentials, no range
   */
  record Headed(Grant grant, Fate fate, List<String> vary, VariantKey variant, boolean plain)
      implements KeeperCommand, FleetMessage {}

  /**
   * A follower has lost the leader of a fill. All that the fill is stands here, for a keeper that
   * was born after its head.
   *
   * @param lost under which it was fetched
   * @param bytes how many the asking node has; {@link #LEAVING} if it is the leader itself, which
   *     goes: the others need not wait until it is silent
   */
  record Orphaned(
      long id,
      ActorRef<NodeMessage> node,
      NodeId nodeId,
      Grant lost,
      List<String> vary,
      VariantKey variant,
      long bytes)
      implements KeeperCommand, FleetMessage {
    static final long LEAVING = -1;
  }

  /** Which variant of its key a response is: the names it varies by, and what they make of it. */
  record Place(List<String> vary, VariantKey variant) {
    /** Of a key that varies by nothing, as far as is known. */
    static final Place UNVARIED = new Place(List.of(), VariantKey.NONE);
  }

  /**
   * The leader of a fill lives. A keeper that has not granted it learns all it needs of it.
   *
   * @param place its response's, once a head has come that may be stored; before that the place it
   *     was asked for, if others may wait for it and the key varied; else null, as from older nodes
   * @param awaited no head has come yet, and others may wait for it; not from older nodes
   */
  record Progress(
      Grant grant,
      long bytes,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Place place,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean awaited)
      implements KeeperCommand, FleetMessage {
    Progress(Grant grant, long bytes, @Nullable Place place) {
      this(grant, bytes, place, false);
    }

    /** Of one whose head has not come. */
    static Progress headless(Grant grant, long bytes, Place asked, boolean awaited) {
      boolean known = awaited && !asked.vary().isEmpty();
      return new Progress(grant, bytes, known ? asked : null, awaited);
    }
  }

  /** What a node leads of the key, for a keeper that was born here after its shard had moved. */
  record Runs(NodeId nodeId, List<Progress> fills) implements KeeperCommand, FleetMessage {
    public Runs {
      fills = List.copyOf(fills);
    }
  }

  /**
   * A fill's entry, to be written; or, if it is {@code held}, to be served until its bytes are
   * durable and the same comes again to be written.
   */
  record Commit(
      long id,
      ActorRef<NodeMessage> node,
      Grant grant,
      Entry entry,
      List<String> vary,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean held)
      implements KeeperCommand, FleetMessage {
    Commit(long id, ActorRef<NodeMessage> node, Grant grant, Entry entry, List<String> vary) {
      this(id, node, grant, entry, vary, false);
    }
  }

  /** The fill will not commit. */
  record Ended(Grant grant, String reason) implements KeeperCommand, FleetMessage {}

  /**
   * Purge, invalidation, an unsafe method.
   *
   * @param lasting its epoch is written even if nothing is stored; not for unsafe methods, whose
   *     targets are as many as clients think of
   */
  record Invalidate(
      long id,
      ActorRef<NodeMessage> node,
      @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean lasting)
      implements KeeperCommand, FleetMessage {
    Invalidate(long id, ActorRef<NodeMessage> node) {
      this(id, node, false);
    }
  }

  /** Removes that very entry. */
  record Drop(long id, ActorRef<NodeMessage> node, VariantKey variant, FillId tag)
      implements KeeperCommand, FleetMessage {}

  /** A node has forgotten what was revoked. */
  record Revoked(NodeId nodeId, long sequence) implements KeeperCommand, FleetMessage {}

  /** Asks nothing: its reply shows that keepers can be reached. */
  record Ping(long id, ActorRef<NodeMessage> node) implements KeeperCommand, FleetMessage {}

  /** The store's answer to the first question; null if it failed. */
  record Loaded(@Nullable StoredKey stored) implements KeeperCommand {}

  /** A store operation has ended; null if it failed. */
  record Wrote(KeeperStore.@Nullable Result result) implements KeeperCommand {}

  /** The store is to be asked once more for what is known of the key. */
  record LoadAgain() implements KeeperCommand {}

  /** The store has had a pause. */
  record Rested() implements KeeperCommand {}

  record Tick() implements KeeperCommand {}

  /** The holders that have not answered have lost their leases by time. */
  record TermsOver(long sequence) implements KeeperCommand {}

  /** The nodes have had their time to say what they lead. */
  record Unheard() implements KeeperCommand {}

  /** The doors of nodes that have just joined may be known by now. */
  record TellStrangers() implements KeeperCommand {}

  /** Those who follow that fill have had their time to say how much they have. */
  record Elect(FillId fill) implements KeeperCommand {}

  record Idle() implements KeeperCommand {}

  record Retire() implements KeeperCommand {}
}
