package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.commit;
import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.store.Bodies.OpenBody;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore.Version;
import dev.weir.testing.FilesUnder;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskRetentionTest {
  private static final int BODY_BYTES = 100_000;
  private static ActorTestKit testKit;
  @TempDir private Path folder;
  private LocalStores stores;

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create();
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  @AfterEach
  void close() {
    if (stores != null) {
      stores.close();
    }
  }

  private void open(long limitBytes) {
    stores =
        LocalStores.open(
            folder,
            Samples.settings(
                Map.of(
                    "chunks.min-free-bytes", 0,
                    "disk-cache-size", limitBytes,
                    "eviction.order-interval", 0)));
  }

  @Test
  void theLongestUnusedEntriesGoAndTheirFilesWithThem() throws Exception {
    // Given
    open(1_000_000);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      entries.add(commit(stores, "e" + i, bytes(i, BODY_BYTES), 60_000));
    }
    Thread.sleep(2); // the clock must have moved on for a use to count as later
    stores.bodies().touch(entries.get(0));
    // When
    for (int i = 8; i < 11; i++) {
      entries.add(commit(stores, "e" + i, bytes(i, BODY_BYTES), 60_000));
    }
    // Then
    awaitBelow(1_000_000);
    assertThat(isStored(entries.get(0))).isTrue();
    assertThat(isStored(entries.get(1))).isFalse();
    assertThat(isStored(entries.get(10))).isTrue();
    assertThat(stores.retention().evictedEntries()).isPositive();
  }

  @Test
  void whatNobodyHasUsedForLongerThanTheMaximumAgeGoes() throws Exception {
    // Given
    stores =
        LocalStores.open(
            folder,
            Samples.settings(
                Map.of(
                    "chunks.min-free-bytes", 0,
                    "eviction.check-interval", "20ms",
                    "collection.max-age", "100ms")));

    // When
    Entry unused = commit(stores, "unused", bytes(1, BODY_BYTES), 60_000);

    // Then
    awaitNoFiles();
    assertThat(isStored(unused)).isFalse();
  }

  @Test
  void aChunkThatTwoEntriesNameGoesWithTheSecond() throws Exception {
    // Given
    open(10_000_000);
    Entry first = commit(stores, "first", bytes(1, BODY_BYTES), 200_000);
    long one = stores.retention().usedBytes();
    Entry second = commit(stores, "second", bytes(1, BODY_BYTES), 200_000);
    assertThat(stores.retention().usedBytes() - one).isLessThan(2_000);
    // When
    remove(first);
    // Then
    assertThat(openBody(second)).isPresent();
    remove(second);
    awaitNoFiles();
  }

  @Test
  void aReplacedEntryFreesWhatItHeld() throws Exception {
    // Given
    open(10_000_000);
    Entry old = commit(stores, "a", bytes(1, BODY_BYTES), 200_000);
    Version version =
        get(stores.metadata().read(List.of(old.documentId()))).getFirst().orElseThrow().version();
    // When
    Samples.Stored body = Samples.store(stores.chunks(), bytes(2, BODY_BYTES), 200_000);
    Entry replaced = Samples.entry("a", body.body());
    get(stores.metadata().write(new EntryDocument(replaced), version));
    stores.retention().committed(replaced);
    body.pins().forEach(ChunkReader::close);
    stores.retention().removed(old); // late news of the old one must not touch the new one
    // Then
    while (RecoveryTest.filesIn(folder.resolve("data")) != 1) {
      Thread.onSpinWait();
    }
    assertThat(openBody(replaced)).isPresent();
    assertThat(stores.retention().entries()).isEqualTo(1);
  }

  @Test
  void aRefreshedEntryKeepsItsChunks() throws Exception {
    // Given
    open(10_000_000);
    Entry entry = commit(stores, "a", bytes(1, BODY_BYTES), 200_000);
    long used = stores.retention().usedBytes();
    // When
    stores.retention().committed(entry.withResponse(Samples.response()));
    // Then
    assertThat(stores.retention().usedBytes()).isEqualTo(used);
    assertThat(openBody(entry)).isPresent();
  }

  @Test
  void anEntryBiggerThanEverythingGoesAloneNotTheOthers() throws Exception {
    // Given
    open(1_000_000);
    Entry small = commit(stores, "small", bytes(1, BODY_BYTES), 200_000);
    // When
    Entry huge = commit(stores, "huge", bytes(2, 1_200_000), 200_000);
    // Then
    awaitBelow(1_000_000);
    assertThat(isStored(huge)).isFalse();
    assertThat(isStored(small)).isTrue();
  }

  @Test
  void evictionGoesThroughTheRemoverAndRespectsItsNo() throws Exception {
    // Given
    open(500_000);
    ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();
    Entry kept = commit(stores, "kept", bytes(0, BODY_BYTES), 200_000);
    stores
        .retention()
        .removeBy(
            entry -> {
              asked.add(entry.documentId());
              return entry.documentId().equals(kept.documentId())
                  ? CompletableFuture.completedStage(false)
                  : delete(entry);
            });
    // When
    for (int i = 1; i < 8; i++) {
      commit(stores, "e" + i, bytes(i, BODY_BYTES), 200_000);
    }
    // Then
    awaitBelow(500_000);
    assertThat(asked).contains(kept.documentId());
    assertThat(openBody(kept)).isPresent();
  }

  @Test
  void aStartAboveTheLimitEvictsTheOldestByTheirLastUse() throws Exception {
    // Given
    open(10_000_000);
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      entries.add(commit(stores, "e" + i, bytes(i, BODY_BYTES), 200_000));
    }
    stores.bodies().touch(entries.get(0));
    stores.close();
    // When
    open(400_000);
    // Then
    awaitBelow(400_000);
    assertThat(isStored(entries.get(0))).isTrue();
  }

  @Test
  void evictionUnderReadersFreesRealBytesAndBreaksNobody() throws Exception {
    // Given: readers of whatever is there, and a writer of three times the limit
    long limit = 4_000_000;
    open(limit);
    ConcurrentLinkedQueue<Entry> known = new ConcurrentLinkedQueue<>();
    AtomicBoolean done = new AtomicBoolean();
    Callable<Integer> reader =
        () -> {
          int whole = 0;
          while (!done.get()) {
            for (Entry entry : known) {
              Optional<OpenBody> open = get(stores.bodies().open(entry));
              if (open.isPresent()) {
                ByteString read = readAll(open.get());
                assertThat(Samples.digest(read.toArray(), "SHA-256"))
                    .isEqualTo(entry.url().substring(20));
                whole++;
              }
            }
          }
          return whole;
        };
    try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        readers.add(pool.submit(reader));
      }
      // When
      for (int i = 0; i < 60; i++) {
        byte[] body = bytes(i, 200_000);
        known.add(commit(stores, Samples.digest(body, "SHA-256"), body, 70_000));
        if (known.size() > 25) {
          known.poll();
        }
      }
      done.set(true);
      // Then
      for (Future<Integer> one : readers) {
        assertThat(one.get()).isPositive();
      }
    }
    awaitBelow(limit);
    assertThat(diskUsage()).isLessThanOrEqualTo(limit);
    stores.close();
    open(limit);
    assertThat(get(stores.recovery()).brokenEntries()).isZero();
    assertThat(get(stores.recovery()).orphanChunks()).isZero();
  }

  @Test
  void theManifestOfALargeBodyWasReadByWhoeverAnnouncedIt() throws Exception {
    // Given a disk that does not answer
    MemoryChunkStore chunks = new MemoryChunkStore();
    CountDownLatch disk = new CountDownLatch(1);
    DiskRetention retention = retention(chunks, disk);
    Body.Listed body = listed(chunks);
    Entry entry = Samples.entry("large", body);

    // When
    CompletionStage<?> named = retention.committed(entry);
    retention.removed(entry);
    CompletionStage<?> again = retention.committed(Samples.entry("other", body));

    // Then
    assertThat(named.toCompletableFuture()).isNotDone();
    assertThat(retention.entries()).isZero();
    disk.countDown();
    get(named);
    get(again);
    assertThat(retention.entries()).as("what was announced later takes effect later").isEqualTo(1);
    retention.close();
  }

  private static Body.Listed listed(ChunkStore chunks) throws Exception {
    Samples.Stored stored = Samples.store(chunks, bytes(1, 70_000), 1000);
    byte[] manifest = ManifestCodec.encode(((Body.Chunked) stored.body()).manifest());
    Samples.adopt(chunks, manifest).close();
    return new Body.Listed(70_000, 1000, Samples.id(manifest));
  }

  /** Its disk reads nothing before that. */
  private static DiskRetention retention(LocalChunks chunks, CountDownLatch disk) {
    LocalChunks slow =
        (LocalChunks)
            Proxy.newProxyInstance(
                LocalChunks.class.getClassLoader(),
                new Class<?>[] {LocalChunks.class},
                (self, method, arguments) -> {
                  if (method.getName().equals("open")) {
                    assertThat(disk.await(5, TimeUnit.SECONDS)).as("read").isTrue();
                  }
                  return method.invoke(chunks, arguments);
                });
    StoreSettings settings = Samples.settings(Map.of("chunks.min-free-bytes", 0));
    DiskRetention retention =
        new DiskRetention(
            new MemoryMetadataStore(),
            slow,
            () -> Long.MAX_VALUE,
            settings,
            InstantSource.system());
    retention.load(new MemoryMetadataStore());
    return retention;
  }

  @Test
  void littleFreeSpaceEvictsJustEnough() throws Exception {
    // Given
    StoreSettings settings =
        Samples.settings(
            Map.of("chunks.min-free-bytes", 1_000_000, "eviction.check-interval", "10ms"));
    AtomicLong usable = new AtomicLong(2_000_000);
    MemoryMetadataStore metadata = new MemoryMetadataStore();
    MemoryChunkStore chunks = new MemoryChunkStore();
    DiskRetention retention =
        new DiskRetention(metadata, chunks, usable::get, settings, InstantSource.system());
    retention.load(metadata);
    for (int i = 0; i < 10; i++) {
      Samples.Stored stored = Samples.store(chunks, bytes(i, BODY_BYTES), 200_000);
      Entry entry = Samples.entry("e" + i, stored.body());
      get(metadata.write(new EntryDocument(entry), Version.ABSENT));
      retention.committed(entry);
      stored.pins().forEach(ChunkReader::close);
    }
    // When
    retention.removeBy(
        entry -> {
          usable.addAndGet(entry.body().length());
          return delete(metadata, entry);
        });
    usable.set(750_000);
    // Then
    while (usable.get() < 1_000_000) {
      Thread.onSpinWait();
    }
    retention.close();
    assertThat(retention.entries()).isEqualTo(7);
    chunks.close();
  }

  private java.util.concurrent.CompletionStage<Boolean> delete(Entry entry) {
    return delete(stores.metadata(), entry);
  }

  private static java.util.concurrent.CompletionStage<Boolean> delete(
      MetadataStore metadata, Entry entry) {
    return metadata
        .read(List.of(entry.documentId()))
        .thenCompose(
            found -> metadata.delete(entry.documentId(), found.getFirst().orElseThrow().version()))
        .thenApply(MetadataStore.WriteResult.Written.class::isInstance);
  }

  private void remove(Entry entry) throws Exception {
    get(delete(entry));
    stores.retention().removed(entry);
  }

  private boolean isStored(Entry entry) throws Exception {
    boolean document =
        get(stores.metadata().read(List.of(entry.documentId()))).getFirst().isPresent();
    assertThat(openBody(entry).isPresent()).isEqualTo(document);
    return document;
  }

  private Optional<OpenBody> openBody(Entry entry) throws Exception {
    Optional<OpenBody> open = get(stores.bodies().open(entry));
    open.ifPresent(OpenBody::release);
    return open;
  }

  private static ByteString readAll(OpenBody open) throws Exception {
    return get(
        open.bytes(0, open.length())
            .runWith(
                Sink.fold(ByteString.emptyByteString(), ByteString::concat), testKit.system()));
  }

  private void awaitBelow(long limit) {
    while (stores.retention().usedBytes() > limit) {
      Thread.onSpinWait();
    }
  }

  private void awaitNoFiles() {
    while (RecoveryTest.filesIn(folder.resolve("data")) > 0) {
      Thread.onSpinWait();
    }
  }

  private long diskUsage() {
    return FilesUnder.of(folder.resolve("data"))
        .mapToLong(file -> Ledger.diskBytes(file.toFile().length()))
        .sum();
  }
}
