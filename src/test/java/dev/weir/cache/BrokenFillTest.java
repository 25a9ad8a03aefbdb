package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.look;
import static dev.weir.cache.CacheHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cache.NodeMessage.Answered;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Headers;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginResponse;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests that their keeper sends to a fill that has broken on this node: because its word has
 * crossed that of the end, or because that was lost. The keeper is played.
 */
class BrokenFillTest {
  private static final NodeId SELF = new NodeId("n1");
  private static final byte[] BODY = new byte[100_000];

  @TempDir private Path folder;
  private final ActorSystem<NodeMessage> door =
      ActorSystem.create(Behaviors.<NodeMessage>ignore(), "door");
  private final Queue<KeeperCommand> told = new ConcurrentLinkedQueue<>();
  private final PrimaryKey key = key();
  private final Grant grant = new Grant(key, FillId.random(), Epoch.FIRST, SELF);
  private CacheHarness node;

  private final KeeperLink keepers =
      new KeeperLink() {
        @Override
        public void send(PrimaryKey about, KeeperCommand command) {
          told.add(command);
        }

        @Override
        public ActorRef<NodeMessage> node() {
          return door;
        }

        @Override
        public NodeId nodeId() {
          return SELF;
        }
      };

  @BeforeEach
  void attach() {
    node = new CacheHarness(folder, "ack-timeout = 20 s, answer-timeout = 20 s, reask = 1 ms");
    node.cache.attach(keepers);
  }

  @AfterEach
  void close() {
    node.close();
    door.terminate();
  }

  private <T extends KeeperCommand> T next(Class<T> kind) {
    until(() -> told.stream().anyMatch(kind::isInstance));
    while (true) {
      KeeperCommand command = told.remove();
      if (kind.isInstance(command)) {
        return kind.cast(command);
      }
    }
  }

  private CompletableFuture<Verdict> asked() {
    return node.cache.ask(look(key)).toCompletableFuture();
  }

  private void answer(Answer answer) {
    node.cache.hear(new Answered(next(KeeperCommand.Ask.class).id(), answer));
  }

  /** This node leads; returns when the keeper has been told that it failed. */
  private void broken(CompletableFuture<OriginResponse> origin, Runnable breaks) {
    node.origins.answer(origin);
    CompletableFuture<Verdict> first = asked();
    answer(new Answer.Lead(grant, false));
    Fill fill = node.lead(await(first));
    breaks.run();
    assertThat(await(fill.end())).isInstanceOf(Fill.End.Broken.class);
    next(KeeperCommand.Ended.class);
  }

  private void cutOff() {
    OriginResponse cut =
        TestOrigins.response(
            200, Headers.EMPTY, TestOrigins.cutAfter(BODY, 20_000), OptionalLong.of(BODY.length));
    broken(CompletableFuture.completedFuture(cut), () -> {});
  }

  private void refused() {
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    OriginFailure failure = new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null);
    broken(origin, () -> origin.completeExceptionally(failure));
  }

  private void leadsAnew(CompletableFuture<Verdict> asked) {
    KeeperCommand.Ended ended = next(KeeperCommand.Ended.class);
    assertThat(ended.grant().fill()).isEqualTo(grant.fill());
    assertThat(ended.grant().leader()).isEqualTo(SELF);
    Grant anew = new Grant(key, FillId.random(), Epoch.FIRST, SELF);
    answer(new Answer.Lead(anew, false));
    assertThat(await(asked)).isEqualTo(new Verdict.Lead(anew));
  }

  @Test
  void whoIsSentToAFillThatBrokeAsksAgainAfterItsKeeperWasTold() {
    // Given
    cutOff();

    // When
    CompletableFuture<Verdict> later = asked();
    answer(new Answer.Follow(grant.fill(), SELF));

    // Then
    leadsAnew(later);
  }

  @Test
  void aRequestThatCameBeforeTheBodyBrokeStartsAnewToo() {
    // Given a request under way
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    CompletableFuture<Verdict> early = node.cache.ask(look(key, "early")).toCompletableFuture();
    KeeperCommand.Ask ask = next(KeeperCommand.Ask.class);
    OriginResponse cut =
        TestOrigins.response(
            200, Headers.EMPTY, TestOrigins.cutAfter(BODY, 20_000), OptionalLong.of(BODY.length));
    node.origins.answer(origin);
    Fill fill = node.lead(new Verdict.Lead(grant));
    origin.complete(cut);
    await(fill.end());
    next(KeeperCommand.Ended.class);

    // When
    node.cache.hear(new Answered(ask.id(), new Answer.Follow(grant.fill(), SELF)));

    // Then
    leadsAnew(early);
  }

  @Test
  void aFailureInPlaceOfAHeadAnswersOnlyThoseWhoHadAskedBefore() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    CompletableFuture<Verdict> early = asked();
    KeeperCommand.Ask ask = next(KeeperCommand.Ask.class);
    node.origins.answer(origin);
    Fill fill = node.lead(new Verdict.Lead(grant));
    origin.completeExceptionally(new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null));
    await(fill.end());
    next(KeeperCommand.Ended.class);

    // When
    node.cache.hear(new Answered(ask.id(), new Answer.Follow(grant.fill(), SELF)));
    CompletableFuture<Verdict> later = asked();
    answer(new Answer.Follow(grant.fill(), SELF));

    // Then
    Fill followed = ((Verdict.Follow) await(early)).fill();
    assertThat(await(followed.head())).isInstanceOf(FillHead.Failed.class);
    leadsAnew(later);
  }

  @Test
  void peersAreNotGivenWhatBrokeAndTheKeeperIsToldAgain() {
    // Given
    cutOff();

    // When
    CompletableFuture<Fill> opened = node.cache.led(grant.fill()).toCompletableFuture();

    // Then
    assertThat(opened).isCompletedExceptionally();
    assertThat(next(KeeperCommand.Ended.class).grant()).isEqualTo(grant);
  }

  @Test
  void peersAreGivenAFailureOnlyForAMoment() {
    // Given
    refused();

    // When it is older than any question under way
    until(() -> node.cache.led(grant.fill()).toCompletableFuture().isCompletedExceptionally());

    // Then
    assertThat(next(KeeperCommand.Ended.class).grant()).isEqualTo(grant);
  }

  @Test
  void aLeadThatComesWhenNobodyAwaitsItGoesBack() {
    // When
    node.cache.hear(new NodeMessage.Succeeded(77, grant, null, ""));

    // Then
    assertThat(next(KeeperCommand.Ended.class)).isEqualTo(new KeeperCommand.Ended(grant, "late"));
  }
}
