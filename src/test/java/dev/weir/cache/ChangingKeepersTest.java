package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cluster.FabricSettings;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.LocalStores;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.pekko.actor.ActorPath;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A keeper whose shard goes to another node, and one whose shard has just come. */
class ChangingKeepersTest {
  private static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "b".repeat(56));
  private static final NodeId LEADER = new NodeId("leader:1/a");
  private static final NodeId ASKER = new NodeId("asker:1/b");
  private static final Grant RUNNING = new Grant(KEY, FillId.random(), Epoch.FIRST, LEADER);

  private final Map<NodeId, ActorRef<NodeMessage>> doors = new ConcurrentHashMap<>();
  private final ListeningDoors listening = new ListeningDoors();
  private final BlockingQueue<KeeperCommand> handedOn = new LinkedBlockingQueue<>();
  private final ActorSystem<Void> nodes = ActorSystem.create(Behaviors.empty(), "nodes");
  private volatile boolean strangers;

  /** Null where all doors are of this version. */
  private volatile Map<NodeId, ActorRef<NodeMessage>> askable;

  @TempDir private Path folder;
  private LocalStores stores;
  private UnreliableMetadata metadata;
  private ActorRef<NodeMessage> leader;
  private ActorRef<NodeMessage> asker;

  @BeforeEach
  void begin() {
    stores = CacheHarness.stores(folder);
    metadata = new UnreliableMetadata(stores.metadata());
    leader = door(LEADER);
    asker = door(ASKER);
  }

  @AfterEach
  void end() {
    nodes.terminate();
    await(nodes.getWhenTerminated());
    stores.close();
  }

  private ActorSystem<KeeperCommand> keeper(boolean young, String overrides) {
    CacheSettings settings =
        CacheSettings.from(
            CacheHarness.room("cache", "weir.cache { purge-pause = 5 ms, " + overrides + " }"));
    Keeper.Context context =
        new Keeper.Context(
            settings,
            new KeeperStore(metadata, settings.storeTimeoutMillis()),
            stores.retention(),
            new KeeperMetrics(),
            new Doors() {
              @Override
              public Map<NodeId, ActorRef<NodeMessage>> doors() {
                return doors;
              }

              @Override
              public Map<NodeId, ActorRef<NodeMessage>> askable() {
                return askable == null ? doors : askable;
              }

              @Override
              public boolean hasDeparted(NodeId node) {
                return false;
              }

              @Override
              public boolean hasStrangers() {
                return strangers;
              }
            });
    KeeperShard shard =
        new KeeperShard() {
          @Override
          public void passivate(ActorRef<KeeperCommand> keeper) {}

          @Override
          public void handOn(KeeperCommand command) {
            handedOn.add(command);
          }

          @Override
          public boolean isYoung(ActorRef<KeeperCommand> keeper) {
            return young;
          }
        };
    return ActorSystem.create(Keeper.create(KEY, context, shard), "keeper");
  }

  private ActorRef<NodeMessage> door(NodeId node) {
    ActorRef<NodeMessage> door = listening.open(nodes, Fleet.doorName(node));
    doors.put(node, door);
    return door;
  }

  private <T> T hear(ActorRef<NodeMessage> door, Class<T> type) {
    return listening.hear(door, type);
  }

  private KeeperCommand.Ask ask() {
    return new KeeperCommand.Ask(
        1, asker, ASKER, Question.Intent.LOOK, List.of(), VariantKey.NONE, null, true);
  }

  private Answer answer() {
    return hear(asker, NodeMessage.Answered.class).answer();
  }

  private static Entry entry(Grant under) {
    StoredResponse response = new StoredResponse(200, "", Headers.EMPTY, "GET", 1000, 1000);
    Body body = new Body.Inline(new byte[0]);
    return new Entry(
        KEY, VariantKey.NONE, "http://o/", response, body, under.epoch(), under.fill());
  }

  /** All that was told to it before has been done. */
  private void settled(ActorRef<KeeperCommand> keeper) {
    keeper.tell(new KeeperCommand.Ping(99, leader));
    assertThat(hear(leader, NodeMessage.Done.class).id()).isEqualTo(99);
  }

  // --- one that has come

  @Test
  void aKeeperWhoseShardHadMovedGrantedASecondLeadBeforeTheFirstReport() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(true, "ack-timeout = 20 s");

    // When
    keeper.tell(ask());
    assertThat(hear(leader, NodeMessage.WhatRuns.class).key()).isEqualTo(KEY);
    keeper.tell(new KeeperCommand.Runs(ASKER, List.of()));
    KeeperCommand.Place place = new KeeperCommand.Place(List.of(), VariantKey.NONE);
    keeper.tell(
        new KeeperCommand.Runs(
            LEADER, List.of(new KeeperCommand.Progress(RUNNING, 0, place, false))));

    // Then
    assertThat(answer()).isEqualTo(new Answer.Follow(RUNNING.fill(), LEADER));
    keeper.terminate();
  }

  @Test
  void aNodeOfAnEarlierVersionWasAskedWhatItCouldNotRead() {
    // Given
    askable = Map.of(ASKER, asker);
    ActorSystem<KeeperCommand> keeper = keeper(true, "ack-timeout = 20 s");

    // When
    keeper.tell(ask());
    hear(asker, NodeMessage.WhatRuns.class);
    keeper.tell(new KeeperCommand.Runs(ASKER, List.of()));

    // Then: and nobody waits for its word
    assertThat(answer()).isInstanceOf(Answer.Lead.class);
    assertThat(listening.heardAt(leader)).noneMatch(NodeMessage.WhatRuns.class::isInstance);
    keeper.terminate();
  }

  @Test
  void anOriginThatHadNotAnsweredYetWasAskedTwiceWhenTheShardMoved() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(true, "ack-timeout = 20 s");

    // When
    keeper.tell(ask());
    keeper.tell(new KeeperCommand.Runs(ASKER, List.of()));
    keeper.tell(
        new KeeperCommand.Runs(
            LEADER, List.of(new KeeperCommand.Progress(RUNNING, 0, null, true))));

    // Then
    assertThat(answer()).isEqualTo(new Answer.Follow(RUNNING.fill(), LEADER));
    keeper.terminate();
  }

  @Test
  void theWordThatAFillHadEndedWasOvertakenByTheWordThatItRuns() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(true, "ack-timeout = 20 s");
    KeeperCommand.Place place = new KeeperCommand.Place(List.of(), VariantKey.NONE);
    KeeperCommand.Progress report = new KeeperCommand.Progress(RUNNING, 0, place, false);

    // When
    keeper.tell(ask());
    keeper.tell(new KeeperCommand.Ended(RUNNING, "origin"));
    keeper.tell(new KeeperCommand.Runs(ASKER, List.of()));
    keeper.tell(new KeeperCommand.Runs(LEADER, List.of(report)));

    // Then
    assertThat(answer()).isInstanceOf(Answer.Lead.class);
    keeper.terminate();
  }

  @Test
  void theHeadOfAFillWasOvertakenByTheWordThatItHasNone() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(true, "ack-timeout = 20 s");
    List<String> names = List.of("accept-language");
    VariantKey german = new VariantKey("1".repeat(56));
    KeeperCommand.Headed head =
        new KeeperCommand.Headed(RUNNING, KeeperCommand.Fate.STORE, names, german, true);
    KeeperCommand.Progress before = new KeeperCommand.Progress(RUNNING, 0, null, true);

    // When
    keeper.tell(ask());
    keeper.tell(head);
    keeper.tell(new KeeperCommand.Runs(ASKER, List.of()));
    keeper.tell(new KeeperCommand.Runs(LEADER, List.of(before)));

    // Then
    assertThat(answer()).isEqualTo(new Answer.Varies(names));
    keeper.terminate();
  }

  @Test
  void aNodeThatDoesNotSayWhatItLeadsIsNotWaitedForLong() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(true, "ack-timeout = 50 ms");

    // When
    keeper.tell(ask());

    // Then
    assertThat(answer()).isInstanceOf(Answer.Lead.class);
    keeper.terminate();
  }

  @Test
  void inAShardThatHasBeenHereNobodyIsAsked() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(false, "ack-timeout = 20 s");

    // When
    keeper.tell(ask());

    // Then
    assertThat(answer()).isInstanceOf(Answer.Lead.class);
    assertThat(listening.heardAt(leader)).isEmpty();
    keeper.terminate();
  }

  @Test
  void aShardIsYoungForAWhileAndAgainWhenItComesBack() {
    // Given
    ShardAges ages = new ShardAges(1000);
    ActorPath shard = leader.path();
    ActorPath again = shard.parent().child(shard.name());

    // Then
    assertThat(ages.isYoung(shard, 0)).isTrue();
    assertThat(ages.isYoung(shard, 999_000_000)).isTrue();
    assertThat(ages.isYoung(shard, 1_000_000_000)).isFalse();
    assertThat(ages.isYoung(again, 1_000_000_000)).isTrue();
  }

  // --- one that goes

  @Test
  void aPurgeWasLostThatWaitedForAHolderWhenItsShardMoved() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(false, "lease-term = 1 h");
    KeeperCommand.Invalidate purge = new KeeperCommand.Invalidate(5, asker, true);
    keeper.tell(purge);
    hear(leader, NodeMessage.Revoke.class);

    // When
    keeper.tell(new KeeperCommand.Retire());

    // Then
    await(keeper.getWhenTerminated());
    assertThat(handedOn).containsExactly(purge);
  }

  @Test
  void whatWaitedForTheStoreWhenItsShardMovedWasLost() {
    // Given
    metadata.mood = UnreliableMetadata.Mood.SILENT;
    ActorSystem<KeeperCommand> keeper = keeper(false, "");
    KeeperCommand.Invalidate purge = new KeeperCommand.Invalidate(5, asker);
    keeper.tell(ask());
    keeper.tell(purge);
    hear(asker, NodeMessage.Acked.class);

    // When
    keeper.tell(new KeeperCommand.Retire());

    // Then
    await(keeper.getWhenTerminated());
    assertThat(handedOn).containsExactly(ask(), purge);
  }

  @Test
  void aFillIsKnownToTheKeeperThatFollows() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(false, "");
    keeper.tell(ask());
    Grant grant = ((Answer.Lead) answer()).grant();

    // When
    keeper.tell(new KeeperCommand.Retire());

    // Then
    await(keeper.getWhenTerminated());
    assertThat(handedOn).containsExactly(new KeeperCommand.Progress(grant, 0, null, true));
  }

  /** Whoever read along was sent back to the leader that had gone, and fetched for itself then. */
  @Test
  void aFillWhoseLeaderGoesWasHandedOnAsOneThatRuns() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(false, "election = 1 h");
    keeper.tell(ask());
    Grant grant = ((Answer.Lead) answer()).grant();
    KeeperCommand.Orphaned leaving =
        new KeeperCommand.Orphaned(
            7, asker, ASKER, grant, List.of(), VariantKey.NONE, KeeperCommand.Orphaned.LEAVING);
    keeper.tell(leaving);

    // When
    keeper.tell(new KeeperCommand.Retire());

    // Then
    await(keeper.getWhenTerminated());
    assertThat(handedOn).containsExactly(leaving);
  }

  @Test
  void aPurgeThatIsBeingWrittenIsAcknowledgedByTheKeeperThatBeganIt() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(false, "store-timeout = 4 s, lease-term = 1 h");
    metadata.mood = UnreliableMetadata.Mood.HELD;
    keeper.tell(new KeeperCommand.Invalidate(5, asker, true));
    until(metadata::holds);
    metadata.release();
    NodeMessage.Revoke revoke = hear(leader, NodeMessage.Revoke.class);
    keeper.tell(new KeeperCommand.Revoked(LEADER, revoke.sequence()));
    keeper.tell(new KeeperCommand.Revoked(ASKER, revoke.sequence()));
    settled(keeper);

    // When
    keeper.tell(new KeeperCommand.Retire());
    keeper.tell(ask());
    settled(keeper);
    metadata.mood = UnreliableMetadata.Mood.UP;
    metadata.release();

    // Then
    assertThat(hear(asker, NodeMessage.Done.class)).isEqualTo(new NodeMessage.Done(5, true));
    await(keeper.getWhenTerminated());
    assertThat(handedOn).containsExactly(ask());
  }

  @Test
  void aCommitThatWaitsForAWriteIsForTheKeeperThatFollows() {
    // Given
    ActorSystem<KeeperCommand> keeper = keeper(false, "store-timeout = 4 s");
    keeper.tell(ask());
    Grant grant = ((Answer.Lead) answer()).grant();
    metadata.mood = UnreliableMetadata.Mood.HELD;
    KeeperCommand.Commit first = new KeeperCommand.Commit(6, asker, grant, entry(grant), List.of());
    KeeperCommand.Commit second =
        new KeeperCommand.Commit(7, asker, grant, entry(grant), List.of());
    keeper.tell(first);
    keeper.tell(second);

    // When
    keeper.tell(new KeeperCommand.Retire());
    settled(keeper);
    metadata.mood = UnreliableMetadata.Mood.UP;
    metadata.release();

    // Then
    assertThat(hear(asker, NodeMessage.Committed.class).id()).isEqualTo(6);
    await(keeper.getWhenTerminated());
    assertThat(handedOn).containsExactly(second);
  }

  // --- nodes that come

  @Test
  void aPurgeDidNotWaitForANodeWhoseDoorWasNotKnownYet() {
    // Given
    strangers = true;
    ActorSystem<KeeperCommand> keeper = keeper(false, "lease-term = 1 h");
    keeper.tell(new KeeperCommand.Invalidate(5, asker));
    NodeMessage.Revoke revoke = hear(asker, NodeMessage.Revoke.class);

    // When
    keeper.tell(new KeeperCommand.Revoked(LEADER, revoke.sequence()));
    keeper.tell(new KeeperCommand.Revoked(ASKER, revoke.sequence()));
    settled(keeper);

    // Then
    assertThat(listening.heardAt(asker)).isEmpty();
    NodeId late = new NodeId("late:1/c");
    ActorRef<NodeMessage> newcomer = door(late);
    strangers = false;
    NodeMessage.Revoke again = hear(newcomer, NodeMessage.Revoke.class);
    keeper.tell(new KeeperCommand.Revoked(LEADER, again.sequence()));
    keeper.tell(new KeeperCommand.Revoked(ASKER, again.sequence()));
    settled(keeper);
    assertThat(listening.heardAt(asker)).hasOnlyElementsOfType(NodeMessage.Revoke.class);
    keeper.tell(new KeeperCommand.Revoked(late, again.sequence()));
    assertThat(hear(asker, NodeMessage.Done.class)).isEqualTo(new NodeMessage.Done(5, true));
    keeper.terminate();
  }

  @Test
  void aMemberIsAStrangerUntilItsDoorIsListedOrHasSpoken() {
    // Given
    Address one = new Address("pekko", "weir", "one", 1);
    Address two = new Address("pekko", "weir", "two", 1);
    Set<Address> members = ConcurrentHashMap.newKeySet();
    Fleet fleet = new Fleet(Map.of(ASKER, asker), () -> Set.copyOf(members), 10);
    assertThat(fleet.hasStrangers()).isFalse();

    // When
    members.addAll(Set.of(one, two));
    ActorSystem<Void> fabric =
        ActorSystem.create(
            Behaviors.empty(),
            "weir",
            FabricSettings.from(
                    CacheHarness.room("cluster", "weir.cluster.pekko.loglevel = WARNING"))
                .system());
    ActorRef<NodeMessage> first = door(fabric, one, new NodeId("one:1/x"));
    ActorRef<NodeMessage> second = door(fabric, two, new NodeId("two:1/y"));

    // Then
    assertThat(fleet.hasStrangers()).isTrue();
    fleet.listed(Map.of(ASKER, asker, new NodeId("one:1/x"), first));
    assertThat(fleet.hasStrangers()).isTrue();
    fleet.met(second);
    assertThat(fleet.hasStrangers()).isFalse();
    assertThat(fleet.doors()).containsEntry(new NodeId("two:1/y"), second).hasSize(3);
    members.remove(two);
    assertThat(fleet.hasStrangers()).isFalse();
    assertThat(fleet.doors()).as("it has left").hasSize(2);
    fabric.terminate();
  }

  private static ActorRef<NodeMessage> door(ActorSystem<?> fabric, Address at, NodeId node) {
    return ActorRefResolver.get(fabric).resolveActorRef(at + "/system/" + Fleet.doorName(node));
  }
}
