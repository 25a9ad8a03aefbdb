package dev.weir.store;

import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.Document.VaryDocument;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.Versioned;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.MetadataStore.WriteResult.Conflict;
import dev.weir.store.MetadataStore.WriteResult.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link MetadataStore} must do. */
@Tag("store-conformance")
abstract class MetadataStoreConformance {
  static ActorTestKit testKit;
  protected MetadataStore store;

  abstract MetadataStore open();

  @BeforeEach
  void openStore() {
    store = open();
  }

  @AfterEach
  void closeStore() {
    store.close();
  }

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create();
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  @Test
  void whatIsAbsentIsEmptyInItsPlace() throws Exception {
    // Given
    Entry entry = Samples.inline("there");
    write(entry, Version.ABSENT);
    // When
    List<Optional<Versioned>> found =
        get(store.read(List.of("https/none/1", entry.documentId(), "https/none/2")));
    // Then
    assertThat(found).hasSize(3);
    assertThat(found.get(0)).isEmpty();
    assertThat(found.get(1).orElseThrow().document()).isEqualTo(new EntryDocument(entry));
    assertThat(found.get(2)).isEmpty();
  }

  @Test
  void everyKindOfBodyComesBack() throws Exception {
    // Given
    Body.Listed listed = new Body.Listed(1L << 40, 105L << 20, Samples.id(new byte[] {1}));
    List<Entry> entries =
        List.of(
            Samples.entry("chunked", new Body.Chunked(Samples.manifest(64))),
            Samples.entry("listed", listed),
            Samples.entry(
                "parts",
                new Body.Segmented(
                    1L << 41,
                    List.of(
                        new Body.Segment(7, new Body.Inline(new byte[] {1, 2})),
                        new Body.Segment(1 << 20, listed)))));
    for (Entry entry : entries) {
      write(entry, Version.ABSENT);
    }
    // When
    List<Optional<Versioned>> found =
        get(store.read(entries.stream().map(Entry::documentId).toList()));
    // Then
    assertThat(found.stream().map(each -> each.orElseThrow().document()))
        .containsExactlyElementsOf(entries.stream().<Document>map(EntryDocument::new).toList());
  }

  @Test
  void creatingTwiceIsAConflict() throws Exception {
    // Given
    write(Samples.inline("a"), Version.ABSENT);
    // When
    WriteResult second = get(store.write(new EntryDocument(Samples.inline("a")), Version.ABSENT));
    // Then
    assertThat(second).isInstanceOf(Conflict.class);
  }

  @Test
  void entriesOfAHostComePageByPageInTheOrderOfTheirIds() throws Exception {
    // Given
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      Entry entry = Samples.inline("page-" + i);
      write(entry, Version.ABSENT);
      ids.add(entry.documentId());
    }
    PrimaryKey key = Samples.key("page-0");
    VaryIndex index = new VaryIndex(key, Epoch.FIRST, List.of(), List.of(VariantKey.NONE));
    get(store.write(new VaryDocument(index), Version.ABSENT));
    Entry other = Samples.inline("elsewhere");
    PrimaryKey otherKey = new PrimaryKey("http", "a.test", other.key().digest());
    write(
        new Entry(
            otherKey,
            other.variant(),
            other.url(),
            other.response(),
            other.body(),
            other.epoch(),
            other.tag()),
        Version.ABSENT);
    // When
    List<String> paged = new ArrayList<>();
    String after = "";
    List<Entry> page = get(store.entries("origin.test", after, 3));
    while (!page.isEmpty()) {
      assertThat(page).hasSizeLessThanOrEqualTo(3);
      page.forEach(entry -> paged.add(entry.documentId()));
      page = get(store.entries("origin.test", paged.getLast(), 3));
    }
    // Then
    assertThat(paged).containsExactlyElementsOf(ids.stream().sorted().toList());
    assertThat(get(store.entries("", "", 100)).getFirst().key().host()).isEqualTo("a.test");
    assertThat(get(store.entries("origin.test.evil", "", 100))).isEmpty();
  }

  @Test
  void aReplacementNeedsTheVersionRead() throws Exception {
    // Given
    Version first = write(Samples.inline("a"), Version.ABSENT);
    Version second = write(Samples.inline("a"), first);
    // When
    WriteResult stale = get(store.write(new EntryDocument(Samples.inline("a")), first));
    // Then
    assertThat(stale).isInstanceOf(Conflict.class);
    assertThat(second).isNotEqualTo(first);
    assertThat(read(Samples.inline("a").documentId()).orElseThrow().version()).isEqualTo(second);
  }

  @Test
  void deletingNeedsTheVersionReadAndLeavesNothing() throws Exception {
    // Given
    String id = Samples.inline("a").documentId();
    Version first = write(Samples.inline("a"), Version.ABSENT);
    Version second = write(Samples.inline("a"), first);
    // When
    WriteResult stale = get(store.delete(id, first));
    WriteResult current = get(store.delete(id, second));
    // Then
    assertThat(stale).isInstanceOf(Conflict.class);
    assertThat(current).isInstanceOf(Written.class);
    assertThat(read(id)).isEmpty();
  }

  @Test
  void aRecreatedDocumentHasAnotherVersion() throws Exception {
    // Given
    Version first = write(Samples.inline("a"), Version.ABSENT);
    get(store.delete(Samples.inline("a").documentId(), first));
    // When
    Version again = write(Samples.inline("a"), Version.ABSENT);
    // Then
    assertThat(again).isNotEqualTo(first);
    assertThat(get(store.delete(Samples.inline("a").documentId(), first)))
        .isInstanceOf(Conflict.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[2001:db8::1]", "ünicode.test", "a/../b", "a b\u0000c", "%2e%2e", "+"})
  void oddHostsMakeDistinctDocuments(String host) throws Exception {
    // Given
    PrimaryKey key = new PrimaryKey("http", host, "d".repeat(56));
    VaryIndex index = new VaryIndex(key, new Epoch(7), List.of("accept"), List.of());
    // When
    get(store.write(new VaryDocument(index), Version.ABSENT));
    // Then
    assertThat(read(key.varyIndexId()).orElseThrow().document()).isEqualTo(new VaryDocument(index));
    assertThat(read(key.documentId())).isEmpty();
  }

  @Test
  void aVeryLongIdIsAnId() throws Exception {
    // Given
    PrimaryKey key = new PrimaryKey("https", "h".repeat(60_000), "0".repeat(56));
    VaryIndex index = new VaryIndex(key, Epoch.FIRST, List.of(), List.of(VariantKey.NONE));
    // When
    get(store.write(new VaryDocument(index), Version.ABSENT));
    // Then
    assertThat(read(key.varyIndexId())).isPresent();
  }

  @Test
  void aManifestOfTenThousandChunksSurvives() throws Exception {
    // Given
    Entry entry = Samples.entry("big", new Body.Chunked(Samples.manifest(10_000)));
    // When
    write(entry, Version.ABSENT);
    // Then
    assertThat(read(entry.documentId()).orElseThrow().document())
        .isEqualTo(new EntryDocument(entry));
  }

  @Test
  void idsThatDifferInOneOddCharacterAreTwoDocuments() throws Exception {
    // Given
    String longest = "h".repeat(253);
    List<String> hosts =
        List.of("a", "A", "a.", "a%00", "a\u0000", "a%", "a%25", "a+", "a ", "\u00e4", longest);
    for (int i = 0; i < hosts.size(); i++) {
      PrimaryKey key = new PrimaryKey("http", hosts.get(i), "e".repeat(56));
      get(store.write(counter(key, i), Version.ABSENT));
    }
    // When // Then
    for (int i = 0; i < hosts.size(); i++) {
      PrimaryKey key = new PrimaryKey("http", hosts.get(i), "e".repeat(56));
      assertThat(read(key.varyIndexId()).orElseThrow().document()).isEqualTo(counter(key, i));
    }
  }

  @Test
  void aVariantAndItsPrimaryAreTwoDocuments() throws Exception {
    // Given
    PrimaryKey key = Samples.key("varied");
    Entry plain = Samples.inline("varied");
    Entry variant =
        new Entry(
            key,
            new VariantKey("f".repeat(56)),
            plain.url(),
            plain.response(),
            plain.body(),
            plain.epoch(),
            plain.tag());
    // When
    write(plain, Version.ABSENT);
    write(variant, Version.ABSENT);
    // Then
    assertThat(get(store.read(List.of(variant.documentId(), plain.documentId()))))
        .extracting(found -> found.orElseThrow().document())
        .containsExactly(new EntryDocument(variant), new EntryDocument(plain));
  }

  @Test
  void whatOneWriterDoesInOrderIsSeenInOrder() throws Exception {
    // Given
    PrimaryKey key = Samples.key("ordered");
    Version version = ((Written) get(store.write(counter(key, 0), Version.ABSENT))).version();
    // When
    for (int i = 1; i <= 30; i++) {
      version = ((Written) get(store.write(counter(key, i), version))).version();
      // Then
      assertThat(read(key.varyIndexId())).contains(new Versioned(counter(key, i), version));
    }
  }

  @Test
  void ofManyThatCreateAtOnceExactlyOneSucceeds() throws Exception {
    // Given
    List<CompletionStage<WriteResult>> all = new ArrayList<>();
    // When
    for (int i = 0; i < 40; i++) {
      all.add(store.write(counter(Samples.key("race"), i), Version.ABSENT));
    }
    // Then
    int written = 0;
    for (CompletionStage<WriteResult> one : all) {
      written += get(one) instanceof Written ? 1 : 0;
    }
    assertThat(written).isEqualTo(1);
  }

  @Test
  void aDeletionThatIsRepeatedChangesNothing() throws Exception {
    // Given
    String id = Samples.inline("a").documentId();
    Version version = write(Samples.inline("a"), Version.ABSENT);
    get(store.delete(id, version));
    // When
    WriteResult again = get(store.delete(id, version));
    WriteResult ofNothing = get(store.delete(id, Version.ABSENT));
    // Then
    assertThat(again).isInstanceOf(Conflict.class);
    assertThat(ofNothing).isInstanceOf(Written.class);
  }

  @Test
  void aVersionOfAnotherStoreMatchesNothing() throws Exception {
    // Given
    write(Samples.inline("a"), Version.ABSENT);
    // When
    WriteResult result =
        get(store.write(new EntryDocument(Samples.inline("a")), new Version("no token of ours")));
    // Then
    assertThat(result).isInstanceOf(Conflict.class);
  }

  /**
   * A commit is the entry, then its vary index: a reader between them sees one without the other.
   */
  @Test
  void betweenTheTwoWritesOfACommitTheEntryIsThereUnlisted() throws Exception {
    // Given
    Entry entry = Samples.inline("half");
    write(entry, Version.ABSENT);
    // When
    store.close();
    store = open();
    // Then
    List<Optional<Versioned>> found =
        get(store.read(List.of(entry.documentId(), entry.key().varyIndexId())));
    if (found.getFirst().isPresent()) { // not in a store that forgets
      assertThat(found.getFirst().get().document()).isEqualTo(new EntryDocument(entry));
    }
    assertThat(found.getLast()).isEmpty();
  }

  @Test
  void concurrentConditionalIncrementsLoseNothing() throws Exception {
    // Given
    int threads = 8;
    int each = 25;
    PrimaryKey key = Samples.key("counter");
    get(store.write(counter(key, 0), Version.ABSENT));
    Callable<Integer> task =
        () -> {
          int conflicts = 0;
          for (int done = 0; done < each; ) {
            Versioned now = read(key.varyIndexId()).orElseThrow();
            long value = ((VaryDocument) now.document()).index().epoch().value();
            WriteResult result = get(store.write(counter(key, value + 1), now.version()));
            if (result instanceof Written) {
              done++;
            } else {
              conflicts++;
            }
          }
          return conflicts;
        };
    // When
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        running.add(pool.submit(task));
      }
      for (Future<Integer> one : running) {
        one.get();
      }
    }
    // Then
    assertThat(read(key.varyIndexId()).orElseThrow().document())
        .isEqualTo(counter(key, threads * each));
  }

  private static VaryDocument counter(PrimaryKey key, long value) {
    return new VaryDocument(new VaryIndex(key, new Epoch(value), List.of(), List.of()));
  }

  @Test
  void aScanGivesEveryDocumentOnce() throws Exception {
    // Given
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 700; i++) {
      Entry entry = Samples.inline("scan" + i);
      ids.add(entry.documentId());
      write(entry, Version.ABSENT);
    }
    // When
    List<Versioned> found = get(store.scan().runWith(Sink.seq(), testKit.system()));
    // Then
    assertThat(found.stream().map(each -> each.document().id()))
        .containsExactlyInAnyOrderElementsOf(ids);
    assertThat(found.getFirst().version())
        .isEqualTo(read(found.getFirst().document().id()).orElseThrow().version());
  }

  @Test
  void theLastUseIsKeptAndGoesWithTheDocument() throws Exception {
    // Given
    Entry entry = Samples.inline("used");
    Version version = write(entry, Version.ABSENT);
    // When
    store.touch(entry.documentId(), 1_000);
    Optional<Long> noted = get(store.lastAccess(entry.documentId()));
    get(store.delete(entry.documentId(), version));
    // Then
    assertThat(noted).contains(1_000L);
    assertThat(get(store.lastAccess(entry.documentId()))).isEmpty();
  }

  @Test
  void aHealthyStoreHasNoProblem() throws Exception {
    assertThat(get(store.problem())).isEmpty();
  }

  @Test
  void aClosedStoreFailsInWordsAndMayBeClosedAgain() throws Exception {
    // Given
    write(Samples.inline("a"), Version.ABSENT);
    var scan = store.scan();
    // When
    store.close();
    store.close();
    // Then
    String id = Samples.inline("a").documentId();
    assertClosed(() -> get(store.read(List.of(id))));
    assertClosed(() -> get(store.write(new EntryDocument(Samples.inline("b")), Version.ABSENT)));
    assertClosed(() -> get(store.delete(id, Version.ABSENT)));
    assertClosed(() -> get(scan.runWith(Sink.seq(), testKit.system())));
    assertThat(get(store.problem())).isPresent();
  }

  private static void assertClosed(Callable<?> call) {
    assertThatThrownBy(call::call)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void closingWhileOthersReadAndWriteHarmsNobody() throws Exception {
    // Given
    Callable<Integer> busy =
        () -> {
          for (int i = 0; i < 100_000; i++) {
            try {
              write(
                  Samples.inline("x" + i % 50 + Thread.currentThread().threadId()), Version.ABSENT);
            } catch (ExecutionException e) {
              assertThat(e).cause().isInstanceOf(StoreException.class);
              return i;
            } catch (ClassCastException conflict) {
              continue;
            }
          }
          return -1;
        };
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> running =
          IntStream.range(0, 4).mapToObj(_ -> pool.submit(busy)).toList();
      Thread.sleep(Duration.ofMillis(50));
      // When
      store.close();
      // Then
      for (Future<Integer> one : running) {
        assertThat(one.get()).isNotNegative();
      }
    }
  }

  final Version write(Entry entry, Version expected) throws Exception {
    return ((Written) get(store.write(new EntryDocument(entry), expected))).version();
  }

  final Optional<Versioned> read(String id) throws Exception {
    return get(store.read(List.of(id))).getFirst();
  }

  @Test
  void notesAreWrittenConditionally() throws Exception {
    // Given
    Notes notes = store.notes();
    Version first = written(get(notes.write("lease", "one 1", Version.ABSENT)));

    // When
    WriteResult again = get(notes.write("lease", "two", Version.ABSENT));
    Version second = written(get(notes.write("lease", "three", first)));
    WriteResult late = get(notes.delete("lease", first));

    // Then
    assertThat(again).isInstanceOf(Conflict.class);
    assertThat(late).isInstanceOf(Conflict.class);
    assertThat(get(notes.read("lease"))).contains(new Notes.Note("lease", "three", second));
    assertThat(get(notes.delete("lease", second))).isInstanceOf(Written.class);
    assertThat(get(notes.read("lease"))).isEmpty();
  }

  private static Version written(WriteResult result) {
    return ((Written) result).version();
  }

  @Test
  void notesAreNoDocumentsAndAreScannedByThemselves() throws Exception {
    // Given
    Notes notes = store.notes();
    write(Samples.inline("document"), Version.ABSENT);
    for (int i = 0; i < 30; i++) {
      get(notes.write("note" + i, "text " + i, Version.ABSENT));
    }

    // When
    List<Notes.Note> found = get(notes.scan().runWith(Sink.seq(), testKit.system()));
    List<Versioned> documents = get(store.scanAll().runWith(Sink.seq(), testKit.system()));

    // Then
    assertThat(found).extracting(Notes.Note::text).hasSize(30).contains("text 0", "text 29");
    assertThat(documents).hasSize(1);
  }
}
