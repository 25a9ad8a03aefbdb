package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cache.KeyState.OrphanDecision;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.store.MetadataStore.Version;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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

  private static final CacheSettings SETTINGS = CacheSettings.from(CacheHarness.room("cache", ""));

  private final ActorSystem<NodeMessage> system =
      ActorSystem.create(Behaviors.<NodeMessage>ignore(), "orphans");
  private final ActorRef<NodeMessage> nobody = system;
  private final Grant lost = new Grant(KEY, FillId.random(), Epoch.FIRST, LEADER);
  private final KeyState state =
      new KeyState(KEY, SETTINGS, new StoredKey(Epoch.FIRST, List.of(), Version.ABSENT, List.of()));

  @AfterEach
  void end() {
    system.terminate();
  }

  private KeeperCommand.Orphaned orphan(NodeId node, long bytes) {
    return new KeeperCommand.Orphaned(1, nobody, node, lost, List.of(), VariantKey.NONE, bytes);
  }

  private OrphanDecision ask(KeeperCommand.Orphaned orphan, long nowNanos) {
    return state.orphaned(orphan, node -> false, nowNanos);
  }

  @Test
  void aLeaderThatLeavesWasElectedWhenNoFollowerHadAskedInTime() {
    // Given
    KeeperCommand.Orphaned leaving = orphan(LEADER, KeeperCommand.Orphaned.LEAVING);
    assertThat(ask(leaving, 0)).isEqualTo(new OrphanDecision.Elect(lost.fill()));

    // When nobody else has spoken
    Grant next = state.elect(lost.fill(), List.of(leaving), 0);

    // Then it is for the first follower that asks to have it decided
    assertThat(next).isNull();
    KeeperCommand.Orphaned asking = orphan(FOLLOWER, 10);
    ask(leaving, 1);
    assertThat(ask(asking, 1)).isEqualTo(new OrphanDecision.Elect(lost.fill()));
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
    all.forEach(orphan -> ask(orphan, 0));

    // When
    Grant next = Objects.requireNonNull(state.elect(lost.fill(), all, 0));

    // Then
    assertThat(next.leader()).isEqualTo(other);
    assertThat(ask(orphan(FOLLOWER, 10), 1)).isEqualTo(new OrphanDecision.Follow(other));
  }

  @Test
  void aLeaderThatWasReplacedDoesNotEndWhatAnotherLeadsNow() {
    // Given
    KeeperCommand.Orphaned asking = orphan(FOLLOWER, 10);
    ask(asking, 0);
    Grant next = Objects.requireNonNull(state.elect(lost.fill(), List.of(asking), 0));

    // When the former leader gives up
    state.ended(lost);

    // Then
    assertThat(state.leaders()).containsExactly(FOLLOWER);
    state.ended(next);
    assertThat(state.leaders()).isEmpty();
  }

  @Test
  void aKeeperThatHasMovedKnewALeaderThatLeavesAsAliveForAWhile() {
    // Given a newborn that hears of the fill from its leaving leader first, and elects nobody
    KeeperCommand.Orphaned leaving = orphan(LEADER, KeeperCommand.Orphaned.LEAVING);
    ask(leaving, 0);
    assertThat(state.elect(lost.fill(), List.of(leaving), 1)).isNull();

    // When a report of it comes late, and then the first follower
    state.heard(lost, 2);
    OrphanDecision decision = ask(orphan(FOLLOWER, 10), 3);

    // Then
    assertThat(decision).isEqualTo(new OrphanDecision.Elect(lost.fill()));
  }

  @Test
  void whoFollowsALeaderThatLeavesIsNotLeftWithoutOneForLong() {
    // Given
    ask(orphan(LEADER, KeeperCommand.Orphaned.LEAVING), 0);

    // When nobody comes who could go on
    long patience = TimeUnit.MILLISECONDS.toNanos(SETTINGS.orphanPatienceMillis());

    // Then
    assertThat(state.releaseSilent(patience)).isEmpty();
    assertThat(state.releaseSilent(patience + 1)).containsExactly(lost.fill());
  }

  @Test
  void aLeaderThatHasLeftTheFleetIsNotWaitedFor() {
    // Given a fill whose leader was heard just now
    state.progress(
        new KeeperCommand.Progress(lost, 20, new KeeperCommand.Place(List.of(), VariantKey.NONE)),
        0);

    // When
    OrphanDecision member = state.orphaned(orphan(FOLLOWER, 10), node -> false, 1);
    OrphanDecision departed = state.orphaned(orphan(FOLLOWER, 10), LEADER::equals, 1);

    // Then
    assertThat(member).isEqualTo(new OrphanDecision.Follow(LEADER));
    assertThat(departed).isEqualTo(new OrphanDecision.Elect(lost.fill()));
  }

  @Test
  void aNodeHasDepartedOnceItIsListedNoMore() {
    // Given
    Fleet fleet = new Fleet(Map.of(FOLLOWER, nobody), Set::of, 2);
    assertThat(fleet.hasDeparted(LEADER)).as("never seen").isFalse();
    fleet.listed(Map.of(FOLLOWER, nobody, LEADER, nobody));
    assertThat(fleet.hasDeparted(LEADER)).isFalse();

    // When
    fleet.listed(Map.of(FOLLOWER, nobody));

    // Then
    assertThat(fleet.hasDeparted(LEADER)).isTrue();
    assertThat(fleet.hasDeparted(FOLLOWER)).isFalse();
    fleet.listed(Map.of(FOLLOWER, nobody, LEADER, nobody));
    assertThat(fleet.hasDeparted(LEADER)).as("its fabric is back").isFalse();
  }

  @Test
  void ofThoseThatHaveDepartedTheFirstAreForgotten() {
    // Given
    Fleet fleet = new Fleet(Map.of(FOLLOWER, nobody), Set::of, 2);

    // When
    for (String name : List.of("a", "b", "c")) {
      fleet.listed(Map.of(FOLLOWER, nobody, new NodeId(name), nobody));
    }
    fleet.listed(Map.of(FOLLOWER, nobody));

    // Then
    assertThat(fleet.hasDeparted(new NodeId("a"))).isFalse();
    assertThat(fleet.hasDeparted(new NodeId("b"))).isTrue();
    assertThat(fleet.hasDeparted(new NodeId("c"))).isTrue();
  }
}
