package dev.weir.cache;

import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;

/** The way to the keepers while the fabric is up. */
interface KeeperLink {
  /** Sends without waiting; what cannot be delivered is lost, and noticed by its budget. */
  void send(PrimaryKey key, KeeperCommand command);

  /** Where keepers answer to. */
  ActorRef<NodeMessage> node();

  NodeId nodeId();

  /** The other nodes known now. */
  default Set<NodeId> peers() {
    return Set.of();
  }

  /** How many shards each node has, by its address in the fabric; never fails. */
  default CompletionStage<Map<String, Integer>> shards() {
    return CompletableFuture.completedStage(Map.of());
  }

  /** A key in each shard; empty where shards need no finding. */
  default List<PrimaryKey> oneKeyPerShard() {
    return List.of();
  }
}
