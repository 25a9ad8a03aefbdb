package dev.weir.cache;

import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.store.Retention;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingQuery;
import org.apache.pekko.cluster.sharding.typed.GetClusterShardingStats;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/** The keepers' region in one fabric system. */
final class Keepers implements KeeperLink {
  static final EntityTypeKey<KeeperCommand> TYPE =
      EntityTypeKey.create(KeeperCommand.class, "keeper");

  private final ActorRef<ShardingEnvelope<KeeperCommand>> region;
  private final Duration statsTimeout;

  private final ActorSystem<?> fabric;
  private final Fleet fleet;
  private final ActorRef<NodeMessage> node;
  private final NodeId nodeId;
  private final int shards;

  private Keepers(
      ActorSystem<?> fabric,
      ActorRef<ShardingEnvelope<KeeperCommand>> region,
      Fleet fleet,
      NodeId nodeId,
      int shards,
      Duration statsTimeout) {
    this.fabric = fabric;
    this.region = region;
    this.fleet = fleet;
    this.node = Objects.requireNonNull(fleet.doors().get(nodeId));
    this.nodeId = nodeId;
    this.shards = shards;
    this.statsTimeout = statsTimeout;
  }

  static Keepers start(
      ActorSystem<?> fabric,
      CacheSettings settings,
      KeeperStore store,
      Retention retention,
      KeeperMetrics metrics,
      NodeId nodeId,
      Fleet fleet) {
    Keeper.Context context = new Keeper.Context(settings, store, retention, metrics, fleet);
    ShardAges ages = new ShardAges(settings.leaderSilenceMillis());
    ActorRef<ShardingEnvelope<KeeperCommand>> region =
        ClusterSharding.get(fabric)
            .init(
                Entity.of(
                        TYPE,
                        entity ->
                            Keeper.create(
                                key(entity.getEntityId()), context, shard(fabric, entity, ages)))
                    .withStopMessage(new KeeperCommand.Retire()));
    return new Keepers(
        fabric,
        region,
        fleet,
        nodeId,
        fabric.settings().config().getInt("pekko.cluster.sharding.number-of-shards"),
        Duration.ofMillis(settings.statsTimeoutMillis()));
  }

  private static KeeperShard shard(
      ActorSystem<?> fabric, EntityContext<KeeperCommand> entity, ShardAges ages) {
    return new KeeperShard() {
      @Override
      public void passivate(ActorRef<KeeperCommand> keeper) {
        entity.getShard().tell(new ClusterSharding.Passivate<>(keeper));
      }

      @Override
      public void handOn(KeeperCommand command) {
        ClusterSharding.get(fabric).entityRefFor(TYPE, entity.getEntityId()).tell(command);
      }

      @Override
      public boolean isYoung(ActorRef<KeeperCommand> keeper) {
        return ages.isYoung(keeper.path().parent(), System.nanoTime());
      }
    };
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

  @Override
  public Set<NodeId> peers() {
    Set<NodeId> others = new HashSet<>(fleet.doors().keySet());
    others.remove(nodeId);
    return others;
  }

  @Override
  public CompletionStage<Map<String, Integer>> shards() {
    return AskPattern.<ClusterShardingQuery, ShardRegion.ClusterShardingStats>ask(
            ClusterSharding.get(fabric).shardState(),
            reply -> new GetClusterShardingStats(TYPE, statsTimeout, reply),
            statsTimeout.multipliedBy(2),
            fabric.scheduler())
        .handle(
            (stats, failed) -> {
              Map<String, Integer> byNode = new HashMap<>();
              if (stats != null) {
                stats
                    .getRegions()
                    .forEach(
                        (address, region) ->
                            byNode.put(address.hostPort(), region.getStats().size()));
              }
              return byNode;
            });
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
