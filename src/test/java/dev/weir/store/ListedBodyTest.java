package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.entry;
import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.Manifest;
import dev.weir.entry.NodeId;
import dev.weir.store.MetadataStore.Version;
import dev.weir.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies whose manifest is a chunk of its own: kept, read, evicted and uploaded with it. */
class ListedBodyTest {
  private static final ActorTestKit TESTKIT = ActorTestKit.create();
  private static final int CHUNK = 5_000;
  private static final int CHUNKS = 70;
  private static final byte[] BODY = bytes(3, CHUNKS * CHUNK - 17);

  @TempDir private Path folder;

  @AfterAll
  static void stop() {
    TESTKIT.shutdownTestKit();
  }

  private record Stored(Body.Listed body, List<ChunkReader> pins) {}

  private static Stored store(ChunkStore chunks) throws Exception {
    Samples.Stored stored = Samples.store(chunks, BODY, CHUNK);
    Manifest manifest = ((Body.Chunked) stored.body()).manifest();
    byte[] encoded = ManifestCodec.encode(manifest);
    List<ChunkReader> pins = new ArrayList<>(stored.pins());
    pins.add(Samples.adopt(chunks, encoded));
    return new Stored(new Body.Listed(BODY.length, CHUNK, Samples.id(encoded)), pins);
  }

  private static Entry commit(LocalStores stores, String name) throws Exception {
    Stored stored = store(stores.chunks());
    Entry entry = entry(name, stored.body());
    get(stores.metadata().write(new Document.EntryDocument(entry), Version.ABSENT));
    get(stores.retention().committed(entry));
    stored.pins().forEach(ChunkReader::close);
    return entry;
  }

  private LocalStores embedded() {
    LocalStores stores = LocalStores.open(folder, Samples.settings());
    get0(stores.recovery());
    return stores;
  }

  private static <T> T get0(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static byte[] read(LocalStores stores, Entry entry, long from, long to) throws Exception {
    Bodies.OpenBody open = get(stores.bodies().open(entry, from, to)).orElseThrow();
    return get(open.bytes(from, to)
            .runFold(ByteString.emptyByteString(), ByteString::concat, TESTKIT.system()))
        .toArray();
  }

  private static long chunks(LocalStores stores) {
    try (Stream<ChunkStore.Held> held = stores.chunks().list()) {
      return held.count();
    }
  }

  @Test
  void itIsReadBackAfterARestartAndGoesWithItsManifest() throws Exception {
    // Given
    Entry entry;
    try (LocalStores stores = embedded()) {
      entry = commit(stores, "a");
      assertThat(read(stores, entry, 0, BODY.length)).isEqualTo(BODY);
      assertThat(chunks(stores)).isEqualTo(CHUNKS + 1);
    }
    // When
    try (LocalStores stores = embedded()) {
      var found = get(stores.metadata().read(List.of(entry.documentId()))).getFirst();
      // Then
      assertThat(found.orElseThrow().document()).isEqualTo(new Document.EntryDocument(entry));
      assertThat(chunks(stores)).isEqualTo(CHUNKS + 1);
      assertThat(read(stores, entry, 12_345, 54_321))
          .isEqualTo(Arrays.copyOfRange(BODY, 12_345, 54_321));
      // When
      get(stores.metadata().delete(entry.documentId(), found.orElseThrow().version()));
      stores.retention().removed(entry);
      // Then
      Eventually.holds(() -> chunks(stores) == 0);
      Eventually.holds(() -> stores.retention().usedBytes() == 0);
    }
  }

  @Test
  void twoEntriesOfTheSameBodyShareTheManifestToo() throws Exception {
    // Given
    try (LocalStores stores = embedded()) {
      Entry one = commit(stores, "a");
      Entry other = commit(stores, "b");
      // When
      stores.retention().removed(one);
      // Then
      assertThat(read(stores, other, 0, BODY.length)).isEqualTo(BODY);
      assertThat(chunks(stores)).isEqualTo(CHUNKS + 1);
    }
  }

  @Test
  void withoutItsManifestAnEntryIsRemovedAtTheNextStartAndItsChunksWithIt() throws Exception {
    // Given
    Entry entry;
    try (LocalStores stores = embedded()) {
      entry = commit(stores, "a");
    }
    Body.Listed body = (Body.Listed) entry.body();
    Files.delete(folder.resolve(body.manifest().path(4)));
    // When
    try (LocalStores stores = embedded()) {
      // Then
      assertThat(get(stores.metadata().read(List.of(entry.documentId()))).getFirst()).isEmpty();
      assertThat(chunks(stores)).isZero();
      assertThat(stores.retention().usedBytes()).isZero();
    }
  }

  @Test
  void aDamagedManifestIsNoManifest() throws Exception {
    // Given
    try (LocalStores stores = embedded()) {
      Entry entry = commit(stores, "a");
      Path file = folder.resolve(((Body.Listed) entry.body()).manifest().path(4));
      byte[] bytes = Files.readAllBytes(file);
      bytes[100] ^= 1;
      Files.write(file, bytes);
      // When, Then
      assertThat(get(stores.bodies().open(entry))).isEmpty();
    }
  }

  @Test
  void itIsNoSmallerForTheObjectStore() throws Exception {
    // Given
    FolderObjectStore objects = new FolderObjectStore(folder.resolve("objects"));
    List<HeldEntry> durable = new CopyOnWriteArrayList<>();
    try (LocalStores stores = tier(objects, durable)) {
      objects.failure = new StoreException(StoreException.Kind.UNAVAILABLE, "sick");
      Stored stored = store(stores.chunks());
      Entry entry = entry("a", stored.body());
      Grant grant = new Grant(entry.key(), entry.tag(), entry.epoch(), new NodeId("n1"));
      assertThat(get(stores.holding().hold(new HeldEntry(grant, entry, List.of())))).isEmpty();
      stored.pins().forEach(ChunkReader::close);
      stores.holding().accepted(entry.tag());
    }
    // When it starts again
    objects.failure = null;
    try (LocalStores stores = tier(objects, durable)) {
      Eventually.holds(() -> durable.size() == 1);
      Entry entry = durable.getFirst().entry();
      ChunkId manifest = ((Body.Listed) entry.body()).manifest();
      // Then
      assertThat(Files.exists(objects.path(manifest))).isTrue();
      Eventually.holds(() -> stores.holding().held().isEmpty());
      // When
      try (Stream<ChunkStore.Held> all = stores.chunks().list()) {
        for (ChunkStore.Held chunk : all.toList()) {
          Files.delete(folder.resolve("node").resolve(chunk.id().path(4)));
        }
      }
      // Then
      assertThat(read(stores, entry, 9_999, 10_001))
          .isEqualTo(Arrays.copyOfRange(BODY, 9_999, 10_001));
      assertThat(read(stores, entry, 0, BODY.length)).isEqualTo(BODY);
      // When the manifest is nowhere
      Files.delete(objects.path(manifest));
    }
    try (Stream<Path> files = Files.walk(folder.resolve("node/data"))) {
      files.filter(Files::isRegularFile).forEach(file -> file.toFile().delete());
    }
    try (LocalStores stores = tier(objects, durable)) {
      // Then
      assertThat(get(stores.bodies().open(durable.getFirst().entry()))).isEmpty();
    }
  }

  private LocalStores tier(FolderObjectStore objects, List<HeldEntry> durable) {
    LocalStores stores =
        LocalStores.openTier(
            objects,
            folder.resolve("node"),
            Samples.settings(
                Map.of(
                    "chunks.min-free-bytes",
                    0,
                    "tier.min-retry",
                    "20ms",
                    "tier.max-retry",
                    "50ms")),
            SystemMaterializer.get(TESTKIT.system()).materializer());
    stores
        .holding()
        .announceBy(
            new Holding.Announcer() {
              @Override
              public CompletionStage<Boolean> durable(HeldEntry held) {
                durable.add(held);
                return CompletableFuture.completedStage(true);
              }

              @Override
              public void lost(HeldEntry held) {}
            });
    return stores;
  }
}
