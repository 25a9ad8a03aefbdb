package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.bytes;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.look;
import static dev.weir.cache.CacheHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Epoch;
import dev.weir.entry.PrimaryKey;
import dev.weir.fill.Fill;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Headers;
import dev.weir.store.Document;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Purges while the metadata store misses its time: they have no origin to turn to. */
class PurgeOutageTest {
  private static final String IMPATIENT_STORE =
      "ack-timeout = 5 s, store-timeout = 100 ms, purge-pause = 20 ms, purge-patience = 20 s";

  private UnreliableMetadata metadata;

  private CacheHarness node(Path folder) {
    return new CacheHarness(
            folder,
            IMPATIENT_STORE,
            store -> {
              metadata = new UnreliableMetadata(store);
              return metadata;
            })
        .joined();
  }

  @Test
  void aPurgeWasRefusedBecauseItsKeepersFirstLookupWasLate(@TempDir Path folder) {
    PrimaryKey key = key();
    try (CacheHarness before = node(folder)) {
      store(before, key);
    }
    try (CacheHarness node = node(folder)) {
      // Given a keeper that knows nothing of its key yet, and a store that does not answer
      metadata.mood = UnreliableMetadata.Mood.SILENT;

      // When
      CompletionStage<Boolean> purged = node.cache.invalidate(key);
      until(() -> node.cache.metrics().storeFailures() >= 2);
      metadata.mood = UnreliableMetadata.Mood.UP;

      // Then
      assertThat(await(purged)).isTrue();
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
      assertThat(tombstone(node, key)).isGreaterThan(Epoch.FIRST);
    }
  }

  @Test
  void aPurgeThatComesWhileAFailedStoreRestsWaitsForItsNextAnswer(@TempDir Path folder) {
    PrimaryKey key = key();
    try (CacheHarness node = node(folder)) {
      // Given a keeper whose first question has met a store that is down
      metadata.mood = UnreliableMetadata.Mood.DOWN;
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);

      // When
      CompletionStage<Boolean> purged = node.cache.invalidate(key);
      metadata.mood = UnreliableMetadata.Mood.UP;

      // Then
      assertThat(await(purged)).isTrue();
    }
  }

  @Test
  void aPurgeWasRefusedBecauseItsTombstoneWasNotTakenAtOnce(@TempDir Path folder) {
    PrimaryKey key = key();
    try (CacheHarness node = node(folder)) {
      // Given
      store(node, key);
      metadata.mood = UnreliableMetadata.Mood.DOWN;

      // When
      CompletionStage<Boolean> purged = node.cache.invalidate(key);
      until(() -> node.cache.metrics().storeFailures() >= 3);
      assertThat(node.ask(look(key))).isInstanceOf(Verdict.Lead.class);
      metadata.mood = UnreliableMetadata.Mood.UP;

      // Then
      assertThat(await(purged)).isTrue();
      assertThat(tombstone(node, key)).isGreaterThan(Epoch.FIRST);
    }
  }

  private static Epoch tombstone(CacheHarness node, PrimaryKey key) {
    return await(node.stores.metadata().read(List.of(key.varyIndexId())))
        .getFirst()
        .map(found -> ((Document.VaryDocument) found.document()).index().epoch())
        .orElseThrow();
  }

  private static void store(CacheHarness node, PrimaryKey key) {
    node.origins.answer(TestOrigins.ok(Headers.EMPTY, bytes("old")));
    Fill fill = node.lead(node.ask(look(key)));
    assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
  }
}
