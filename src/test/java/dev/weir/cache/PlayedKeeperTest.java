package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.look;
import static dev.weir.cache.CacheHarness.until;
import static dev.weir.cache.CacheHarness.variant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillNote;
import dev.weir.fill.PeerFills;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginTimeouts;
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose keepers are played: they speak when, and in the order, that the test says. */
class PlayedKeeperTest {
  private static final NodeId SELF = new NodeId("n1");
  private static final NodeId LEADER = new NodeId("leader:1/a");
  private static final String PATIENT = "ack-timeout = 20 s";
  private static final String IMPATIENT = "ack-timeout = 50 ms";

  private final PrimaryKey key = key();

  /** Hears all and says nothing. */
  private static final class Played implements KeeperLink {
    private final BlockingQueue<KeeperCommand> told = new LinkedBlockingQueue<>();
    private final ActorRef<NodeMessage> node;

    Played(CacheHarness node) {
      this.node = Adapter.toTyped(node.data.deadLetters());
    }

    @Override
    public void send(PrimaryKey key, KeeperCommand command) {
      told.add(command);
    }

    @Override
    public ActorRef<NodeMessage> node() {
      return node;
    }

    @Override
    public NodeId nodeId() {
      return SELF;
    }

    KeeperCommand next() {
      try {
        KeeperCommand command = told.poll(5, TimeUnit.SECONDS);
        assertThat(command).as("what the keeper is told").isNotNull();
        return command;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    KeeperCommand.Ask question() {
      KeeperCommand command = next();
      assertThat(command).isInstanceOf(KeeperCommand.Ask.class);
      return (KeeperCommand.Ask) command;
    }
  }

  private static Played attach(CacheHarness node) {
    Played keepers = new Played(node);
    node.cache.attach(keepers);
    return keepers;
  }

  private static void answer(CacheHarness node, KeeperCommand.Ask ask, Answer answer) {
    node.cache.hear(new NodeMessage.Answered(ask.id(), answer));
  }

  private Grant granted(Epoch epoch) {
    return new Grant(key, FillId.random(), epoch, SELF);
  }

  private static Epoch now() {
    return Epoch.FIRST.next(System.currentTimeMillis());
  }

  private void revoke(CacheHarness node) {
    ActorRef<KeeperCommand> keeper = Adapter.toTyped(node.data.deadLetters());
    node.cache.hear(new NodeMessage.Revoke(key, 1, 1, keeper));
  }

  private Fill leadAlone(CacheHarness node, CompletableFuture<OriginResponse> origin) {
    node.origins.answer(origin);
    return node.lead(node.ask(look(key)));
  }

  /** A fill that began without a keeper, and the claim that the keeper hears of it now. */
  private record Claimed(Fill fill, Played keepers, KeeperCommand.Ask claim) {}

  private Claimed givenAFillThatIsClaimed(
      CacheHarness node, CompletableFuture<OriginResponse> origin) {
    Fill fill = leadAlone(node, origin);
    Played keepers = attach(node);
    return new Claimed(fill, keepers, keepers.question());
  }

  private Entry stored(long atMillis) {
    StoredResponse response = new StoredResponse(200, "", Headers.EMPTY, "GET", atMillis, atMillis);
    Body body = new Body.Inline(new byte[0]);
    return new Entry(
        key, VariantKey.NONE, "http://o/", response, body, Epoch.FIRST, FillId.random());
  }

  @Test
  void aRequestHungOnAGrantThatTheNodeHadHandedBack(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given a fill that began before a purge of which this node has not heard
      Claimed before = givenAFillThatIsClaimed(node, new CompletableFuture<>());
      Played keepers = before.keepers();
      CompletableFuture<Verdict> asked = node.cache.ask(look(key)).toCompletableFuture();
      KeeperCommand.Ask question = keepers.question();
      Grant late = granted(now());

      // When
      answer(node, before.claim(), new Answer.Lead(late, false));
      answer(node, question, new Answer.Follow(late.fill(), SELF));

      // Then
      assertThat(keepers.next()).isEqualTo(new KeeperCommand.Ended(late, "unused"));
      Grant next = granted(late.epoch());
      answer(node, keepers.question(), new Answer.Lead(next, false));
      assertThat(await(asked)).isEqualTo(new Verdict.Lead(next));
    }
  }

  /** A purge waits for the term of a node that does not answer, and no longer. */
  @Test
  void aLeaseThatWasLongOnItsWayBeganItsTermWhenItCame(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT + "\nlease-term = 300 ms")) {
      // Given
      Played keepers = attach(node);
      CompletableFuture<Verdict> before = node.cache.ask(look(key)).toCompletableFuture();
      KeeperCommand.Ask question = keepers.question();
      long askedNanos = System.nanoTime();
      until(() -> System.nanoTime() - askedNanos > 300_000_000);

      // When
      CompletableFuture<Verdict> after = node.cache.ask(look(key)).toCompletableFuture();
      KeeperCommand.Ask own = keepers.question();
      Entry old = stored(1);
      answer(node, question, new Answer.Stored(new Lease(old, List.of(), 1, 1, 300)));

      // Then
      assertThat(await(before)).isEqualTo(new Verdict.Serve(old));
      assertThat(node.cache.near(key, variant(""))).isNull();
      assertThat(after).isNotDone();
      Grant fresh = granted(now());
      answer(node, own, new Answer.Lead(fresh, false));
      assertThat(await(after)).isEqualTo(new Verdict.Lead(fresh));
    }
  }

  @Test
  void aGrantForARequestThatHadStoppedWaitingWasLost(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT + "\nfollow-timeout = 300 ms")) {
      // Given a request that asks again while its time to follow ends
      Played keepers = attach(node);
      CompletableFuture<Verdict> first = node.cache.ask(look(key)).toCompletableFuture();
      FillId gone = FillId.random();
      answer(node, keepers.question(), new Answer.Follow(gone, SELF));
      node.cache.hear(new NodeMessage.Released(gone));
      KeeperCommand.Ask again = keepers.question();
      CompletableFuture<Verdict> second = node.cache.ask(look(key)).toCompletableFuture();
      assertThat(await(first)).isEqualTo(new Verdict.Pass("head-timeout"));

      // When
      Grant late = granted(now());
      answer(node, again, new Answer.Lead(late, false));

      // Then
      assertThat(keepers.next()).isEqualTo(new KeeperCommand.Ended(late, "late"));
      Grant next = granted(late.epoch());
      answer(node, keepers.question(), new Answer.Lead(next, false));
      assertThat(await(second)).isEqualTo(new Verdict.Lead(next));
    }
  }

  @Test
  void aRequestThatGoesAloneJoinedAFillThatAPurgeHadKeptFromBeingStored(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, IMPATIENT)) {
      // Given
      Claimed before = givenAFillThatIsClaimed(node, new CompletableFuture<>());

      // When
      answer(node, before.claim(), new Answer.Lead(granted(now()), false));

      // Then
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
    }
  }

  @Test
  void aRequestThatGoesAloneJoinedAFillFromBeforeAPurgeOfWhichTheNodeHadHeard(
      @TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, IMPATIENT)) {
      // Given
      Claimed before = givenAFillThatIsClaimed(node, new CompletableFuture<>());
      answer(node, before.claim(), new Answer.Alone("busy"));

      // When
      revoke(node);

      // Then
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
    }
  }

  @Test
  void aRequestThatGoesAloneReadTheCopyOfAFillFromBeforeAPurgeOfWhichTheNodeHadHeard(
      @TempDir Path folder) {
    aRequestThatGoesAloneReadsNoCopyFromBefore(folder, this::revoke);
  }

  /** Found by a soak: nobody could tell a node that was cut off, but the store knew. */
  @Test
  void aRequestThatGoesAloneReadTheCopyOfAFillFromBeforeAPurgeOfWhichTheNodeHadNotHeard(
      @TempDir Path folder) {
    aRequestThatGoesAloneReadsNoCopyFromBefore(
        folder,
        node ->
            await(
                node.stores
                    .metadata()
                    .write(
                        new Document.VaryDocument(new VaryIndex(key, now(), List.of(), List.of())),
                        MetadataStore.Version.ABSENT)));
  }

  private void aRequestThatGoesAloneReadsNoCopyFromBefore(
      Path folder, Consumer<CacheHarness> purge) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given
      node.origins.answer(new CompletableFuture<>());
      Grant leaders = new Grant(key, FillId.random(), Epoch.FIRST, LEADER);
      node.peers =
          (leader, fill, from) ->
              CompletableFuture.completedStage(new PeerFills.Opened(note(leaders), Source.maybe()));
      Played keepers = attach(node);
      CompletableFuture<Verdict> before = node.cache.ask(look(key)).toCompletableFuture();
      answer(node, keepers.question(), new Answer.Follow(leaders.fill(), LEADER));
      assertThat(await(before)).isInstanceOf(Verdict.Follow.class);
      node.cache.detach();
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Follow.class);

      // When
      purge.accept(node);

      // Then
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
    }
  }

  private static FillNote note(Grant grant) {
    RequestHead request =
        new RequestHead("GET", "http", new Authority("origin.test", 80), "/x", Headers.EMPTY);
    ResponseHead head = new ResponseHead(200, "", Headers.EMPTY);
    FillIntent intent =
        new FillIntent.Store(CacheHarness.stored(head, 1, 2), VariantKey.NONE, List.of());
    return new FillNote(
        grant,
        request,
        new OriginTimeouts(1000, 1000, 0),
        request.url(),
        new FillHead.Streaming(head, OptionalLong.of(10), intent, 1, 2));
  }

  @Test
  void aFillThatFailedWhileItWasClaimedWasTakenForOneThatRuns(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      Claimed before = givenAFillThatIsClaimed(node, origin);
      Grant late = granted(Epoch.FIRST);

      // When
      origin.completeExceptionally(
          new OriginFailure(OriginFailure.Kind.CLOSED, "The connection was closed", null));
      assertThat(await(before.fill().end())).isInstanceOf(Fill.End.Broken.class);
      answer(node, before.claim(), new Answer.Lead(late, false));

      // Then
      assertThat(before.keepers().next()).isEqualTo(new KeeperCommand.Ended(late, "unused"));
    }
  }

  @Test
  void aFillThatBeganAloneReplacedANewerEntryOfANodeWhoseClockIsBehind(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT + ", clock-skew = 5 s")) {
      // Given
      Fill fill =
          leadAlone(
              node,
              CompletableFuture.completedFuture(
                  TestOrigins.response(
                      200, Headers.EMPTY, Source.maybe(), OptionalLong.of(1_000_000))));
      await(fill.head());
      Played keepers = attach(node);
      long clock = System.currentTimeMillis();

      // When
      KeeperCommand.Ask claim = keepers.question();
      answer(
          node, claim, new Answer.Stored(new Lease(stored(clock - 4000), List.of(), 1, 1, 1000)));

      // Then
      assertThat(keepers.told).isEmpty();

      // But
      node.cache.attach(keepers);
      KeeperCommand.Ask again = keepers.question();
      answer(
          node, again, new Answer.Stored(new Lease(stored(clock - 9000), List.of(), 1, 2, 1000)));
      assertThat(keepers.question().intent()).isEqualTo(Question.Intent.REPLACE);
    }
  }

  @Test
  void aNodeTellsANewbornKeeperWhatItLeadsBeforeItsNextReport(@TempDir Path folder)
      throws InterruptedException {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given
      Played keepers = attach(node);
      CompletableFuture<Verdict> asked = node.cache.ask(look(key)).toCompletableFuture();
      Grant grant = granted(Epoch.FIRST);
      answer(node, keepers.question(), new Answer.Lead(grant, false));
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      node.origins.answer(origin);
      Fill fill = node.lead(await(asked));
      BlockingQueue<KeeperCommand> told = new LinkedBlockingQueue<>();
      ActorRef<KeeperCommand> newborn = keeper(node, told);

      // When
      node.cache.hear(new NodeMessage.WhatRuns(key, newborn));
      node.cache.hear(new NodeMessage.WhatRuns(key(), newborn));
      origin.complete(TestOrigins.response(200, Headers.EMPTY, Source.maybe(), OptionalLong.of(9)));
      await(fill.head());
      node.cache.hear(new NodeMessage.WhatRuns(key, newborn));

      // Then
      assertThat(told.poll(5, TimeUnit.SECONDS)).isEqualTo(runs(grant, null));
      assertThat(told.poll(5, TimeUnit.SECONDS)).isEqualTo(new KeeperCommand.Runs(SELF, List.of()));
      assertThat(told.poll(5, TimeUnit.SECONDS))
          .isEqualTo(runs(grant, new KeeperCommand.Place(List.of(), VariantKey.NONE)));
    }
  }

  @Test
  void aGrantThatHadJustBeenDealtWasUnknownToANewbornKeeper(@TempDir Path folder)
      throws InterruptedException {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given a key that varies, and a request that has not begun its fill yet
      List<String> names = List.of("accept-language");
      Question question = look(key, "de");
      Played keepers = attach(node);
      CompletableFuture<Verdict> asked = node.cache.ask(question).toCompletableFuture();
      answer(node, keepers.question(), new Answer.Varies(names));
      Grant grant = granted(Epoch.FIRST);
      answer(node, keepers.question(), new Answer.Lead(grant, false));
      Verdict verdict = await(asked);
      BlockingQueue<KeeperCommand> told = new LinkedBlockingQueue<>();
      ActorRef<KeeperCommand> newborn = keeper(node, told);

      // When
      node.cache.hear(new NodeMessage.WhatRuns(key, newborn));

      // Then
      KeeperCommand.Place place = new KeeperCommand.Place(names, question.variant().apply(names));
      KeeperCommand.Runs expected =
          new KeeperCommand.Runs(SELF, List.of(new KeeperCommand.Progress(grant, 0, place, true)));
      assertThat(told.poll(5, TimeUnit.SECONDS)).isEqualTo(expected);

      // And once it has begun, before its head
      node.origins.answer(new CompletableFuture<>());
      node.lead(verdict);
      node.cache.hear(new NodeMessage.WhatRuns(key, newborn));
      assertThat(told.poll(5, TimeUnit.SECONDS)).isEqualTo(expected);
    }
  }

  @Test
  void aGrantThatIsHandedBackIsNobodysToWaitFor(@TempDir Path folder) throws InterruptedException {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given
      Played keepers = attach(node);
      CompletableFuture<Verdict> asked = node.cache.ask(look(key)).toCompletableFuture();
      Grant grant = granted(Epoch.FIRST);
      answer(node, keepers.question(), new Answer.Lead(grant, false));
      await(asked);
      BlockingQueue<KeeperCommand> told = new LinkedBlockingQueue<>();

      // When
      node.cache.release(grant, "head");
      node.cache.hear(new NodeMessage.WhatRuns(key, keeper(node, told)));

      // Then
      assertThat(told.poll(5, TimeUnit.SECONDS)).isEqualTo(new KeeperCommand.Runs(SELF, List.of()));
    }
  }

  private static KeeperCommand.Runs runs(Grant grant, KeeperCommand.@Nullable Place place) {
    return new KeeperCommand.Runs(
        SELF, List.of(new KeeperCommand.Progress(grant, 0, place, place == null)));
  }

  private static ActorRef<KeeperCommand> keeper(
      CacheHarness node, BlockingQueue<KeeperCommand> told) {
    return Adapter.spawnAnonymous(
        node.data,
        Behaviors.receive(KeeperCommand.class)
            .onAnyMessage(
                command -> {
                  told.add(command);
                  return Behaviors.same();
                })
            .build());
  }

  @Test
  void aPeerThatCameBeforeTheGrantItWasSentForWaitedForNothing(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, PATIENT)) {
      // Given
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      Claimed before = givenAFillThatIsClaimed(node, origin);
      Grant late = granted(Epoch.FIRST);
      CompletableFuture<Fill> early = node.cache.led(late.fill()).toCompletableFuture();

      // When
      answer(node, before.claim(), new Answer.Lead(late, false));

      // Then it is sent to ask again, and finds it
      assertThatThrownBy(() -> early.orTimeout(5, TimeUnit.SECONDS).join())
          .hasCauseInstanceOf(FillSlots.ReleasedException.class);
      CompletableFuture<Fill> again = node.cache.led(late.fill()).toCompletableFuture();
      origin.complete(TestOrigins.ok(Headers.EMPTY, new byte[10]));
      assertThat(await(again).id()).isEqualTo(before.fill().id());
    }
  }
}
