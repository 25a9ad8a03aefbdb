package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.bytes;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.look;
import static dev.weir.cache.CacheHarness.until;
import static dev.weir.cache.CacheHarness.variant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VaryIndex;
import dev.weir.fill.Fill;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Headers;
import dev.weir.origin.OriginResponse;
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node before its fabric is up, and when it ends and comes back. */
class FabricOutageTest {
  private final PrimaryKey key = key();

  @Test
  void fillsThatBeganAloneAreCommittedOnceKeepersAreUp(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "")) {
      // Given
      PrimaryKey soon = key();
      node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("early")));
      Fill complete = node.lead(node.ask(look(soon)));
      await(complete.head());
      node.origins.reset();
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      node.origins.answer(origin);
      List<CompletableFuture<Verdict>> asked =
          IntStream.range(0, 50)
              .mapToObj(i -> node.cache.ask(look(key)).toCompletableFuture())
              .toList();
      Fill running =
          node.lead(
              await(
                  CompletableFuture.anyOf(asked.toArray(CompletableFuture[]::new))
                      .thenApply(Verdict.class::cast)));
      assertThat(node.ask(look(soon))).isInstanceOf(Verdict.Follow.class);

      // When
      node.joined();
      until(() -> node.cache.metrics().adoptedGrants() == 2);
      CompletableFuture<Verdict> afterwards = node.cache.ask(look(key)).toCompletableFuture();
      origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("late")));

      // Then
      long leads = asked.stream().filter(one -> await(one) instanceof Verdict.Lead).count();
      assertThat(leads).isEqualTo(1);
      assertThat(node.origins.requests()).hasSize(1);
      if (await(afterwards) instanceof Verdict.Follow(Fill followed)) {
        assertThat(followed.id()).isEqualTo(running.id());
      } else {
        assertThat(await(afterwards)).isInstanceOf(Verdict.Serve.class);
      }
      assertThat(await(running.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(await(complete.end())).isInstanceOf(Fill.End.Committed.class);
      Entry late = ((Verdict.Serve) node.ask(look(key))).entry();
      assertThat(late.body().length()).isEqualTo(4);
      assertThat(node.ask(look(soon))).isInstanceOf(Verdict.Serve.class);
    }
  }

  @Test
  void whatReplacesAnEntryBeforeKeepersAreUpIsCommittedOnceTheyAre(@TempDir Path folder) {
    try (CacheHarness node =
        new CacheHarness(folder, "fabric-timeout = 60 s, clock-skew = 0 s").joined()) {
      // Given
      node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("old")));
      await(node.lead(leadOf(node, key)).end());
      node.breakFabric();

      // When
      node.origins.reset();
      node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("newer")));
      Question replace = new Question(key, variant(""), Question.Intent.REPLACE, null);
      Fill fill = node.lead(node.ask(replace));

      // Then
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      Entry entry = ((Verdict.Serve) node.ask(look(key))).entry();
      assertThat(entry.body().length()).isEqualTo("newer".length());
    }
  }

  @Test
  void aPurgeBeforeTheFabricIsUpIsNotUndoneByAFillThatBeganBeforeIt(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "fabric-timeout = 60 s")) {
      // Given
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      node.origins.answer(origin);
      Fill old = node.lead(node.ask(look(key)));

      // When
      CompletableFuture<Boolean> purged = node.cache.invalidate(key).toCompletableFuture();
      Verdict later = node.ask(look(key));
      origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("old")));
      node.joined();

      // Then
      assertThat(later).isInstanceOf(Verdict.Lead.class);
      assertThat(await(purged)).isTrue();
      assertThat(await(old.end())).isEqualTo(new Fill.End.Unstored("no-grant"));
      assertThat(node.ask(look(key))).isNotInstanceOf(Verdict.Serve.class);
    }
  }

  /** Found by a soak: a node that had just joined was not among those that the purge told. */
  @Test
  void aPurgeOfWhichANodeHasNotHeardIsNotUndoneByItsFills(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "fabric-timeout = 60 s")) {
      // Given
      PrimaryKey other = key();
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      node.origins.answer(origin);
      Fill old = node.lead(node.ask(look(key)));
      Fill untouched = node.lead(node.ask(look(other)));

      // When
      purgedByAnother(node, key);
      origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("old")));
      node.joined();

      // Then
      assertThat(await(old.end())).isEqualTo(new Fill.End.Unstored("no-grant"));
      assertThat(node.ask(look(key))).isNotInstanceOf(Verdict.Serve.class);
      assertThat(await(untouched.end())).isInstanceOf(Fill.End.Committed.class);
    }
  }

  private static void purgedByAnother(CacheHarness node, PrimaryKey key) {
    VaryIndex tombstone =
        new VaryIndex(key, Epoch.FIRST.next(System.currentTimeMillis()), List.of(), List.of());
    await(
        node.stores
            .metadata()
            .write(new Document.VaryDocument(tombstone), MetadataStore.Version.ABSENT));
  }

  /** Found by a soak: a node that was cut off let its clients join what it had begun before. */
  @Test
  void aRequestWithoutFabricJoinedAFillFromBeforeAPurgeOfWhichTheNodeHadNotHeard(
      @TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "")) {
      // Given
      node.origins.answer(new CompletableFuture<>());
      Fill old = node.lead(node.ask(look(key)));
      assertThat(node.cache.ask(look(key)).toCompletableFuture()).isNotDone();

      // When
      purgedByAnother(node, key);
      node.origins.reset();
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      node.origins.answer(origin);
      List<CompletableFuture<Verdict>> asked =
          IntStream.range(0, 20)
              .mapToObj(i -> node.cache.ask(look(key)).toCompletableFuture())
              .toList();
      Fill fresh =
          node.lead(
              await(
                  CompletableFuture.anyOf(asked.toArray(CompletableFuture[]::new))
                      .thenApply(Verdict.class::cast)));
      origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("new")));

      // Then
      assertThat(fresh.id()).isNotEqualTo(old.id());
      assertThat(asked.stream().map(CacheHarness::await))
          .filteredOn(Verdict.Lead.class::isInstance)
          .hasSize(1);
      assertThat(asked.stream().map(CacheHarness::await))
          .filteredOn(Verdict.Follow.class::isInstance)
          .allSatisfy(
              verdict -> assertThat(((Verdict.Follow) verdict).fill().id()).isEqualTo(fresh.id()));
    }
  }

  @Test
  void aRequestWithoutFabricValidatedWhatHadBeenPurged(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "").joined()) {
      // Given
      node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("old")));
      await(node.lead(leadOf(node, key)).end());
      Entry held = ((Verdict.Serve) node.ask(look(key))).entry();
      assertThat(await(node.cache.purge(key))).isTrue();

      // When
      node.breakFabric();
      Verdict verdict = node.ask(new Question(key, variant(""), Question.Intent.VALIDATE, held));

      // Then
      assertThat(verdict).isInstanceOf(Verdict.Lead.class);
    }
  }

  @Test
  void aPurgeOfWhatIsNotStoredWasForgottenWithItsKeeper(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "ack-timeout = 5 s").joined()) {
      // Given
      PrimaryKey posted = key();
      assertThat(await(node.cache.purge(key))).isTrue();
      assertThat(await(node.cache.invalidate(posted))).isTrue();

      // When another keeper is born
      node.breakFabric();
      until(node.cache::isAttached);

      // Then what began before the purge is told by the epoch; clients write nothing by unsafe
      // methods
      assertThat(CacheHarness.grant(leadOf(node, key)).epoch()).isGreaterThan(Epoch.FIRST);
      assertThat(CacheHarness.grant(leadOf(node, posted)).epoch()).isEqualTo(Epoch.FIRST);
    }
  }

  @Test
  void whenTheFabricEndsTheStoreServesAndWhatRunsIsCommittedByTheNext(@TempDir Path folder) {
    try (CacheHarness node = new CacheHarness(folder, "fabric-timeout = 60 s").joined()) {
      // Given
      node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("one")));
      Entry stored = ((Fill.End.Committed) await(node.lead(leadOf(node, key)).end())).entry();
      PrimaryKey slow = key();
      CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
      node.origins.reset();
      node.origins.answer(origin);
      Fill running = node.lead(leadOf(node, slow));

      // When
      node.breakFabric();
      Verdict meanwhile = node.ask(look(key));
      origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("two")));

      // Then
      assertThat(meanwhile).isEqualTo(new Verdict.Serve(stored));
      until(node.cache::isAttached);
      assertThat(await(running.end())).isInstanceOf(Fill.End.Committed.class);
      until(() -> node.ask(look(slow)) instanceof Verdict.Serve);
      until(() -> node.ask(look(key)).equals(new Verdict.Serve(stored)));
      until(() -> node.cache.near(key, variant("")) != null);
    }
  }

  private static Verdict leadOf(CacheHarness node, PrimaryKey key) {
    Verdict verdict = node.ask(look(key));
    assertThat(verdict).isInstanceOf(Verdict.Lead.class);
    return verdict;
  }
}
