package dev.weir.cache;

import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.store.Retention;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/** The keepers' region in one fabric system. */
final class Keepers implements KeeperLink {
  static final EntityTypeKey<KeeperCommand> TYPE =
      EntityTypeKey.create(KeeperCommand.class, "keeper");

  private final ActorRef<ShardingEnvelope<KeeperCommand>> region;
  private final ActorRef<NodeMessage> node;
  private final NodeId nodeId;
  private final int shards;

  private Keepers(
      ActorRef<ShardingEnvelope<KeeperCommand>> region,
      ActorRef<NodeMessage> node,
      NodeId nodeId,
      int shards) {
    this.region = region;
    this.node = node;
    this.nodeId = nodeId;
    this.shards = shards;
  }

  static Keepers start(
      ActorSystem<?> fabric,
      CacheSettings settings,
      KeeperStore store,
      Retention retention,
      KeeperMetrics metrics,
      NodeId nodeId,
      Fleet fleet) {
    Keeper.Context context = new Keeper.Context(settings, store, retention, metrics, fleet::doors);
    ActorRef<ShardingEnvelope<KeeperCommand>> region =
        ClusterSharding.get(fabric)
            .init(
                Entity.of(
                        TYPE,
                        entity ->
                            Keeper.create(
                                key(entity.getEntityId()),
                                context,
                                self ->
                                    entity.getShard().tell(new ClusterSharding.Passivate<>(self))))
                    .withStopMessage(new KeeperCommand.Retire()));
    return new Keepers(
        region,
        Objects.requireNonNull(fleet.doors().get(nodeId)),
        nodeId,
        fabric.settings().config().getInt("pekko.cluster.sharding.number-of-shards"));
  }

  @Override
  public void send(PrimaryKey key, KeeperCommand command) {
    region.tell(new ShardingEnvelope<>(key.documentId(), command));
  }

  @Override
  public ActorRef<NodeMessage> node() {
    return node;
  }

  @Override
  public NodeId nodeId() {
    return nodeId;
  }

  @Override
  public List<PrimaryKey> oneKeyPerShard() {
    List<PrimaryKey> keys = new ArrayList<>(shards);
    Set<Integer> found = new HashSet<>();
    for (int i = 0; found.size() < shards; i++) {
      PrimaryKey key = new PrimaryKey("weir", "probe", Integer.toString(i));
      // As sharding does it by default.
      if (found.add(Math.abs(key.documentId().hashCode() % shards))) {
        keys.add(key);
      }
    }
    return keys;
  }

  /** The key behind a keeper's name: scheme, host and digest hold no slash. */
  static PrimaryKey key(String entityId) {
    int first = entityId.indexOf('/');
    int last = entityId.lastIndexOf('/');
    return new PrimaryKey(
        entityId.substring(0, first),
        entityId.substring(first + 1, last),
        entityId.substring(last + 1));
  }
}
