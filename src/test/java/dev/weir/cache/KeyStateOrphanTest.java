package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.cache.KeyState.OrphanDecision;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.store.MetadataStore.Version;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who goes on with a fill whose leader is lost or leaves, by the rules of one key. */
class KeyStateOrphanTest {
  private static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "a".repeat(56));
  private static final NodeId LEADER = new NodeId("leader:1/a");
  private static final NodeId FOLLOWER = new NodeId("follower:1/b");

  private final ActorSystem<NodeMessage> system =
      ActorSystem.create(Behaviors.<NodeMessage>ignore(), "orphans");
  private final ActorRef<NodeMessage> nobody = system;
  private final Grant lost = new Grant(KEY, FillId.random(), Epoch.FIRST, LEADER);
  private final KeyState state =
      new KeyState(
          KEY,
          CacheSettings.from(
              ConfigFactory.parseResources("reference/cache.conf")
                  .resolve()
                  .getConfig("weir.cache")),
          new StoredKey(Epoch.FIRST, List.of(), Version.ABSENT, List.of()));

  @AfterEach
  void end() {
    system.terminate();
  }

  private KeeperCommand.Orphaned orphan(NodeId node, long bytes) {
    return new KeeperCommand.Orphaned(1, nobody, node, lost, List.of(), VariantKey.NONE, bytes);
  }

  @Test
  void aLeaderThatLeavesWasElectedWhenNoFollowerHadAskedInTime() {
    // Given
    KeeperCommand.Orphaned leaving = orphan(LEADER, KeeperCommand.Orphaned.LEAVING);
    assertThat(state.orphaned(leaving, 0)).isEqualTo(new OrphanDecision.Elect(lost.fill()));

    // When nobody else has spoken
    Grant next = state.elect(lost.fill(), List.of(leaving), 0);

    // Then it is for the first follower that asks to have it decided
    assertThat(next).isNull();
    KeeperCommand.Orphaned asking = orphan(FOLLOWER, 10);
    state.orphaned(leaving, 1);
    assertThat(state.orphaned(asking, 1)).isEqualTo(new OrphanDecision.Elect(lost.fill()));
    assertThat(Objects.requireNonNull(state.elect(lost.fill(), List.of(asking), 1)).leader())
        .isEqualTo(FOLLOWER);
  }

  @Test
  void theFollowerWithMostBytesLeads() {
    // Given
    NodeId other = new NodeId("other:1/c");
    List<KeeperCommand.Orphaned> all =
        List.of(
            orphan(LEADER, KeeperCommand.Orphaned.LEAVING),
            orphan(FOLLOWER, 10),
            orphan(other, 11));
    all.forEach(orphan -> state.orphaned(orphan, 0));

    // When
    Grant next = Objects.requireNonNull(state.elect(lost.fill(), all, 0));

    // Then
    assertThat(next.leader()).isEqualTo(other);
    assertThat(state.orphaned(orphan(FOLLOWER, 10), 1)).isEqualTo(new OrphanDecision.Follow(other));
  }

  @Test
  void aLeaderThatWasReplacedDoesNotEndWhatAnotherLeadsNow() {
    // Given
    KeeperCommand.Orphaned asking = orphan(FOLLOWER, 10);
    state.orphaned(asking, 0);
    Grant next = Objects.requireNonNull(state.elect(lost.fill(), List.of(asking), 0));

    // When the former leader gives up
    state.ended(lost);

    // Then
    assertThat(state.leaders()).containsExactly(FOLLOWER);
    state.ended(next);
    assertThat(state.leaders()).isEmpty();
  }
}
