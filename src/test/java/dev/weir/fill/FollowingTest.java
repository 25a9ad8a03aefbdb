package dev.weir.fill;

import static dev.weir.fill.FillHarness.await;
import static dev.weir.fill.FillHarness.digest;
import static dev.weir.fill.FillHarness.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.http.Headers;
import dev.weir.origin.CircuitTerms;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginTerms;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fill that one node leads and another reads along, and takes over. */
class FollowingTest {
  private static final NodeId LEADER = new NodeId("leader:1/a");
  private static final byte[] BODY = random(3_000_000);
  private static final Headers HEADERS =
      Headers.of("ETag", "\"v1\"", "Accept-Ranges", "bytes", "Cache-Control", "max-age=60");

  /** Those of a mirror with a credential of its own. */
  private static final OriginTerms TERMS =
      new OriginTerms(
          CircuitTerms.DEFAULT, null, 3, new OriginTerms.Manner("mirror", Set.of("X-Key"), false));

  @TempDir private Path folder;
  private FillHarness leading;
  private FillHarness following;

  @BeforeEach
  void twoNodes() {
    leading = new FillHarness(folder.resolve("leading"), "chunk-bytes = 1 MiB");
    following = new FillHarness(folder.resolve("following"), "chunk-bytes = 1 MiB, reopen = 10 ms");
    following.peers = this::open;
  }

  @AfterEach
  void close() {
    following.close();
    leading.close();
  }

  private CompletionStage<PeerFills.Opened> open(NodeId leader, FillId id, long from) {
    Fill fill = leading.fills.running(id).orElse(null);
    if (fill == null) {
      return CompletableFuture.failedStage(new IOException("gone"));
    }
    return fill.head()
        .thenApply(head -> new PeerFills.Opened(fill.note(), fill.read(from, Long.MAX_VALUE)));
  }

  private Fill lead() {
    leading.origins.answer(TestOrigins.ok(HEADERS, BODY));
    return leading.fills.start(leading.plan(FillHarness::store));
  }

  @Test
  void aFollowerReadsWhatTheLeaderFetches() {
    // Given
    Fill led = lead();

    // When
    Fill copy = await(following.fills.follow(led.id(), LEADER, TERMS));
    Fill again = await(following.fills.follow(led.id(), LEADER, TERMS));

    // Then
    assertThat(copy.id()).isEqualTo(led.id());
    assertThat(again).isSameAs(copy);
    assertThat(digest(following.read(copy))).isEqualTo(digest(BODY));
    assertThat(await(copy.end())).isInstanceOf(Fill.End.Unstored.class);
    assertThat(following.committed).isEmpty();
    assertThat(following.origins.requests()).isEmpty();
    assertThat(await(led.end())).isInstanceOf(Fill.End.Committed.class);
  }

  @Test
  void aFollowerThatTakesTheLeadAsksForTheRestAndCommits() {
    // Given a leader that dies after a million bytes
    Fill led = lead();
    following.peers =
        (leader, id, from) ->
            open(leader, id, from)
                .thenApply(
                    opened ->
                        new PeerFills.Opened(opened.note(), TestOrigins.cutAfter(BODY, 1_000_000)));
    Grant granted =
        new Grant(FillHarness.KEY, led.id(), dev.weir.entry.Epoch.FIRST, new NodeId("me"));
    following.successions.add(new Succession.Lead(granted));
    following.origins.answer(
        request -> {
          String range = String.valueOf(request.head().headers().first("Range"));
          int from = Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
          byte[] rest = java.util.Arrays.copyOfRange(BODY, from, BODY.length);
          Headers partial =
              HEADERS.plus(
                  "Content-Range", "bytes " + from + "-" + (BODY.length - 1) + "/" + BODY.length);
          return CompletableFuture.completedStage(
              TestOrigins.response(
                  206, partial, TestOrigins.pieces(rest, 16 * 1024), OptionalLong.of(rest.length)));
        });

    // When
    Fill copy = await(following.fills.follow(led.id(), LEADER, TERMS));

    // Then
    assertThat(digest(following.read(copy))).isEqualTo(digest(BODY));
    assertThat(await(copy.end()))
        .isInstanceOfSatisfying(
            Fill.End.Committed.class,
            end -> assertThat(end.entry().body().length()).isEqualTo(BODY.length));
    assertThat(following.origins.requests()).hasSize(1);
    assertThat(following.origins.requests().getFirst().head().headers().first("If-Range"))
        .isEqualTo("\"v1\"");
    // Whatever gate the lost leader asked through, here that of this node's own request holds
    assertThat(following.origins.requests().getFirst().terms()).isEqualTo(TERMS);
  }

  @Test
  void aFollowerWithoutABytePutTheOriginsWholeAnswerAside() {
    // Given a leader that is lost before its first byte, and an origin that has no range for all
    Fill led = lead();
    following.peers =
        (leader, id, from) ->
            open(leader, id, from)
                .thenApply(
                    opened ->
                        new PeerFills.Opened(
                            opened.note(),
                            Source.failed(new IllegalStateException("the leader has left"))));
    Grant granted =
        new Grant(FillHarness.KEY, led.id(), dev.weir.entry.Epoch.FIRST, new NodeId("me"));
    following.successions.add(new Succession.Lead(granted));
    following.origins.answer(TestOrigins.ok(HEADERS, BODY));

    // When
    Fill copy = await(following.fills.follow(led.id(), LEADER, TERMS));

    // Then
    assertThat(digest(following.read(copy))).isEqualTo(digest(BODY));
    assertThat(await(copy.end())).isInstanceOf(Fill.End.Committed.class);
  }

  @Test
  void aStreamThatBreaksWhileItsLeaderLivesIsOpenedAgainWhereItBroke() {
    // Given
    Fill led = lead();
    AtomicInteger opened = new AtomicInteger();
    following.peers =
        (leader, id, from) ->
            open(leader, id, from)
                .thenApply(
                    whole ->
                        opened.incrementAndGet() == 1
                            ? new PeerFills.Opened(
                                whole.note(), TestOrigins.cutAfter(BODY, 500_000))
                            : whole);
    following.successions.add(new Succession.Follow(LEADER));

    // When
    Fill copy = await(following.fills.follow(led.id(), LEADER, TERMS));

    // Then
    assertThat(digest(following.read(copy))).isEqualTo(digest(BODY));
    assertThat(opened).hasValue(2);
  }

  @Test
  void aFillThatCannotGoOnIsCutOffVisibly() {
    // Given
    Fill led = lead();
    following.peers =
        (leader, id, from) ->
            open(leader, id, from)
                .thenApply(
                    whole ->
                        new PeerFills.Opened(whole.note(), TestOrigins.cutAfter(BODY, 500_000)));
    following.successions.add(new Succession.Lost("epoch"));

    // When
    Fill copy = await(following.fills.follow(led.id(), LEADER, TERMS));
    Source<ByteString, ?> bytes = copy.read(0, Long.MAX_VALUE);

    // Then
    assertThat(FillHarness.failure(following.digest(bytes))).isNotNull();
    assertThat(await(copy.end())).isInstanceOf(Fill.End.Broken.class);
    assertThat(following.committed).isEmpty();
  }

  @Test
  void aCopyThatBrokeInTheLeadIsNotWhatIsReadOfTheNextLeader() {
    // Given a copy that took the lead and failed
    Fill led = lead();
    following.peers =
        (leader, id, from) ->
            open(leader, id, from)
                .thenApply(
                    whole ->
                        new PeerFills.Opened(whole.note(), TestOrigins.cutAfter(BODY, 500_000)));
    following.successions.add(
        new Succession.Lead(
            new Grant(FillHarness.KEY, led.id(), dev.weir.entry.Epoch.FIRST, new NodeId("me"))));
    following.origins.answer(
        CompletableFuture.failedStage(
            new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null)));
    Fill broken = await(following.fills.follow(led.id(), LEADER, TERMS));
    assertThat(await(broken.end())).isInstanceOf(Fill.End.Broken.class);

    // When
    following.peers = this::open;
    Fill copy = await(following.fills.follow(led.id(), new NodeId("next:1/b"), TERMS));
    Fill again = await(following.fills.follow(led.id(), new NodeId("next:1/b"), TERMS));

    // Then
    assertThat(again).isSameAs(copy);
    assertThat(digest(following.read(copy))).isEqualTo(digest(BODY));
    assertThat(following.ended).hasSize(1);
  }

  @Test
  void aLeadGivenToACopyThatHasEndedMeanwhileGoesBack() {
    // Given a copy whose leader is lost, and a keeper that takes its time
    Fill led = lead();
    following.peers =
        (leader, id, from) ->
            open(leader, id, from)
                .thenApply(
                    whole ->
                        new PeerFills.Opened(whole.note(), TestOrigins.cutAfter(BODY, 500_000)));
    CompletableFuture<Succession> decided = new CompletableFuture<>();
    following.succession = () -> decided;
    SpooledFill copy = (SpooledFill) await(following.fills.follow(led.id(), LEADER, TERMS));
    FillHarness.until(() -> following.asked.get() == 1);

    // When
    copy.abort("deadline");
    decided.complete(
        new Succession.Lead(
            new Grant(FillHarness.KEY, led.id(), dev.weir.entry.Epoch.FIRST, new NodeId("me"))));

    // Then
    FillHarness.until(() -> !following.ended.isEmpty());
    assertThat(following.ended).containsExactly("ABANDONED late");
    assertThat(following.origins.requests()).isEmpty();
  }
}
