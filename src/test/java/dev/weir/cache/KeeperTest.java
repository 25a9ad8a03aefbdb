package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cache.KeyState.CommitDecision;
import dev.weir.cache.KeyState.Decision;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.Document;
import dev.weir.store.LocalStores;
import dev.weir.store.MetadataStore.Version;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One keeper with a real store, while nodes come and go and another keeper writes too. */
class KeeperTest {
  private static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "a".repeat(56));
  private static final NodeId ONE = new NodeId("one:1/a");
  private static final NodeId OTHER = new NodeId("other:1/b");
  private static final CacheSettings SETTINGS =
      CacheSettings.from(CacheHarness.room("cache", "weir.cache.lease-term = 300 ms"));

  private final Map<NodeId, ActorRef<NodeMessage>> doors = new ConcurrentHashMap<>();
  private final Set<NodeId> departed = ConcurrentHashMap.newKeySet();
  private final ListeningDoors listening = new ListeningDoors();

  @TempDir private Path folder;
  private LocalStores stores;
  private ActorSystem<KeeperCommand> keeper;

  @BeforeEach
  void begin() {
    stores = CacheHarness.stores(folder);
    Keeper.Context context =
        new Keeper.Context(
            SETTINGS,
            new KeeperStore(stores.metadata(), SETTINGS.storeTimeoutMillis()),
            stores.retention(),
            new KeeperMetrics(),
            new Doors() {
              @Override
              public Map<NodeId, ActorRef<NodeMessage>> doors() {
                return doors;
              }

              @Override
              public boolean hasDeparted(NodeId node) {
                return departed.contains(node);
              }
            });
    keeper = ActorSystem.create(Keeper.create(KEY, context, self -> {}), "keeper");
  }

  @AfterEach
  void end() {
    keeper.terminate();
    await(keeper.getWhenTerminated());
    stores.close();
  }

  private ActorRef<NodeMessage> door(String name) {
    return listening.open(keeper, name);
  }

  private <T> T hear(ActorRef<NodeMessage> door, Class<T> type) {
    return listening.hear(door, type);
  }

  private static KeeperCommand.Ask ask(ActorRef<NodeMessage> door, NodeId node) {
    return new KeeperCommand.Ask(
        1, door, node, Question.Intent.LOOK, List.of(), VariantKey.NONE, null, true);
  }

  private static Entry entry(Epoch epoch, FillId tag, long atMillis) {
    StoredResponse response = new StoredResponse(200, "", Headers.EMPTY, "GET", atMillis, atMillis);
    Body body = new Body.Inline(new byte[0]);
    return new Entry(KEY, VariantKey.NONE, "http://o/", response, body, epoch, tag);
  }

  private static KeyState state() {
    return new KeyState(
        KEY, SETTINGS, new StoredKey(Epoch.FIRST, List.of(), Version.ABSENT, List.of()));
  }

  @Test
  void everyPurgeWaitedForNodesThatHadLeftLongAgo() {
    // Given
    ActorRef<NodeMessage> one = door("one");
    ActorRef<NodeMessage> gone = door("gone");
    keeper.tell(ask(gone, OTHER));
    hear(gone, NodeMessage.Answered.class);
    departed.add(OTHER);
    keeper.tell(new KeeperCommand.Invalidate(5, one));
    hear(gone, NodeMessage.Revoke.class);
    assertThat(hear(one, NodeMessage.Done.class).id()).isEqualTo(5);

    // When all it may have held is over
    keeper.tell(new KeeperCommand.Invalidate(6, one));

    // Then
    assertThat(hear(one, NodeMessage.Done.class).id()).isEqualTo(6);
    assertThat(listening.heardAt(gone)).isEmpty();
  }

  @Test
  void aNodeThatWasStartedAnewWasToldAtTheDoorItHadBefore() {
    // Given
    ActorRef<NodeMessage> before = door("before");
    keeper.tell(ask(before, ONE));
    hear(before, NodeMessage.Answered.class);
    ActorRef<NodeMessage> anew = door("anew");
    doors.put(ONE, anew);

    // When
    keeper.tell(new KeeperCommand.Invalidate(5, before));

    // Then
    hear(anew, NodeMessage.Revoke.class);
    hear(before, NodeMessage.Revoke.class);
  }

  @Test
  void aPurgeLeftWhatAnotherKeeperHadStoredAfterAPurgeOfItsOwn() {
    // Given a keeper that has read nothing, and one by a clock that is ahead
    ActorRef<NodeMessage> one = door("one");
    keeper.tell(ask(one, ONE));
    hear(one, NodeMessage.Answered.class);
    Epoch ahead = new Epoch(System.currentTimeMillis() + 4000);
    Entry stored = entry(ahead, FillId.random(), System.currentTimeMillis());
    VaryIndex tombstone = new VaryIndex(KEY, ahead, List.of(), List.of());
    await(stores.metadata().write(new Document.VaryDocument(tombstone), Version.ABSENT));
    await(stores.metadata().write(new Document.EntryDocument(stored), Version.ABSENT));

    // When
    keeper.tell(new KeeperCommand.Invalidate(5, one));
    assertThat(hear(one, NodeMessage.Done.class)).isEqualTo(new NodeMessage.Done(5, true));

    // Then
    keeper.tell(ask(one, ONE));
    assertThat(hear(one, NodeMessage.Answered.class).answer()).isInstanceOf(Answer.Lead.class);
    StoredKey left = await(new KeeperStore(stores.metadata(), 1000).load(KEY));
    assertThat(left.epoch()).isGreaterThan(ahead);
    assertThat(left.entries()).isEmpty();
  }

  @Test
  void aFillFromBeforeThePurgeOfAnotherKeeperWasStillJoined() {
    // Given
    KeyState state = state();
    KeeperCommand.Ask ask = ask(keeper.ignoreRef(), ONE);
    state.decide(ask, FillId.random(), 1);
    assertThat(state.decide(ask, FillId.random(), 2)).isInstanceOf(Decision.Join.class);

    // When
    state.adopt(new StoredKey(new Epoch(9), List.of(), new Version("v9"), List.of()));

    // Then
    assertThat(state.decide(ask, FillId.random(), 3)).isInstanceOf(Decision.Lead.class);
  }

  @Test
  void aValidationThatCommitsLateUndidTheNewerOne() {
    // Given an entry that two requests validate, each for itself
    FillId tag = FillId.random();
    Entry stored = entry(Epoch.FIRST, tag, 1000);
    StoredKey.StoredEntry read = new StoredKey.StoredEntry(stored, new Version("v1"));
    KeyState state =
        new KeyState(
            KEY, SETTINGS, new StoredKey(Epoch.FIRST, List.of(), Version.ABSENT, List.of(read)));
    Grant first = validation(state);
    Grant second = validation(state);
    Entry newest = entry(Epoch.FIRST, tag, 3000);
    state.refreshed(second, newest, null);

    // When
    CommitDecision late = state.decideCommit(first, entry(Epoch.FIRST, tag, 2000), List.of());

    // Then
    assertThat(late).isEqualTo(new CommitDecision.Known(newest));
  }

  /** Of a request with credentials: nobody waits for it, and it waits for nobody. */
  private Grant validation(KeyState state) {
    ActorRef<NodeMessage> door = keeper.ignoreRef();
    Decision decision =
        state.decide(
            new KeeperCommand.Ask(
                1, door, ONE, Question.Intent.REPLACE, List.of(), VariantKey.NONE, null, false),
            FillId.random(),
            1);
    return ((Decision.Validate) decision).grant();
  }
}
