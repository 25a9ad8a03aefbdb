package dev.weir.store;

import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksMetadataStoreTest extends MetadataStoreConformance {
  private static final long HOUR = 3_600_000;
  @TempDir private Path folder;

  @Override
  MetadataStore open() {
    return RocksMetadataStore.open(folder, Samples.settings().metadata());
  }

  private void reopen() {
    store.close();
    store = open();
  }

  @Test
  void documentsVersionsAndLastUsesSurviveAReopening() throws Exception {
    // Given
    Entry entry = Samples.inline("kept");
    Version version = write(entry, Version.ABSENT);
    store.touch(entry.documentId(), 5 * HOUR);
    // When
    reopen();
    // Then
    assertThat(read(entry.documentId()))
        .contains(new MetadataStore.Versioned(new EntryDocument(entry), version));
    assertThat(get(store.lastAccess(entry.documentId()))).contains(5 * HOUR);
  }

  @Test
  void versionsDoNotBeginAnewAfterAReopening() throws Exception {
    // Given
    Version before = write(Samples.inline("a"), Version.ABSENT);
    get(store.delete(Samples.inline("a").documentId(), before));
    // When
    reopen();
    Version after = write(Samples.inline("a"), Version.ABSENT);
    // Then
    assertThat(after).isNotEqualTo(before);
  }

  @Test
  void theLastUseIsKeptToTheHour() throws Exception {
    // Given
    Entry entry = Samples.inline("used");
    write(entry, Version.ABSENT);
    store.touch(entry.documentId(), 5 * HOUR);
    reopen();
    // When
    store.touch(entry.documentId(), 5 * HOUR + HOUR / 2);
    reopen();
    Long soon = get(store.lastAccess(entry.documentId())).orElseThrow();
    store.touch(entry.documentId(), 6 * HOUR);
    reopen();
    Long later = get(store.lastAccess(entry.documentId())).orElseThrow();
    // Then
    assertThat(soon).isEqualTo(5 * HOUR);
    assertThat(later).isEqualTo(6 * HOUR);
  }

  @Test
  void aUseOfWhatIsNotStoredLeavesNothing() throws Exception {
    // Given
    store.touch("https/gone/1", HOUR);
    // When
    reopen();
    // Then
    assertThat(get(store.lastAccess("https/gone/1"))).isEmpty();
  }

  @Test
  void aWalkSeesLastUses() throws Exception {
    // Given
    Entry entry = Samples.inline("used");
    write(entry, Version.ABSENT);
    store.touch(entry.documentId(), 5 * HOUR);
    reopen();
    Map<String, Long> uses = new HashMap<>();
    // When
    int removed =
        ((LocalMetadata) store).forEach((found, use) -> uses.put(found.document().id(), use));
    // Then
    assertThat(removed).isZero();
    assertThat(uses).containsExactly(Map.entry(entry.documentId(), 5 * HOUR));
  }

  @Test
  void aDamagedDocumentFailsOneReadAndCanBeStoredAgain() throws Exception {
    // Given
    Entry entry = Samples.inline("damaged");
    damage(entry.documentId(), "\u0001\0\0\0\0\0\0\0\u0007{\"doc_type\":\"meta");
    // When
    assertThatThrownBy(() -> read(entry.documentId()))
        .cause()
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("damaged");
    // Then
    WriteResult result = get(store.write(new EntryDocument(entry), Version.ABSENT));
    while (!(result instanceof WriteResult.Written)) {
      result = get(store.write(new EntryDocument(entry), Version.ABSENT));
    }
    assertThat(read(entry.documentId())).isPresent();
  }

  @Test
  void whatCannotBeDecodedIsToldAndRemovedWhenThatIsWanted() throws Exception {
    // Given
    write(Samples.inline("good"), Version.ABSENT);
    damage("https/a/truncated", "x");
    damage("https/z/other", "\u0001\0\0\0\0\0\0\0\u0007{\"doc_type\":\"meta");
    // When
    List<Boolean> looked = get(store.damaged(false).runWith(Sink.seq(), testKit.system()));
    List<Boolean> removed = get(store.damaged(true).runWith(Sink.seq(), testKit.system()));
    // Then
    assertThat(looked).containsExactly(false, false);
    assertThat(removed).containsExactly(true, true);
    assertThat(get(store.damaged(true).runWith(Sink.seq(), testKit.system()))).isEmpty();
    assertThat(get(store.scanAll().runWith(Sink.seq(), testKit.system()))).hasSize(1);
  }

  @Test
  void aWalkRemovesWhatCannotBeDecoded() throws Exception {
    // Given
    Entry good = Samples.inline("good");
    write(good, Version.ABSENT);
    damage("https/a/truncated", "x");
    damage("https/z/newer", "\u0009\0\0\0\0\0\0\0\u0007{}");
    // When
    int removed = ((LocalMetadata) store).forEach((_, _) -> {});
    // Then
    assertThat(removed).isEqualTo(2);
    assertThat(get(store.read(List.of("https/a/truncated", good.documentId()))))
        .element(1)
        .isNotNull();
    assertThat(read("https/a/truncated")).isEmpty();
    assertThat(read(good.documentId())).isPresent();
  }

  @Test
  void aSecondProcessIsToldThatTheFolderIsInUse() {
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("Another Weir is using the data folder");
  }

  private void damage(String id, String row) {
    store.close();
    try (RocksDatabase raw = RocksDatabase.open(folder, Samples.settings().metadata())) {
      raw.put(
          RocksDatabase.Table.DOCUMENTS,
          id.getBytes(StandardCharsets.UTF_8),
          row.getBytes(StandardCharsets.ISO_8859_1));
    }
    store = open();
  }
}
