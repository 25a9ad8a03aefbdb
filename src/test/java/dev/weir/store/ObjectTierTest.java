package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.entry;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.store.Bodies.OpenBody;
import dev.weir.testing.Eventually;
import dev.weir.testing.FilesUnder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk as a tier in front of an object store: what is held, what comes back, what goes. */
class ObjectTierTest {
  private static final ActorTestKit TESTKIT = ActorTestKit.create();
  private static final int CHUNK = 300_000;
  @TempDir private Path folder;
  private FolderObjectStore objects;
  private LocalStores stores;
  private final List<HeldEntry> durable = new CopyOnWriteArrayList<>();
  private volatile boolean settles = true;

  @AfterAll
  static void stop() {
    TESTKIT.shutdownTestKit();
  }

  @BeforeEach
  void open() {
    objects = new FolderObjectStore(folder.resolve("objects"));
    open(Map.of());
  }

  @AfterEach
  void close() {
    stores.close();
  }

  private void open(Map<String, ?> overrides) {
    Map<String, Object> all = new java.util.HashMap<>(overrides);
    all.putIfAbsent("chunks.min-free-bytes", 0);
    all.putIfAbsent("tier.min-retry", "20ms");
    all.putIfAbsent("tier.max-retry", "100ms");
    all.putIfAbsent("tier.announce-retry", "50ms");
    stores =
        LocalStores.openTier(
            objects,
            folder.resolve("node"),
            Samples.settings(all),
            SystemMaterializer.get(TESTKIT.system()).materializer());
    stores
        .holding()
        .announceBy(
            new Holding.Announcer() {
              @Override
              public CompletionStage<Boolean> durable(HeldEntry held) {
                durable.add(held);
                return CompletableFuture.completedStage(settles);
              }

              @Override
              public void lost(HeldEntry held) {}
            });
  }

  /** As a fill does. */
  private Entry fill(String name, byte[] body) throws Exception {
    Samples.Stored stored = Samples.store(stores.chunks(), body, CHUNK);
    Entry entry = entry(name, stored.body());
    Grant grant = new Grant(entry.key(), entry.tag(), entry.epoch(), new NodeId("n1"));
    var refused = get(stores.holding().hold(new HeldEntry(grant, entry, List.of())));
    stored.pins().forEach(ChunkReader::close);
    if (refused.isPresent()) {
      throw new IllegalStateException(refused.get());
    }
    return entry;
  }

  private Entry uploaded(String name, byte[] body) throws Exception {
    Entry entry = fill(name, body);
    stores.holding().accepted(entry.tag());
    Eventually.holds(() -> stores.holding().held().isEmpty());
    return entry;
  }

  private void wipeDisk() throws Exception {
    for (ChunkStore.Held chunk : all()) {
      Files.delete(folder.resolve("node").resolve(chunk.id().path(4)));
    }
  }

  private List<ChunkStore.Held> all() {
    try (Stream<ChunkStore.Held> held = stores.chunks().list()) {
      return held.toList();
    }
  }

  private byte[] read(Entry entry, long from, long to) throws Exception {
    return get(reading(entry, from, to));
  }

  private CompletionStage<byte[]> reading(Entry entry, long from, long to) throws Exception {
    OpenBody open = get(stores.bodies().open(entry, from, to)).orElseThrow();
    return open.bytes(from, to)
        .runFold(ByteString.emptyByteString(), ByteString::concat, TESTKIT.system())
        .thenApply(ByteString::toArray);
  }

  @Test
  void anEntryIsAnnouncedWhenItsLastChunkIsDurable() throws Exception {
    // Given
    byte[] body = bytes(1, 1_000_000);
    Entry entry = fill("a", body);
    assertThat(durable).isEmpty();
    // When
    stores.holding().accepted(entry.tag());
    // Then
    Eventually.holds(() -> durable.size() == 1);
    for (ChunkId id : Samples.chunks(entry)) {
      assertThat(Files.exists(objects.path(id))).isTrue();
    }
    Eventually.holds(() -> stores.holding().held().isEmpty());
    Eventually.holds(() -> pendingFiles() == 0);
    assertThat(read(entry, 0, body.length)).isEqualTo(body);
  }

  private long pendingFiles() throws Exception {
    return FilesUnder.of(folder.resolve("node/pending")).count();
  }

  @Test
  void nothingIsAnnouncedBeforeItIsDurableAndASickStoreIsWaitedFor() throws Exception {
    // Given
    objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
    byte[] body = bytes(2, 700_000);
    Entry entry = fill("a", body);
    stores.holding().accepted(entry.tag());
    Eventually.holds(() -> stores.tier().orElseThrow().pendingEntries().getAsLong() == 1);
    // When
    Thread.sleep(300);
    // Then
    assertThat(durable).isEmpty();
    assertThat(read(entry, 0, body.length)).isEqualTo(body);
    // When
    objects.failure = null;
    // Then
    Eventually.holds(() -> durable.size() == 1);
    Eventually.holds(() -> stores.holding().held().isEmpty());
  }

  @Test
  void whatIsHeldOutlivesARestartAndIsUploadedThen() throws Exception {
    // Given
    objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
    byte[] body = bytes(3, 700_000);
    Entry entry = fill("a", body);
    stores.holding().accepted(entry.tag());
    stores.close();
    // When
    objects.failure = null;
    open(Map.of());
    // Then
    Eventually.holds(() -> durable.stream().anyMatch(held -> held.entry().equals(entry)));
    Eventually.holds(() -> stores.holding().held().isEmpty());
    wipeDisk();
    assertThat(read(entry, 0, body.length)).isEqualTo(body);
  }

  @Test
  void aFolderWithoutARecordIsALeftoverAndGoes() throws Exception {
    // Given
    stores.close();
    Path leftover = folder.resolve("node/pending/crashed");
    Files.createDirectories(leftover);
    Files.write(leftover.resolve("chunk"), new byte[10]);
    // When
    open(Map.of());
    // Then
    assertThat(leftover).doesNotExist();
  }

  @Test
  void anEntryWhoseDocumentCannotBeWrittenIsAnnouncedAgain() throws Exception {
    // Given
    settles = false;
    Entry entry = fill("a", bytes(4, 400_000));
    // When
    stores.holding().accepted(entry.tag());
    Eventually.holds(() -> durable.size() >= 2);
    settles = true;
    // Then
    Eventually.holds(() -> stores.holding().held().isEmpty());
  }

  @Test
  void beyondItsLimitNothingMoreIsHeld() throws Exception {
    // Given
    stores.close();
    open(Map.of("tier.pending-bytes", 500_000));
    objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
    fill("a", bytes(5, 600_000));
    // When, Then
    assertThat(stores.holding().full()).contains("pending-full");
    assertThatThrownBy(() -> fill("b", bytes(6, 600_000))).hasMessageContaining("pending-full");
  }

  @Test
  void aColdBodyComesBackFromTheObjectStoreAndStays() throws Exception {
    // Given
    byte[] body = bytes(7, 2_000_000);
    Entry entry = uploaded("a", body);
    wipeDisk();
    // When
    byte[] read = read(entry, 0, body.length);
    // Then
    assertThat(read).isEqualTo(body);
    Eventually.holds(() -> all().size() == 7);
    int reads = objects.reads.get();
    assertThat(read(entry, 0, body.length)).isEqualTo(body);
    assertThat(objects.reads.get()).isEqualTo(reads);
  }

  @Test
  void aStreamThatBreaksGoesOnWhereItBroke() throws Exception {
    // Given
    byte[] body = bytes(27, CHUNK);
    Entry entry = uploaded("a", body);
    wipeDisk();
    objects.breaks.set(3);
    // When
    byte[] read = read(entry, 0, body.length);
    // Then
    assertThat(read).isEqualTo(body);
    assertThat(objects.reads.get()).isEqualTo(4);
    assertThat(stores.tier().orElseThrow().damagedChunks().getAsLong()).isZero();
  }

  @Test
  void aRangeFetchesOnlyTheChunksItTouches() throws Exception {
    // Given
    byte[] body = bytes(8, 3_000_000);
    Entry entry = uploaded("a", body);
    wipeDisk();
    // When
    byte[] read = read(entry, 1_000_000, 1_000_100);
    // Then
    assertThat(read).isEqualTo(Arrays.copyOfRange(body, 1_000_000, 1_000_100));
    assertThat(objects.reads.get()).isEqualTo(1);
  }

  @Test
  void manyReadersCostOneFetchPerChunk() throws Exception {
    // Given
    byte[] body = bytes(9, 3_000_000);
    Entry entry = uploaded("a", body);
    wipeDisk();
    // When
    List<CompletionStage<byte[]>> readers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      readers.add(reading(entry, 0, body.length));
    }
    // Then
    for (CompletionStage<byte[]> reader : readers) {
      assertThat(get(reader)).isEqualTo(body);
    }
    assertThat(objects.reads.get()).isEqualTo(10);
  }

  @Test
  void aChunkThatIsGoneEverywhereIsSaidBeforeTheHead() throws Exception {
    // Given
    Entry entry = uploaded("a", bytes(10, 700_000));
    wipeDisk();
    Files.delete(objects.path(Samples.chunks(entry).getFirst()));
    // When
    var opened = get(stores.bodies().open(entry));
    // Then
    assertThat(opened).isEmpty();
  }

  @Test
  void aStoreThatDoesNotAnswerIsNoMissingChunk() throws Exception {
    // Given
    Entry entry = uploaded("a", bytes(11, 700_000));
    wipeDisk();
    objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
    // When
    var opened = stores.bodies().open(entry);
    // Then
    assertThatThrownBy(() -> get(opened))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            StoreException.class,
            failure -> assertThat(failure.kind()).isEqualTo(StoreException.Kind.UNAVAILABLE));
  }

  @Test
  void wrongBytesNeverReachTheEndOfABodyAndAreReplaced() throws Exception {
    // Given
    byte[] body = bytes(12, 900_000);
    Entry entry = uploaded("a", body);
    wipeDisk();
    Path object = objects.path(Samples.chunks(entry).get(1));
    byte[] wrong = Files.readAllBytes(object);
    wrong[10] ^= 1;
    Files.write(object, wrong);
    // When
    CompletionStage<byte[]> read = reading(entry, 0, body.length);
    // Then
    assertThatThrownBy(() -> get(read)).isInstanceOf(ExecutionException.class);
    assertThat(stores.tier().orElseThrow().damagedChunks().getAsLong()).isPositive();
    assertThat(all()).noneMatch(held -> held.id().equals(Samples.chunks(entry).get(1)));
    // When it is fetched from the origin once more
    Entry again = uploaded("a", body);
    wipeDisk();
    // Then
    assertThat(Files.readAllBytes(object)).isNotEqualTo(wrong);
    assertThat(read(again, 0, body.length)).isEqualTo(body);
  }

  @Test
  void aSmallBodyIsSeenWholeOrNotAtAll() throws Exception {
    // Given
    byte[] body = bytes(13, 20_000);
    Entry entry = uploaded("a", body);
    wipeDisk();
    Files.write(objects.path(id(body)), bytes(14, 20_000));
    // When
    var opened = get(stores.bodies().open(entry));
    // Then
    assertThat(opened).isEmpty();
    // When
    uploaded("b", body);
    wipeDisk();
    // Then
    ByteString strict = get(stores.bodies().open(entry)).orElseThrow().strict();
    assertThat(strict).isNotNull();
    assertThat(strict.toArray()).isEqualTo(body);
  }

  /** Another byte at its beginning, in another file: mapped ones stay as they are. */
  private Path damaged(Entry entry, int chunk) throws Exception {
    Path file = folder.resolve("node").resolve(Samples.chunks(entry).get(chunk).path(4));
    byte[] wrong = Files.readAllBytes(file);
    wrong[0] ^= 1;
    Files.delete(file);
    return Files.write(file, wrong);
  }

  @Test
  void aDamagedFileOnDiskIsReplacedFromTheObjectStore() throws Exception {
    // Given
    byte[] body = bytes(15, 700_000);
    Entry entry = uploaded("a", body);
    stores.close();
    assertThat(damaged(entry, 0)).exists();
    open(Map.of());
    // When
    byte[] read = read(entry, 0, body.length);
    // Then
    assertThat(read).isEqualTo(body);
  }

  @Test
  void damageInTheMiddleOfABodyCostsItsReaderNothing() throws Exception {
    // Given: only the first chunk is checked before the head
    byte[] body = bytes(26, 4 * CHUNK);
    Entry entry = uploaded("a", body);
    stores.close();
    Path third = damaged(entry, 2);
    byte wrong = Files.readAllBytes(third)[0];
    open(Map.of("chunks.verify-at-open-bytes", 0));
    // When
    byte[] read = read(entry, 0, body.length);
    // Then
    assertThat(read).isEqualTo(body);
    Eventually.holds(() -> Files.exists(third) && Files.readAllBytes(third)[0] != wrong);
  }

  @Test
  void damageThatNobodyCanMakeGoodEndsTheBodyVisibly() throws Exception {
    // Given
    byte[] body = bytes(27, 4 * CHUNK);
    Entry entry = uploaded("a", body);
    stores.close();
    assertThat(damaged(entry, 2)).exists();
    open(Map.of("chunks.verify-at-open-bytes", 0));
    objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
    // When, Then
    assertThatThrownBy(() -> read(entry, 0, body.length))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(StoreException.class);
  }

  @Test
  void theDiskTierDropsTheLongestUnusedChunksAndNeverThoseHeld() throws Exception {
    // Given
    stores.close();
    open(Map.of("disk-cache-size", 1_500_000, "eviction.check-interval", "50ms"));
    byte[] old = bytes(16, 600_000);
    Entry first = uploaded("old", old);
    objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
    Entry held = fill("held", bytes(17, 600_000));
    stores.holding().accepted(held.tag());
    // When
    fill("more", bytes(18, 600_000));
    // Then
    Eventually.holds(
        () -> all().stream().noneMatch(c -> c.id().equals(Samples.chunks(first).get(0))));
    for (ChunkId id : Samples.chunks(held)) {
      assertThat(all()).anyMatch(chunk -> chunk.id().equals(id));
    }
    // When
    objects.failure = null;
    // Then
    assertThat(read(first, 0, old.length)).isEqualTo(old);
  }

  @Test
  void chunksThatWereToGoWhileTheyWereHeldGoWhenTheyAreNot() throws Exception {
    // Given
    stores.close();
    open(Map.of("disk-cache-size", 1_500_000, "eviction.check-interval", "50ms"));
    byte[] body = bytes(19, 3_000_000);
    // When it is larger than all the disk may keep
    Entry entry = uploaded("large", body);
    // Then
    Eventually.within(Duration.ofSeconds(10), () -> bytesOnDisk() <= 1_500_000);
    assertThat(stores.retention().usedBytes()).isGreaterThanOrEqualTo(bytesOnDisk());
    assertThat(read(entry, 0, body.length)).isEqualTo(body);
  }

  private long bytesOnDisk() {
    return all().stream().mapToLong(ChunkStore.Held::lengthBytes).sum();
  }

  @Test
  void aBodyInTheDocumentNeedsNoObjectStore() {
    // Given
    Entry inline = Samples.inline("a");
    // When, Then
    assertThat(stores.holding().concerns(inline)).isFalse();
    assertThat(stores.holding().concerns(entry("b", new Body.Inline(new byte[0])))).isFalse();
  }
}
