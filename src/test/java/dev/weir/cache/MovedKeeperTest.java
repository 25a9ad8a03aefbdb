package dev.weir.cache;

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
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.LocalStores;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.StoreSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A keeper that was born on another node while fills run which its predecessor granted. */
class MovedKeeperTest {
  private static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "a".repeat(56));
  private static final NodeId LEADER = new NodeId("leader:1/a");
  private static final NodeId ASKER = new NodeId("asker:1/b");
  private static final List<String> VARY = List.of("accept-language");
  private static final VariantKey GERMAN = new VariantKey("1".repeat(56));
  private static final VariantKey FRENCH = new VariantKey("2".repeat(56));
  private static final CacheSettings SETTINGS = CacheSettings.from(CacheHarness.room("cache", ""));

  private final BlockingQueue<NodeMessage> heard = new LinkedBlockingQueue<>();
  private final ActorSystem<NodeMessage> door = ActorSystem.create(hearing(), "door");
  private final Grant grant = new Grant(KEY, FillId.random(), Epoch.FIRST, LEADER);
  private final KeyState state =
      new KeyState(KEY, SETTINGS, new StoredKey(Epoch.FIRST, List.of(), Version.ABSENT, List.of()));

  private Behavior<NodeMessage> hearing() {
    return Behaviors.receive(NodeMessage.class)
        .onAnyMessage(
            message -> {
              heard.add(message);
              return Behaviors.same();
            })
        .build();
  }

  @AfterEach
  void end() {
    door.terminate();
  }

  private KeeperCommand.Progress report(KeeperCommand.@Nullable Place place) {
    return new KeeperCommand.Progress(grant, 1 << 20, place);
  }

  private static KeeperCommand.Place german() {
    return new KeeperCommand.Place(VARY, GERMAN);
  }

  private KeeperCommand.Ask ask(List<String> vary, VariantKey variant) {
    ActorRef<NodeMessage> node = door;
    return new KeeperCommand.Ask(1, node, ASKER, Question.Intent.LOOK, vary, variant, null, true);
  }

  private Decision decide(List<String> vary, VariantKey variant) {
    return state.decide(ask(vary, variant), FillId.random(), 2);
  }

  private static Entry entry(Grant under, VariantKey variant, long atMillis) {
    StoredResponse response = new StoredResponse(200, "", Headers.EMPTY, "GET", atMillis, atMillis);
    Body body = new Body.Inline(new byte[0]);
    return new Entry(KEY, variant, "http://o/", response, body, under.epoch(), under.fill());
  }

  @Test
  void aReportOfARunningFillSparesItsVariantASecondFetch() {
    // When
    state.progress(report(german()), 1);

    // Then who does not know yet what it varies by learns it, the same variant joins
    assertThat(decide(List.of(), VariantKey.NONE)).isEqualTo(new Decision.Learn(VARY));
    assertThat(decide(VARY, GERMAN))
        .isInstanceOfSatisfying(
            Decision.Join.class, join -> assertThat(join.fill().grant()).isEqualTo(grant));
    assertThat(decide(VARY, FRENCH)).isInstanceOf(Decision.Lead.class);
  }

  @Test
  void aHeadThatComesToTheNewKeeperDoesTheSame() {
    // When
    state.headed(new KeeperCommand.Headed(grant, KeeperCommand.Fate.STORE, VARY, GERMAN, true), 1);

    // Then
    assertThat(decide(VARY, GERMAN)).isInstanceOf(Decision.Join.class);
  }

  @Test
  void aReportWithoutAHeadSaysOnlyThatTheLeaderLives() {
    // When
    state.progress(report(null), 1);

    // Then
    assertThat(state.hasRunning()).isFalse();
  }

  @Test
  void aFillWithoutAHeadIsWaitedForIfItsLeaderSaysSo() {
    // When
    state.progress(new KeeperCommand.Progress(grant, 0, null, true), 1);

    // Then
    assertThat(decide(List.of(), VariantKey.NONE))
        .isInstanceOfSatisfying(
            Decision.Join.class, join -> assertThat(join.fill().grant()).isEqualTo(grant));
    state.headed(new KeeperCommand.Headed(grant, KeeperCommand.Fate.STORE, VARY, GERMAN, true), 2);
    assertThat(decide(VARY, GERMAN)).isInstanceOf(Decision.Join.class);
    assertThat(decide(VARY, FRENCH)).isInstanceOf(Decision.Lead.class);
  }

  @Test
  void aFillWithoutAHeadOnAKeyThatVariesWasFetchedTwiceWhenItsKeeperMoved() {
    // Given
    StoredKey varying = new StoredKey(Epoch.FIRST, VARY, Version.ABSENT, List.of());
    KeyState granting = new KeyState(KEY, SETTINGS, varying);
    KeyState next = new KeyState(KEY, SETTINGS, varying);
    Grant lead = ((Decision.Lead) granting.decide(ask(VARY, GERMAN), FillId.random(), 1)).grant();

    // When
    granting.reports().forEach(report -> next.progress(report, 2));

    // Then
    assertThat(next.decide(ask(VARY, GERMAN), FillId.random(), 3))
        .isInstanceOfSatisfying(
            Decision.Join.class, join -> assertThat(join.fill().grant()).isEqualTo(lead));
    assertThat(next.decide(ask(VARY, FRENCH), FillId.random(), 3))
        .isInstanceOf(Decision.Lead.class);
    assertThat(next.decide(ask(List.of(), VariantKey.NONE), FillId.random(), 3))
        .isEqualTo(new Decision.Learn(VARY));
  }

  @Test
  void aFillWhoseHeadWasLostOnItsWayWasGivenUpThoughItsLeaderReportedIt() {
    // Given
    Grant lead = ((Decision.Lead) decide(List.of(), VariantKey.NONE)).grant();
    long later = TimeUnit.MILLISECONDS.toNanos(SETTINGS.headTimeoutMillis()) + 3;

    // When
    state.progress(new KeeperCommand.Progress(lead, 9, german()), later);

    // Then
    assertThat(state.releaseSilent(later)).isEmpty();
    assertThat(decide(VARY, GERMAN))
        .isInstanceOfSatisfying(
            Decision.Join.class, join -> assertThat(join.fill().grant()).isEqualTo(lead));
  }

  @Test
  void anUnsafeMethodForgotAFillThatNobodyMayWaitFor() {
    // Given
    assertThat(state.isEmpty()).isTrue();

    // When it may still be stored, by a keeper that comes after this one
    state.progress(report(null), 1);

    // Then its epoch is written
    assertThat(state.isEmpty()).isFalse();
    state.invalidate(0);
    state.progress(report(null), 2);
    assertThat(state.isEmpty()).as("that fill is over").isTrue();
  }

  @Test
  void aLateReportDoesNotReviveWhatHasEnded() {
    // Given
    state.progress(report(german()), 1);
    state.ended(grant);

    // When
    state.progress(report(german()), 2);

    // Then
    assertThat(state.hasRunning()).isFalse();
    assertThat(decide(List.of(), VariantKey.NONE)).isInstanceOf(Decision.Lead.class);
  }

  @Test
  void aLateReportDoesNotReviveWhatIsCommittedSilentOrPurged() {
    // Given
    state.progress(report(german()), 1);
    state.committed(grant, entry(grant, GERMAN, 1000), VARY, new Version("v1"), null);
    Grant silent = new Grant(KEY, FillId.random(), Epoch.FIRST, LEADER);
    state.progress(new KeeperCommand.Progress(silent, 1, german()), 1);
    state.releaseSilent(TimeUnit.MILLISECONDS.toNanos(SETTINGS.leaderSilenceMillis()) + 2);

    // When
    state.progress(report(german()), 2);
    state.progress(new KeeperCommand.Progress(silent, 1, german()), 2);
    state.invalidate(0);
    Grant before = new Grant(KEY, FillId.random(), Epoch.FIRST, LEADER);
    state.progress(new KeeperCommand.Progress(before, 1, german()), 2);

    // Then
    assertThat(state.hasRunning()).isFalse();
  }

  @Test
  void whatWasTakenInLateStillDoesNotReplaceANewerResponse() {
    // Given a fill of this keeper, begun before the report of the older one came
    Grant newer = ((Decision.Lead) decide(List.of(), VariantKey.NONE)).grant();
    state.progress(report(new KeeperCommand.Place(List.of(), VariantKey.NONE)), 3);
    Entry fresh = entry(newer, VariantKey.NONE, 5000);
    state.committed(newer, fresh, List.of(), new Version("v1"), null);

    // When the older one comes to its end
    CommitDecision decision =
        state.decideCommit(grant, entry(grant, VariantKey.NONE, 4000), List.of());

    // Then
    assertThat(decision).isEqualTo(new CommitDecision.Refuse("superseded"));
  }

  @Test
  void aKeeperKnowsWhatItWasToldBeforeItHadReadItsMetadata(@TempDir Path folder)
      throws InterruptedException {
    try (LocalStores stores =
        LocalStores.open(
            folder,
            StoreSettings.from(
                CacheHarness.room("store", "weir.store.chunks.min-free-bytes = 1M")))) {
      // Given a newborn
      Keeper.Context context =
          new Keeper.Context(
              SETTINGS,
              new KeeperStore(stores.metadata(), SETTINGS.storeTimeoutMillis()),
              stores.retention(),
              new KeeperMetrics(),
              new Fleet(Map.of(), Set::of, 10));
      ActorSystem<KeeperCommand> keeper =
          ActorSystem.create(Keeper.create(KEY, context, self -> {}), "keeper");

      // When
      keeper.tell(report(german()));
      keeper.tell(ask(VARY, GERMAN));

      // Then
      assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo(new NodeMessage.Acked(1));
      assertThat(heard.poll(20, TimeUnit.SECONDS))
          .isEqualTo(new NodeMessage.Answered(1, new Answer.Follow(grant.fill(), LEADER)));
      keeper.terminate();
      keeper.getWhenTerminated().toCompletableFuture().join();
    }
  }
}
