package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.Manifest;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.collect.Checker;
import dev.weir.store.collect.ChunkHome;
import dev.weir.store.collect.ClaimedObjects;
import dev.weir.store.collect.CollectionOutcome;
import dev.weir.store.collect.CollectionOutcome.Done;
import dev.weir.store.collect.CollectionOutcome.Refused;
import dev.weir.store.collect.CollectionOutcome.Report;
import dev.weir.store.collect.CollectionSettings;
import dev.weir.store.collect.Collector;
import dev.weir.store.collect.DirectRemover;
import dev.weir.store.collect.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Collection and checks over stores that nodes share. */
@Tag("store-conformance")
abstract class CollectionConformance {
  private static final int CHUNK_BYTES = 1000;
  private static final Duration GRACE = Duration.ofHours(24);

  @TempDir Path folder;

  /** How far the collector's clock is ahead of the stores'. */
  private volatile Duration ahead = Duration.ZERO;

  private final InstantSource clock = () -> Instant.now().plus(ahead);

  abstract MetadataStore metadata();

  abstract ObjectStore objects();

  abstract ActorSystem system();

  /** Puts other bytes of the same length in a chunk's place, behind everybody's back. */
  abstract void damage(ChunkId id) throws Exception;

  private Materializer streams() {
    return SystemMaterializer.get(system()).materializer();
  }

  private static CollectionSettings settings(long maxBytes, long maxAgeMillis) {
    return new CollectionSettings(
        0,
        GRACE.toMillis(),
        60_000,
        0.5,
        maxBytes,
        maxAgeMillis,
        Duration.ofDays(7).toMillis(),
        4,
        250,
        40,
        256 << 10,
        new CollectionSettings.Unlisted(200, 50_000, 1_000));
  }

  private Collector collector(CollectionSettings settings, MetadataStore metadata) {
    return new Collector(
        metadata, objects(), settings, new DirectRemover(metadata), clock, streams());
  }

  private CollectionOutcome collect(Collector.Options options) {
    return collector(settings(0, 0), metadata()).collect(options, Progress.NONE);
  }

  Report collectAt(Duration shift) {
    ahead = shift;
    return ((Done) collect(Collector.Options.NORMAL)).report();
  }

  private ObjectStore claimed() {
    return new ClaimedObjects(objects(), metadata().notes(), settings(0, 0), clock);
  }

  private ChunkId put(byte[] chunk) throws Exception {
    Path file = Files.write(Files.createTempFile(folder, "chunk", ""), chunk);
    get(claimed().put(id(chunk), file, chunk.length, false));
    return id(chunk);
  }

  private boolean isThere(ChunkId id) throws Exception {
    return get(objects().examine(id)).isPresent();
  }

  /** What a fill does: chunks, then the document. */
  Entry store(String name, byte[] body) throws Exception {
    return store(Samples.entry(name, body(body)));
  }

  private Body body(byte[] body) throws Exception {
    List<ChunkId> chunks = new ArrayList<>();
    for (int at = 0; at < body.length; at += CHUNK_BYTES) {
      chunks.add(put(Arrays.copyOfRange(body, at, Math.min(body.length, at + CHUNK_BYTES))));
    }
    Manifest manifest = new Manifest(body.length, CHUNK_BYTES, chunks);
    if (chunks.size() <= Manifest.MAX_CHUNKS_IN_DOCUMENT) {
      return new Body.Chunked(manifest);
    }
    return new Body.Listed(body.length, CHUNK_BYTES, put(ManifestCodec.encode(manifest)));
  }

  private Entry store(Entry entry) throws Exception {
    get(metadata().write(new EntryDocument(entry), Version.ABSENT));
    return entry;
  }

  private void forget(Entry entry) throws Exception {
    assertThat(get(new DirectRemover(metadata()).remove(entry))).isTrue();
  }

  private static List<ChunkId> chunks(Entry entry) {
    return ((Body.Chunked) entry.body()).manifest().chunks();
  }

  @Test
  void garbageGoesAfterAGraceAndASecondMarkAndNothingElse() throws Exception {
    // Given
    Entry kept = store("kept", bytes(1, 2500));
    Entry listed = store("listed", bytes(2, 70 * CHUNK_BYTES));
    ChunkId garbage = put(bytes(3, 500));

    // When
    Report young = collectAt(Duration.ZERO);
    Report first = collectAt(Duration.ofHours(13));
    Report early = collectAt(Duration.ofHours(30));
    boolean thereMeanwhile = isThere(garbage);
    Report last = collectAt(Duration.ofHours(38));
    Report after = collectAt(Duration.ofHours(80));

    // Then
    assertThat(young.condemnedChunks()).as("too young").isZero();
    assertThat(first.condemnedChunks()).isEqualTo(1);
    assertThat(first.entries()).isEqualTo(2);
    assertThat(first.markedChunks()).isEqualTo(3 + 70 + 1);
    assertThat(early.deletedChunks()).isZero();
    assertThat(early.waitingChunks()).isEqualTo(1);
    assertThat(thereMeanwhile).isTrue();
    assertThat(last.deletedChunks()).isEqualTo(1);
    assertThat(last.deletedBytes()).isEqualTo(500);
    assertThat(isThere(garbage)).isFalse();
    assertThat(after.deletedChunks() + after.condemnedChunks() + after.waitingChunks()).isZero();
    assertThat(check(true, true)).matches(Checker.Report::isClean);
    assertThat(chunks(kept)).allMatch(each -> exists(each));
    assertThat(listed.body()).isInstanceOf(Body.Listed.class);
  }

  private boolean exists(ChunkId id) {
    try {
      return isThere(id);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aDryRunChangesNothing() throws Exception {
    // Given
    put(bytes(4, 500));
    ahead = Duration.ofHours(13);

    // When
    CollectionOutcome looked = collect(new Collector.Options(true, false, false));
    Report then = collectAt(Duration.ofHours(13));

    // Then
    assertThat(((Done) looked).report().condemnedChunks()).isEqualTo(1);
    assertThat(then.condemnedChunks()).isEqualTo(1);
    assertThat(then.waitingChunks()).isZero();
  }

  @Test
  void aFillThatNeedsACondemnedChunkRevivesIt() throws Exception {
    // Given
    byte[] wanted = bytes(5, 500);
    put(wanted);
    assertThat(collectAt(Duration.ofHours(13)).condemnedChunks()).isEqualTo(1);

    // When
    ahead = Duration.ofHours(37);
    Entry entry = store("wanted", wanted);
    Report pass = collectAt(Duration.ofHours(38));

    // Then
    assertThat(pass.deletedChunks()).isZero();
    assertThat(isThere(chunks(entry).getFirst())).isTrue();
    assertThat(get(metadata().notes().read("chunk/" + id(wanted).hex()))).isEmpty();
  }

  @Test
  void aChunkUnderDeletionIsWaitedForAndPutAnew() throws Exception {
    // Given
    byte[] wanted = bytes(6, 500);
    Notes notes = metadata().notes();
    String note = "chunk/" + id(wanted).hex();
    Notes.Note deleting =
        new Notes.Note(
            note,
            "",
            ((MetadataStore.WriteResult.Written)
                    get(notes.write(note, "deleting " + clock.millis() + " 1", Version.ABSENT)))
                .version());
    Path file = Files.write(folder.resolve("wanted"), wanted);

    // When
    CompletableFuture<ObjectStore.Put> put =
        claimed().put(id(wanted), file, wanted.length, false).toCompletableFuture();
    boolean early = isThere(id(wanted));
    get(notes.delete(note, deleting.version()));

    // Then
    assertThat(early).isFalse();
    assertThat(get(put)).isEqualTo(ObjectStore.Put.WRITTEN);
    assertThat(isThere(id(wanted))).isTrue();
  }

  @Test
  void anIndexThatNamesMuchLessThanBeforeEmptiesNothing() throws Exception {
    // Given
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      entries.add(store("gone" + i, bytes(10 + i, 400)));
    }
    collectAt(Duration.ofHours(13));
    for (Entry entry : entries) {
      forget(entry);
    }

    // When
    CollectionOutcome refused = collect(Collector.Options.NORMAL);
    CollectionOutcome forced = collect(new Collector.Options(false, true, false));

    // Then
    assertThat(refused).isInstanceOf(Refused.class);
    assertThat(((Refused) refused).sentence()).contains("--force");
    assertThat(((Done) forced).report().condemnedChunks()).isEqualTo(4);
  }

  @Test
  void thePrefixOfAnotherIndexIsLeftAlone() throws Exception {
    // Given
    Entry entry = store("ours", bytes(20, 400));
    collectAt(Duration.ofHours(13));
    MetadataStore other = new MemoryMetadataStore();

    // When
    CollectionOutcome refused =
        collector(settings(0, 0), other).collect(Collector.Options.NORMAL, Progress.NONE);

    // Then
    assertThat(refused).isInstanceOf(Refused.class);
    assertThat(((Refused) refused).sentence()).contains("another metadata index");
    assertThat(isThere(chunks(entry).getFirst())).isTrue();
  }

  @Test
  void whatCannotBeMarkedStopsThePass() throws Exception {
    // Given
    Entry listed = store("listed", bytes(30, 70 * CHUNK_BYTES));
    get(objects().delete(List.of(((Body.Listed) listed.body()).manifest())));

    // When
    ahead = Duration.ofHours(13);

    // Then
    assertThatThrownBy(() -> collect(Collector.Options.NORMAL)).hasMessageContaining("weir fsck");
    assertThat(get(objects().examine(id(Arrays.copyOf(bytes(30, 70 * CHUNK_BYTES), CHUNK_BYTES)))))
        .isPresent();
  }

  @Test
  void theLongestUnusedGoWithAllTheirVariantsUntilTheQuotaHolds() throws Exception {
    // Given
    Entry old = store("old", bytes(40, 3000));
    Entry variant =
        store(
            new Entry(
                old.key(),
                new VariantKey("b".repeat(56)),
                old.url(),
                old.response(),
                body(bytes(41, 3000)),
                old.epoch(),
                old.tag()));
    Entry used = store("used", bytes(42, 3000));
    metadata().touch(used.documentId(), clock.millis());

    // When
    CollectionOutcome pass =
        collector(settings(5000, 0), metadata()).collect(Collector.Options.NORMAL, Progress.NONE);

    // Then
    Report report = ((Done) pass).report();
    assertThat(report.removedEntries()).isEqualTo(2);
    assertThat(report.removedBytes()).isEqualTo(6000);
    assertThat(
            get(
                metadata()
                    .read(List.of(old.documentId(), variant.documentId(), used.documentId()))))
        .extracting(found -> found.isPresent())
        .containsExactly(false, false, true);
  }

  private Entry variant(Entry of, String letter, byte[] body) throws Exception {
    return store(
        new Entry(
            of.key(),
            new VariantKey(letter.repeat(56)),
            of.url(),
            of.response(),
            body(body),
            of.epoch(),
            of.tag()));
  }

  private void index(Entry of, Epoch epoch, VariantKey... variants) throws Exception {
    List<String> vary = variants.length == 0 ? List.of() : List.of("accept");
    VaryIndex index = new VaryIndex(of.key(), epoch, vary, List.of(variants));
    get(metadata().write(new Document.VaryDocument(index), Version.ABSENT));
  }

  @Test
  void documentsThatNoIndexListsKeptTheirChunksForEver() throws Exception {
    // Given what a crash between an entry and its index leaves, and a removal that failed
    Entry before = store("varies", bytes(60, 300));
    Entry listed = variant(before, "c", bytes(61, 300));
    Entry unlisted = variant(before, "d", bytes(62, 300));
    index(before, before.epoch(), listed.variant());
    Entry usual = store("usual", bytes(63, 300));
    Entry first = variant(usual, "e", bytes(64, 300));
    Entry purged = store("purged", bytes(65, 300));
    index(purged, purged.epoch().next(0));
    for (int i = 0; i < 6; i++) {
      store("other" + i, bytes(70 + i, 300));
    }
    List<Entry> dead = List.of(before, unlisted, first, purged);

    // When
    Report report = collectAt(Duration.ofHours(30));

    // Then
    assertThat(report.removedEntries()).isEqualTo(dead.size());
    for (Entry entry : dead) {
      assertThat(get(metadata().read(List.of(entry.documentId()))).getFirst()).isEmpty();
    }
    for (Entry entry : List.of(listed, usual)) {
      assertThat(get(metadata().read(List.of(entry.documentId()))).getFirst()).isPresent();
    }
    assertThat(collectAt(Duration.ofHours(31)).condemnedChunks()).isEqualTo(dead.size());
  }

  @Test
  void aPassThatRemovedMostMadeTheNextOneRefuse() throws Exception {
    // Given
    List<Entry> dead = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Entry purged = store("purged" + i, bytes(80 + i, 300));
      index(purged, purged.epoch().next(0));
      dead.add(purged);
    }
    store("kept", bytes(90, 300));

    // When
    Report report = collectAt(Duration.ofHours(30));

    // Then
    assertThat(report.removedEntries()).isEqualTo(dead.size());
    assertThat(collectAt(Duration.ofHours(31)).condemnedChunks()).isEqualTo(dead.size());
  }

  @Test
  void aPassThatRemovedCopiesOfWhatIsListedMadeTheNextOneCareless() throws Exception {
    // Given
    List<Entry> kept = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      kept.add(store("kept" + i, bytes(80 + i, 300)));
      Entry purged = store("purged" + i, bytes(80 + i, 300));
      index(purged, purged.epoch().next(0));
    }
    assertThat(collectAt(Duration.ofHours(30)).removedEntries()).isEqualTo(4);

    // When the metadata lose most of what is listed
    for (Entry lost : kept.subList(1, 4)) {
      forget(lost);
    }

    // Then
    assertThat(collect(Collector.Options.NORMAL)).isInstanceOf(Refused.class);
  }

  @Test
  void aPassWhoseQuotasTookCopiesOfWhatStaysWasCareless() throws Exception {
    // Given
    List<Entry> others = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      others.add(store("other" + i, bytes(90 + i, 300)));
    }
    for (int i = 0; i < 4; i++) {
      store("unused" + i, bytes(80 + i, 300));
      metadata().touch(store("used" + i, bytes(80 + i, 300)).documentId(), clock.millis());
    }
    collectAt(Duration.ZERO);

    // When
    for (Entry lost : others) {
      forget(lost);
    }
    CollectionOutcome pass =
        collector(settings(0, Duration.ofDays(30).toMillis()), metadata())
            .collect(Collector.Options.NORMAL, Progress.NONE);

    // Then
    assertThat(pass).isInstanceOf(Refused.class);
  }

  @Test
  void whatNobodyHasUsedForLongGoes() throws Exception {
    // Given
    Entry unused = store("unused", bytes(50, 300));
    Entry used = store("used", bytes(51, 300));
    metadata().touch(used.documentId(), clock.millis());

    // When
    CollectionOutcome pass =
        collector(settings(0, Duration.ofDays(30).toMillis()), metadata())
            .collect(Collector.Options.NORMAL, Progress.NONE);

    // Then
    assertThat(((Done) pass).report().removedEntries()).isEqualTo(1);
    assertThat(get(metadata().read(List.of(unused.documentId(), used.documentId()))))
        .extracting(found -> found.isPresent())
        .containsExactly(false, true);
  }

  Checker.Report check(boolean deep, boolean heal) {
    return new Checker(
            metadata(), ChunkHome.of(objects()), new DirectRemover(metadata()), streams())
        .check(new Checker.Options(deep, heal, false), Progress.NONE);
  }

  @Test
  void objectsDeletedBehindOurBackAreFoundAndTheirEntriesRemoved() throws Exception {
    // Given
    Entry whole = store("whole", bytes(60, 2500));
    Entry broken = store("broken", bytes(61, 2500));
    Entry listed = store("listed", bytes(62, 70 * CHUNK_BYTES));
    get(objects().delete(List.of(chunks(broken).get(1))));
    get(objects().delete(List.of(((Body.Listed) listed.body()).manifest())));

    // When
    Checker.Report looked = check(false, false);
    Checker.Report healed = check(false, true);
    Checker.Report after = check(false, true);

    // Then
    assertThat(looked.brokenEntries()).isEqualTo(2);
    assertThat(looked.healedEntries()).isZero();
    assertThat(healed.healedEntries()).isEqualTo(2);
    assertThat(after).matches(Checker.Report::isClean);
    assertThat(after.entries()).isEqualTo(1);
    assertThat(get(metadata().read(List.of(whole.documentId()))).getFirst()).isPresent();
  }

  @Test
  void damagedBytesAreFoundByADeepCheckAlone() throws Exception {
    // Given
    Entry damaged = store("damaged", bytes(70, 2500));
    damage(chunks(damaged).get(2));

    // When
    Checker.Report shallow = check(false, true);
    Checker.Report deep = check(true, true);

    // Then
    assertThat(shallow).matches(Checker.Report::isClean);
    assertThat(deep.damagedChunks()).isEqualTo(1);
    assertThat(deep.healedEntries()).isEqualTo(1);
  }
}
