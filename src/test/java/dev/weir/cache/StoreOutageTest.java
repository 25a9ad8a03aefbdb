package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.bytes;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.look;
import static dev.weir.cache.CacheHarness.storing;
import static dev.weir.cache.CacheHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VaryIndex;
import dev.weir.fill.Fill;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Headers;
import dev.weir.origin.OriginResponse;
import dev.weir.store.Document;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Keepers whose metadata store fails, hangs, or holds as many variants as it may. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StoreOutageTest {
  private static final List<String> VARY = List.of("accept-language");

  private UnreliableMetadata metadata;
  private CacheHarness node;
  private PrimaryKey key;

  @BeforeAll
  void join(@TempDir Path folder) {
    node =
        new CacheHarness(
                folder,
                "ack-timeout = 5 s, store-timeout = 1 s, store-retry = 100 ms, purge-patience = 300"
                    + " ms",
                store -> {
                  metadata = new UnreliableMetadata(store);
                  return metadata;
                })
            .joined();
  }

  @AfterAll
  void leave() {
    node.close();
  }

  @BeforeEach
  void allIsWell() {
    metadata.mood = UnreliableMetadata.Mood.UP;
    key = key();
    node.origins.reset();
  }

  @Test
  void aStoreThatIsDownCostsOneFetchPerHerdAndIsUsedAgainLater() {
    // Given
    metadata.mood = UnreliableMetadata.Mood.DOWN;

    // When
    Fill unstored = herdIsServedByOneFetch();

    // Then
    assertThat(await(unstored.end())).isEqualTo(new Fill.End.Unstored("no-grant"));
    metadata.mood = UnreliableMetadata.Mood.UP;
    assertIsStoredInTheEnd();
  }

  @Test
  void aStoreThatNeverAnswersIsGivenUpWithinItsBudget() {
    // Given
    metadata.mood = UnreliableMetadata.Mood.SILENT;

    // When
    Fill unstored = herdIsServedByOneFetch();

    // Then
    assertThat(await(unstored.end())).isEqualTo(new Fill.End.Unstored("no-grant"));
    metadata.mood = UnreliableMetadata.Mood.UP;
    assertIsStoredInTheEnd();
  }

  @Test
  void aCommitThatCannotBeWrittenLeavesTheKeyFree() {
    // Given
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("lost")));
    Verdict led = node.ask(look(key));
    metadata.mood = UnreliableMetadata.Mood.DOWN;

    // When
    Fill fill = node.lead(led);

    // Then
    assertThat(node.read(headed(fill))).isEqualTo("lost");
    assertThat(await(fill.end())).isEqualTo(new Fill.End.Unstored("store"));
    metadata.mood = UnreliableMetadata.Mood.UP;
    assertIsStoredInTheEnd();
  }

  @Test
  void aPurgeThatCannotBeWrittenSaysSoAndServesNothingOldMeanwhile() {
    // Given
    Entry stored = store("old");
    metadata.mood = UnreliableMetadata.Mood.DOWN;

    // When
    boolean purged = await(node.cache.invalidate(key));

    // Then
    assertThat(purged).isFalse();
    assertThat(node.cache.near(key, names -> stored.variant())).isNull();
    assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
  }

  @Test
  void theSixtyFifthVariantPutsTheOldestOutOfTheWay() {
    // Given
    for (int i = 0; i < VaryIndex.MAX_VARIANTS; i++) {
      storeVariant("v" + i);
    }

    // When
    Entry newest = storeVariant("newest");

    // Then
    Optional<VaryIndex> index =
        await(node.stores.metadata().read(List.of(key.varyIndexId())))
            .getFirst()
            .map(found -> ((Document.VaryDocument) found.document()).index());
    assertThat(index.orElseThrow().variants())
        .hasSize(VaryIndex.MAX_VARIANTS)
        .endsWith(newest.variant())
        .doesNotContain(CacheHarness.variant("v0").apply(VARY));
    assertThat(node.ask(look(key, "v1"))).isInstanceOf(Verdict.Serve.class);
    assertThat(node.ask(look(key, "v0"))).isInstanceOf(Verdict.Lead.class);
    until(
        () ->
            await(
                    node.stores
                        .metadata()
                        .read(List.of(key.documentId(CacheHarness.variant("v0").apply(VARY)))))
                .getFirst()
                .isEmpty());
  }

  private Entry storeVariant(String value) {
    node.origins.reset();
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes(value)));
    Fill fill = node.lead(node.ask(look(key, value)), storing(value, VARY));
    return ((Fill.End.Committed) await(fill.end())).entry();
  }

  private Fill herdIsServedByOneFetch() {
    CompletableFuture<OriginResponse> origin = new CompletableFuture<>();
    node.origins.answer(origin);
    List<CompletableFuture<Verdict>> asked =
        IntStream.range(0, 50)
            .mapToObj(i -> node.cache.ask(look(key)).toCompletableFuture())
            .toList();
    Verdict first =
        await(
            CompletableFuture.anyOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(Verdict.class::cast));
    Fill fill = node.lead(first);
    origin.complete(TestOrigins.ok(Headers.EMPTY, bytes("unstored")));
    int leads = 0;
    for (CompletableFuture<Verdict> one : asked) {
      switch (await(one)) {
        case Verdict.Follow(Fill followed) -> assertThat(node.read(followed)).isEqualTo("unstored");
        case Verdict.Lead lead -> leads++;
        case Verdict other -> throw new AssertionError("unexpected " + other);
      }
    }
    assertThat(leads).isEqualTo(1);
    assertThat(node.origins.requests()).hasSize(1);
    return fill;
  }

  private void assertIsStoredInTheEnd() {
    until(
        () -> {
          node.origins.reset();
          node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("stored")));
          return switch (node.ask(look(key))) {
            case Verdict.Lead lead -> await(node.lead(lead).end()) instanceof Fill.End.Committed;
            case Verdict other -> false;
          };
        });
    assertThat(node.ask(look(key))).isInstanceOf(Verdict.Serve.class);
  }

  private static Fill headed(Fill fill) {
    await(fill.head());
    return fill;
  }

  private Entry store(String body) {
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes(body)));
    return ((Fill.End.Committed) await(node.lead(node.ask(look(key))).end())).entry();
  }
}
