package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.bytes;
import static dev.weir.cache.CacheHarness.grant;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.look;
import static dev.weir.cache.CacheHarness.storing;
import static dev.weir.cache.CacheHarness.until;
import static dev.weir.cache.CacheHarness.variant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The rules of keys on one node, through a real fabric and real stores. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeCacheTest {
  private CacheHarness node;
  private PrimaryKey key;

  @BeforeAll
  void join(@TempDir Path folder) {
    node =
        new CacheHarness(folder, "ack-timeout = 5 s, leader-silence = 1 s, keeper-tick = 100 ms")
            .joined();
  }

  @AfterAll
  void leave() {
    node.close();
  }

  @BeforeEach
  void newKey() {
    key = key();
    node.origins.reset();
  }

  @Test
  void oneOfTwoHundredLeadsAndTheOthersFollowTheSameFill() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);

    // When
    List<CompletableFuture<Verdict>> asked =
        IntStream.range(0, 200)
            .mapToObj(i -> node.cache.ask(look(key)).toCompletableFuture())
            .toList();
    Verdict first =
        await(
            CompletableFuture.anyOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(Verdict.class::cast));
    Fill fill = node.lead(first);
    origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("hello")));

    // Then
    long leads = 0;
    for (CompletableFuture<Verdict> one : asked) {
      Verdict verdict = await(one);
      if (verdict instanceof Verdict.Follow(Fill followed)) {
        assertThat(followed.id()).isEqualTo(fill.id());
        assertThat(node.read(followed)).isEqualTo("hello");
      } else {
        leads++;
      }
    }
    assertThat(leads).isEqualTo(1);
    assertThat(node.origins.requests()).hasSize(1);
    assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
    assertThat(node.ask(look(key))).isInstanceOf(Verdict.Serve.class);
    assertThat(node.cache.near(key, variant(""))).isNotNull();
  }

  @Test
  void whenTheLeaderFailsBeforeItsHeadAllLearnItOnce() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);
    Fill fill = node.lead(node.ask(look(key)));
    List<CompletableFuture<Verdict>> followers =
        IntStream.range(0, 10)
            .mapToObj(i -> node.cache.ask(look(key)).toCompletableFuture())
            .toList();
    OriginFailure refused = new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null);

    // When
    origin.completeExceptionally(refused);

    // Then
    for (CompletableFuture<Verdict> follower : followers) {
      Fill followed = ((Verdict.Follow) await(follower)).fill();
      assertThat(await(followed.head())).isEqualTo(new FillHead.Failed(refused));
    }
    assertThat(await(fill.end())).isEqualTo(new Fill.End.Broken("connect"));
    assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
  }

  @Test
  void aRelayReleasesItsFollowersAndIsRemembered() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);
    node.lead(node.ask(look(key)), (head, sent, got) -> new FillIntent.Relay("no-store"));
    CompletableFuture<Verdict> follower = node.cache.ask(look(key)).toCompletableFuture();

    // When
    origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("private")));

    // Then
    assertThat(await(follower)).isEqualTo(new Verdict.Pass("uncacheable"));
    Verdict next = node.ask(look(key));
    Verdict afterThat = node.ask(look(key));
    assertThat(grant(next)).isNotEqualTo(grant(afterThat));
  }

  @Test
  void followersOfAnotherVariantLeadTheirOwn() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);
    List<String> vary = List.of("accept-language");
    Verdict first = node.ask(look(key, "de"));
    node.lead(first, storing("de", vary));
    CompletableFuture<Verdict> same = node.cache.ask(look(key, "de")).toCompletableFuture();
    CompletableFuture<Verdict> other = node.cache.ask(look(key, "fr")).toCompletableFuture();

    // When
    origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("hallo")));

    // Then
    assertThat(await(same)).isInstanceOf(Verdict.Follow.class);
    Verdict led = await(other);
    assertThat(led).isInstanceOf(Verdict.Lead.class);
    node.origins.reset();
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("bonjour")));
    await(node.lead(led, storing("fr", vary)).end());
    until(() -> node.ask(look(key, "fr")) instanceof Verdict.Serve);
    Entry german = ((Verdict.Serve) node.ask(look(key, "de"))).entry();
    Entry french = ((Verdict.Serve) node.ask(look(key, "fr"))).entry();
    assertThat(german.variant()).isNotEqualTo(french.variant());
    assertThat(node.cache.near(key, variant("de"))).isEqualTo(german);
    assertThat(node.cache.near(key, variant("it"))).isNull();
  }

  @Test
  void aPurgeDiscardsTheCommitOfARunningFillAndLaterRequestsDoNotJoinIt() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);
    Fill old = node.lead(node.ask(look(key)));

    // When
    boolean purged = await(node.cache.invalidate(key));
    Verdict later = node.ask(look(key));
    origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("old")));

    // Then
    assertThat(purged).isTrue();
    assertThat(later).isInstanceOf(Verdict.Lead.class);
    assertThat(await(old.end())).isEqualTo(new Fill.End.Unstored("epoch"));
    assertThat(node.cache.near(key, variant(""))).isNull();
  }

  @Test
  void aPurgeForgetsWhatIsStoredAndLeased() {
    // Given
    Entry stored = store("one");
    assertThat(node.cache.near(key, variant(""))).isEqualTo(stored);

    // When
    boolean purged = await(node.cache.invalidate(key));

    // Then
    assertThat(purged).isTrue();
    assertThat(node.cache.near(key, variant(""))).isNull();
    Verdict next = node.ask(look(key));
    assertThat(grant(next).epoch()).isGreaterThan(stored.epoch());
    assertThat(await(node.stores.metadata().read(List.of(stored.documentId()))))
        .first()
        .isEqualTo(java.util.Optional.empty());
  }

  @Test
  void aValidationIsLedByOneAndRefreshesWhatAllServe() {
    // Given
    Entry stored = store("one");
    node.origins.answer(
        TestOrigins.response(
            304,
            Headers.EMPTY,
            org.apache.pekko.stream.javadsl.Source.empty(),
            java.util.OptionalLong.of(0)));
    Question question = new Question(key, variant(""), Question.Intent.VALIDATE, stored);

    // When
    Verdict first = node.ask(question);
    CompletableFuture<Verdict> second = node.cache.ask(question).toCompletableFuture();
    StoredResponse response = stored.response();
    Entry refreshed =
        stored.withResponse(
            new StoredResponse(
                200,
                "",
                response.headers(),
                "GET",
                response.requestTimeMillis() + 5000,
                response.responseTimeMillis() + 5000));
    Fill fill = node.lead(first, (head, sent, got) -> new FillIntent.Refresh(refreshed));

    // Then
    assertThat(first).isInstanceOf(Verdict.Validate.class);
    assertThat(await(fill.head())).isEqualTo(new FillHead.Refreshed(refreshed));
    Verdict followed = await(second);
    assertThat(followed).isInstanceOfAny(Verdict.Follow.class, Verdict.Serve.class);
    until(() -> refreshed.equals(node.cache.near(key, variant(""))));
    assertThat(node.ask(question)).isEqualTo(new Verdict.Serve(refreshed));
    assertThat(
            await(node.stores.metadata().read(List.of(stored.documentId())))
                .getFirst()
                .orElseThrow()
                .document())
        .as("five seconds are not worth a write")
        .isEqualTo(new dev.weir.store.Document.EntryDocument(stored));
  }

  @Test
  void aBackgroundValidationIsGrantedOnce() {
    // Given
    Entry stored = store("one");
    Question question = new Question(key, variant(""), Question.Intent.BACKGROUND, stored);

    // When
    Verdict first = node.ask(question);
    Verdict second = node.ask(question);

    // Then
    assertThat(first).isInstanceOf(Verdict.Validate.class);
    assertThat(second).isEqualTo(new Verdict.Pass("refreshing"));
  }

  @Test
  void aReplacementJoinsOnlyWhatIsNotYetSent() {
    // Given
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);
    Verdict first = node.ask(look(key));
    Question replace = new Question(key, variant(""), Question.Intent.REPLACE, null);

    // When
    CompletableFuture<Verdict> before = node.cache.ask(replace).toCompletableFuture();
    until(() -> node.cache.metrics().questions() > 0);
    Fill older = node.lead(first);
    // One that does not attach to the question before, which may still be on its way.
    Verdict after = node.ask(new Question(key, variant(""), replace.intent(), null, false));

    // Then
    assertThat(after).isInstanceOf(Verdict.Lead.class);
    origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("x")));
    Verdict joined = await(before);
    assertThat(joined).isInstanceOfAny(Verdict.Follow.class, Verdict.Lead.class);
    assertThat(await(older.end())).isInstanceOf(Fill.End.Committed.class);
  }

  @Test
  void anOlderResponseNeverReplacesANewerOne() {
    // Given
    CompletableFuture<OriginResponse> slow = new CompletableFuture<>();
    node.origins.answer(slow);
    Fill older = node.lead(node.ask(look(key)));
    until(() -> node.origins.requests().size() > 0);
    Question replace = new Question(key, variant(""), Question.Intent.REPLACE, null);
    Verdict second = node.ask(replace);
    node.origins.reset();
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("newer")));
    Fill newer = node.lead(second);
    Entry kept = ((Fill.End.Committed) await(newer.end())).entry();

    // When
    slow.complete(TestOrigins.ok(Headers.EMPTY, bytes("older")));

    // Then
    assertThat(await(older.end())).isEqualTo(new Fill.End.Unstored("superseded"));
    assertThat(node.ask(look(key))).isEqualTo(new Verdict.Serve(kept));
  }

  @Test
  void aGrantHandedBackIsGivenToTheNext() {
    // Given
    Verdict first = node.ask(look(key));
    CompletableFuture<Verdict> second = node.cache.ask(look(key)).toCompletableFuture();

    // When
    node.cache.release(grant(first), "client-gone");

    // Then
    assertThat(await(second)).isInstanceOf(Verdict.Lead.class);
  }

  @Test
  void aSilentLeaderIsReplaced() {
    // Given
    Verdict first = node.ask(look(key));
    CompletableFuture<Verdict> second = node.cache.ask(look(key)).toCompletableFuture();

    // When
    Verdict replacement = await(second);

    // Then
    assertThat(replacement).isInstanceOf(Verdict.Lead.class);
    node.origins.reset();
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("late")));
    Fill late = node.lead(first);
    assertThat(await(late.end())).isEqualTo(new Fill.End.Unstored("replaced"));
  }

  @Test
  void aRequestWithCredentialsNeitherWaitsNorIsWaitedFor() {
    // Given
    Question secret = new Question(key, variant(""), Question.Intent.LOOK, null, false);

    // When
    Verdict first = node.ask(secret);
    Verdict plain = node.ask(look(key));
    Verdict third = node.ask(secret);

    // Then
    assertThat(first).isInstanceOf(Verdict.Lead.class);
    assertThat(plain).isInstanceOf(Verdict.Lead.class);
    assertThat(third).isEqualTo(new Verdict.Pass("authorization"));
  }

  @Test
  void aDroppedEntryIsGoneOnlyIfItStillIsTheCurrentOne() {
    // Given
    Entry first = store("one");
    await(node.cache.invalidate(key));
    Entry second = store("two");

    // When
    boolean old = await(node.cache.drop(first));
    boolean current = await(node.cache.drop(second));

    // Then
    assertThat(old).isFalse();
    assertThat(current).isTrue();
    assertThat(node.cache.near(key, variant(""))).isNull();
    assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
  }

  private Entry store(String body) {
    node.origins.reset();
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes(body)));
    Fill fill = node.lead(node.ask(look(key)));
    Fill.End end = await(fill.end());
    assertThat(end).isInstanceOf(Fill.End.Committed.class);
    Entry entry = ((Fill.End.Committed) end).entry();
    assertThat(node.ask(look(key))).isEqualTo(new Verdict.Serve(entry));
    assertThat(entry.variant()).isEqualTo(VariantKey.NONE);
    return entry;
  }
}
