package dev.weir.moving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.Document;
import dev.weir.store.MemoryMetadataStore;
import dev.weir.store.MetadataStore.Version;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShelfTest {
  private static final PrimaryKey KEY = new PrimaryKey("https", "h", "d".repeat(56));
  private static final List<String> VARY = List.of("accept");
  private static final VariantKey ONE = new VariantKey("1".repeat(56));
  private static final VariantKey TWO = new VariantKey("2".repeat(56));

  private final MemoryMetadataStore metadata = new MemoryMetadataStore();
  private final Shelf shelf = new Shelf(metadata);

  private static Entry entry(VariantKey variant, Epoch epoch, long responseMillis) {
    return new Entry(
        KEY,
        variant,
        "https://h/",
        new StoredResponse(200, "OK", Headers.EMPTY, "GET", responseMillis, responseMillis),
        new Body.Inline(new byte[] {1}),
        epoch,
        FillId.random());
  }

  private void write(Document document) {
    var _ = metadata.write(document, Version.ABSENT).toCompletableFuture().join();
  }

  private boolean put(VariantKey variant, List<String> vary) {
    return shelf
        .find(KEY, variant, vary)
        .filter(place -> shelf.put(entry(variant, place.epoch(), 0), place, vary))
        .isPresent();
  }

  private Optional<Document> read(String id) {
    return metadata
        .read(List.of(id))
        .toCompletableFuture()
        .join()
        .getFirst()
        .map(versioned -> versioned.document());
  }

  @Test
  void variantsAreListedAndASecondRunFindsThemThere() {
    // When
    boolean first = put(ONE, VARY);
    boolean second = put(TWO, VARY);

    // Then
    assertThat(first && second).isTrue();
    assertThat(read(KEY.varyIndexId()))
        .contains(
            new Document.VaryDocument(new VaryIndex(KEY, Epoch.FIRST, VARY, List.of(ONE, TWO))));
    assertThat(put(ONE, VARY)).isFalse();
    assertThat(put(TWO, VARY)).isFalse();
    assertThat(put(VariantKey.NONE, List.of())).isFalse();
    assertThat(put(new VariantKey("3".repeat(56)), List.of("accept-language"))).isFalse();
  }

  @Test
  void whatIsStoredOrPurgedHereIsLeftAlone() {
    // Given
    write(new Document.VaryDocument(new VaryIndex(KEY, new Epoch(3), List.of(), List.of())));

    // Then
    assertThat(put(VariantKey.NONE, List.of())).isFalse();
    assertThat(put(ONE, VARY)).isFalse();
  }

  @Test
  void somethingStoredBetweenTheLookAndTheWriteWins() {
    // Given
    Shelf.Place place = shelf.find(KEY, VariantKey.NONE, List.of()).orElseThrow();
    Entry ours = entry(VariantKey.NONE, Epoch.FIRST, 5);
    write(new Document.EntryDocument(ours));

    // When
    boolean put = shelf.put(entry(VariantKey.NONE, Epoch.FIRST, 0), place, List.of());

    // Then
    assertThat(put).isFalse();
    assertThat(read(KEY.documentId())).contains(new Document.EntryDocument(ours));
  }

  @Test
  void aPurgeBetweenTheDocumentAndItsListingWinsAndNothingIsLeft() {
    // Given
    Shelf.Place place = shelf.find(KEY, ONE, VARY).orElseThrow();
    write(new Document.VaryDocument(new VaryIndex(KEY, new Epoch(1), List.of(), List.of())));

    // When
    boolean put = shelf.put(entry(ONE, place.epoch(), 0), place, VARY);

    // Then
    assertThat(put).isFalse();
    assertThat(read(KEY.documentId(ONE))).isEmpty();
  }

  @Test
  void aRunThatWasCutOffBeforeTheListingIsTakenUp() {
    // Given
    write(new Document.EntryDocument(entry(ONE, Epoch.FIRST, 0)));
    write(new Document.EntryDocument(entry(TWO, Epoch.FIRST, 9)));

    // Then
    assertThat(put(ONE, VARY)).isTrue();
    assertThat(put(TWO, VARY)).isFalse();
  }
}
