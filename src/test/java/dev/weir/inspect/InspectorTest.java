package dev.weir.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.Manifest;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import dev.weir.store.Document;
import dev.weir.store.HeldEntry;
import dev.weir.store.MemoryMetadataStore;
import dev.weir.store.MetadataStore.Version;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What people are told of a key. */
class InspectorTest {
  private static final Instant STORED = Instant.parse("2026-01-01T00:00:00Z");
  private static final PrimaryKey KEY = new PrimaryKey("https", "origin.test", "ab".repeat(28));
  private static final ChunkId FIRST = new ChunkId("1".repeat(64));
  private static final ChunkId SECOND = new ChunkId("2".repeat(64));

  private final MemoryMetadataStore metadata = new MemoryMetadataStore();
  private final Map<ChunkId, Long> disk = new HashMap<>();
  private final Map<ChunkId, Long> objects = new HashMap<>();
  private List<HeldEntry> held = List.of();

  private final Tiers tiers =
      new Tiers() {
        @Override
        public boolean inMemory(Entry entry) {
          return false;
        }

        @Override
        public Map<ChunkId, Long> onDisk(List<ChunkId> chunks) {
          return disk;
        }

        @Override
        public Optional<CompletionStage<Map<ChunkId, Long>>> inObjectStore(List<ChunkId> chunks) {
          return Optional.of(CompletableFuture.completedStage(objects));
        }

        @Override
        public List<HeldEntry> held() {
          return held;
        }
      };

  private static Entry entry(VariantKey variant, String cacheControl, Body body) {
    Headers headers = Headers.of("Cache-Control", cacheControl, "ETag", "\"one\"");
    long at = STORED.toEpochMilli();
    return new Entry(
        KEY,
        variant,
        "https://origin.test/a?sig=secret",
        new StoredResponse(200, "OK", headers, "GET", at, at),
        body,
        new Epoch(3),
        FillId.random());
  }

  private static Body chunked() {
    return new Body.Chunked(new Manifest(150, 100, List.of(FIRST, SECOND)));
  }

  private JsonNode show() throws Exception {
    Clock clock = Clock.fixed(STORED.plusSeconds(100), ZoneOffset.UTC);
    Inspector inspector =
        new Inspector(
            metadata,
            tiers,
            StorageRules.STANDARD,
            new InspectSettings(2048, 1000),
            clock,
            Runnable::run);
    Optional<String> shown = inspector.show(KEY).toCompletableFuture().get();
    return shown.isEmpty() ? null : new ObjectMapper().readTree(shown.get());
  }

  private void write(Document document) throws Exception {
    metadata.write(document, Version.ABSENT).toCompletableFuture().get();
  }

  @Test
  void nothingIsStored() throws Exception {
    assertThat(show()).isNull();
  }

  @Test
  void freshnessIsOfTheMomentAndSecretsAreNotTold() throws Exception {
    // Given
    write(new Document.EntryDocument(entry(VariantKey.NONE, "max-age=160", chunked())));
    metadata.touch(KEY.documentId(), STORED.toEpochMilli());
    // When
    JsonNode variant = show().path("variants").path(0);
    // Then
    assertThat(variant.path("freshness").path("state").asText()).isEqualTo("fresh");
    assertThat(variant.path("freshness").path("ttlSeconds").asLong()).isEqualTo(60);
    assertThat(variant.path("lastAccess").asText()).isEqualTo("2026-01-01T00:00:00Z");
    assertThat(variant.path("url").asText()).isEqualTo("https://origin.test/a?sig=***");
    assertThat(variant.path("chunks").path("digests")).hasSize(2);
  }

  @Test
  void aChunkOfAnotherLengthIsNotThere() throws Exception {
    // Given
    write(new Document.EntryDocument(entry(VariantKey.NONE, "no-cache", chunked())));
    disk.put(FIRST, 100L);
    disk.put(SECOND, 7L);
    objects.put(FIRST, 100L);
    objects.put(SECOND, 50L);
    // When
    JsonNode variant = show().path("variants").path(0);
    // Then
    assertThat(variant.path("tiers").path("disk").asInt()).isEqualTo(1);
    assertThat(variant.path("tiers").path("objectStore").asInt()).isEqualTo(2);
    assertThat(variant.path("freshness").path("state").asText()).isEqualTo("validate-always");
  }

  @Test
  void allVariantsOfAKeyAreTold() throws Exception {
    // Given
    VariantKey gzip = new VariantKey("cd".repeat(28));
    write(new Document.EntryDocument(entry(gzip, "max-age=10", new Body.Inline(new byte[3]))));
    write(
        new Document.VaryDocument(
            new VaryIndex(KEY, new Epoch(3), List.of("accept-encoding"), List.of(gzip))));
    // When
    JsonNode page = show();
    // Then
    assertThat(page.path("vary").path(0).asText()).isEqualTo("accept-encoding");
    assertThat(page.path("epoch").asInt()).isEqualTo(3);
    assertThat(page.path("variants")).hasSize(1);
    assertThat(page.path("variants").path(0).path("freshness").path("state").asText())
        .isEqualTo("stale");
    assertThat(page.path("variants").path(0).path("tiers").path("document").asBoolean()).isTrue();
  }

  @Test
  void whatIsOnItsWayToTheObjectStoreIsToldToo() throws Exception {
    // Given
    Entry entry = entry(VariantKey.NONE, "max-age=160", chunked());
    Grant grant = new Grant(KEY, entry.tag(), entry.epoch(), new NodeId("here"));
    held = List.of(new HeldEntry(grant, entry, List.of()));
    // When
    JsonNode variant = show().path("variants").path(0);
    // Then
    assertThat(variant.path("pending").asBoolean()).isTrue();
  }
}
