package dev.weir.store;

import static dev.weir.store.Samples.adopt;
import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static dev.weir.store.Samples.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.Eventually;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskChunkStoreTest extends ChunkStoreConformance {
  @TempDir private Path root;

  @Override
  ChunkStore openStore() {
    return DiskChunkStore.open(
        root,
        Samples.settings(Map.of("chunks.min-free-bytes", 0, "chunks.max-idle-mappings", 2))
            .chunks());
  }

  private void reopen() {
    store.close();
    store = openStore();
  }

  private Path path(byte[] chunk) {
    return root.resolve(id(chunk).path(4));
  }

  @Test
  void aChunkLiesUnderTheFirstFourDigitsOfItsName() throws Exception {
    // Given
    byte[] chunk = "abc".getBytes();
    // When
    adopt(store, chunk).close();
    // Then
    assertThat(
            root.resolve(
                "data/b/a/7/8/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        .hasBinaryContent(chunk);
  }

  /** Where they lie in one folder, its names are read ahead of the files. */
  @Test
  void chunksOfOneFolderMayGoWhileTheyAreListed() throws Exception {
    // Given
    store.close();
    store =
        DiskChunkStore.open(
            root,
            Samples.settings(Map.of("chunks.min-free-bytes", 0, "chunks.prefix-depth", 0))
                .chunks());
    // When, Then
    chunksMayGoWhileTheyAreListed();
  }

  @Test
  void whatIsNoChunkIsNotListed() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100);
    adopt(store, chunk).close();
    Files.writeString(root.resolve("data/README"), "not ours");
    Files.writeString(path(chunk).resolveSibling("unfinished"), "not ours");
    Files.createDirectories(path(bytes(2, 100)));
    // When, Then
    assertThat(list()).containsExactly(new ChunkStore.Held(id(chunk), 100));
  }

  @Test
  void chunksThatCannotBeListedAreNotToldToBeNone() throws Exception {
    // Given
    Files.move(root.resolve("data"), root.resolve("elsewhere"));
    // When, Then
    assertThatThrownBy(this::list).isInstanceOf(StoreException.class);
    Files.move(root.resolve("elsewhere"), root.resolve("data"));
  }

  @Test
  void chunksSurviveAReopeningAndSpoolFilesDoNot() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    adopt(store, chunk).close();
    Path unfinished = spool(store, bytes(2, 5000));
    // When
    reopen();
    // Then
    assertThat(unfinished).doesNotExist();
    assertThat(((DiskChunkStore) store).spoolLeftovers()).isEqualTo(1);
    try (ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow()) {
      assertThat(reader.sound()).isTrue();
      assertThat(readAll(reader, 65_536)).isEqualTo(chunk);
    }
  }

  @Test
  void aChunkWhoseFileIsGoneIsNotStoredThoughItsReaderGoesOn() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    try (ChunkReader reader = adopt(store, chunk)) {
      assertThat(reader.read(0, 1000).size()).isEqualTo(1000);
      // When
      Files.delete(path(chunk));
      // Then
      assertThat(store.storedLength(id(chunk))).isEqualTo(-1);
      assertThat(readAll(reader, 65_536)).isEqualTo(chunk);
    }
  }

  @Test
  void aShortLeftoverIsReplacedByAnAdoption() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    Files.createDirectories(path(chunk).getParent());
    Files.write(path(chunk), bytes(1, 500));
    // When
    adopt(store, chunk).close();
    // Then
    assertThat(path(chunk)).hasBinaryContent(chunk);
  }

  @Test
  void aDamagedChunkOfTheRightLengthIsReplacedByAnAdoption() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    adopt(store, chunk).close();
    flip(path(chunk));
    reopen();
    // When
    try (ChunkReader reader = adopt(store, chunk)) {
      // Then
      assertThat(readAll(reader, 65_536)).isEqualTo(chunk);
    }
    assertThat(path(chunk)).hasBinaryContent(chunk);
  }

  @Test
  void aDamagedChunkIsFoundOnceAfterARestartAndRemoved() throws Exception {
    // Given
    byte[] big = bytes(1, 100_000);
    byte[] small = bytes(2, 100);
    adopt(store, big).close();
    adopt(store, small).close();
    flip(path(big));
    flip(path(small));
    reopen();
    // When, Then
    for (byte[] chunk : List.of(big, small)) {
      try (ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow()) {
        assertThat(reader.sound()).isFalse();
      }
      assertThat(store.open(id(chunk), chunk.length)).isEmpty();
      assertThat(path(chunk)).doesNotExist();
    }
  }

  @Test
  void aFileCutOffUnderAReaderIsAStoreExceptionNotTheEnd() throws Exception {
    // Given
    byte[] chunk = bytes(1, 4 << 20);
    try (ChunkReader reader = adopt(store, chunk)) {
      for (int i = 0; i < 5_000; i++) { // so that compiled code is tested too
        assertThat(reader.read(i, 1000).length()).isEqualTo(1000);
      }
      // When
      try (RandomAccessFile file = new RandomAccessFile(path(chunk).toFile(), "rw")) {
        file.setLength(8192 + 10);
      }
      // Then
      for (int offset : new int[] {1 << 20, 8192, 3 << 20, 0}) {
        assertThatThrownBy(() -> reader.read(offset, 256 << 10))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining("cut off");
      }
    }
  }

  @Test
  void idleMappingsAreBounded() throws Exception {
    // Given
    List<byte[]> contents = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      contents.add(bytes(i, 70_000));
      try (ChunkReader reader = adopt(store, contents.getLast())) {
        assertThat(readAll(reader, 70_000)).isEqualTo(contents.getLast());
      }
    }
    // When
    while (mappedChunks() > 2) {
      Thread.onSpinWait();
    }
    // Then
    for (byte[] chunk : contents) {
      try (ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow()) {
        assertThat(readAll(reader, 70_000)).isEqualTo(chunk);
      }
    }
  }

  @Test
  void mappingsThatCouldNotBeDroppedWhileTheQueueWasFullAreDroppedLater() throws Exception {
    // Given
    for (int i = 0; i < 10; i++) {
      adopt(store, bytes(i, 70_000)).close();
    }
    store.close();
    DiskChunkStore busy =
        DiskChunkStore.open(
            root,
            Samples.settings(
                    Map.of(
                        "chunks.min-free-bytes", 0,
                        "chunks.max-idle-mappings", 2,
                        "chunks.threads", 1,
                        "chunks.queue", 1))
                .chunks());
    store = busy;
    CountDownLatch stalled = new CountDownLatch(1);
    CompletionStage<Boolean> stall = busy.pool().call(() -> stalled.await(1, TimeUnit.MINUTES));
    Eventually.holds(() -> !busy.pool().tryRun(() -> {}));
    // When
    for (int i = 0; i < 9; i++) {
      readOnce(bytes(i, 70_000));
    }
    assertThat(mappedChunks()).isEqualTo(9);
    stalled.countDown();
    assertThat(get(stall)).isTrue();
    // Then
    Eventually.within(
        Duration.ofSeconds(10),
        () -> {
          readOnce(bytes(9, 70_000));
          return mappedChunks() <= 2;
        });
  }

  private void readOnce(byte[] chunk) {
    try (ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow()) {
      assertThat(readAll(reader, 70_000)).isEqualTo(chunk);
    }
  }

  @Test
  void aReadThatComesAfterItsReaderHasLeftCostsNoSoundChunk() throws Exception {
    // Given: a fill's chunk, whose file is closed with its last reader
    byte[] chunk = bytes(1, 100_000);
    store.namedBy(id(chunk)::equals);
    ChunkReader pin = adopt(store, chunk);
    ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow();
    assertThat(readAll(reader, 65_536)).isEqualTo(chunk);
    pin.close();
    reader.close();
    Eventually.holds(() -> mappedChunks() == 0);
    // When the read that waited for a thread fails, as it must, and the chunk is looked at again
    assertThatThrownBy(() -> reader.read(0, 1)).isInstanceOf(StoreException.class);
    reader.suspect();
    // Then
    assertThat(path(chunk)).hasBinaryContent(chunk);
    readOnce(chunk);
  }

  @Test
  void aCheckThatComesAfterItsReaderHasLeftMapsNothing() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    adopt(store, chunk).close();
    reopen();
    ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow();
    reader.close();
    // When
    try {
      assertThat(reader.sound()).isTrue();
    } catch (StoreException letGo) {
      assertThat(letGo).hasMessageContaining("let go");
    }
    // Then
    assertThat(mappedChunks()).isZero();
    readOnce(chunk);
  }

  @Test
  void aReaderThatLeavesDuringItsCheckCostsNoSoundChunk() throws Exception {
    // Given
    byte[] chunk = bytes(1, 8 << 20);
    adopt(store, chunk).close();
    for (int round = 0; round < 20; round++) {
      reopen();
      ChunkReader reader = store.open(id(chunk), chunk.length).orElseThrow();
      assertThat(reader.read(0, 1).size()).isEqualTo(1);
      // When: it is deleted by who does not know that it is named, as soon as nobody reads it
      store.namedBy(_ -> true);
      CompletionStage<Boolean> gone = store.delete(id(chunk));
      Thread check = Thread.ofPlatform().start(() -> soundOrLetGo(reader));
      while (check.isAlive() && check.getState() == Thread.State.NEW) {
        Thread.onSpinWait();
      }
      reader.close();
      check.join();
      // Then
      assertThat(get(gone)).isFalse();
      assertThat(path(chunk)).exists();
    }
    assertThat(path(chunk)).hasBinaryContent(chunk);
  }

  private static boolean soundOrLetGo(ChunkReader reader) {
    try {
      return reader.sound();
    } catch (StoreException letGo) {
      return false;
    }
  }

  private long mappedChunks() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains(root + "/data/")).count();
    }
  }

  @Test
  void aReaderLeavesWhileItsChunkIsBeingMadeDurable() throws Exception {
    // Given: a copy that is read, and that a fill brings as well
    byte[] chunk = bytes(1, 100_000);
    Gate syncing = new Gate();
    reopen(new Durable((path, opened) -> syncing.stopIf(path.equals(path(chunk))), 100));
    ChunkReader reader = get(store.adoptCopy(id(chunk), spool(store, chunk), chunk.length));
    CompletionStage<ChunkReader> adopted = adopting(chunk, syncing);
    // When
    CompletionStage<Void> left = CompletableFuture.runAsync(reader::close);
    // Then
    assertDoneBefore(adopted, left, syncing);
    assertAdopted(adopted, chunk);
  }

  @Test
  void readersComeAndGoWhileAHeldChunkIsLookedAtForAnAdoption() throws Exception {
    // Given: a chunk from before a restart
    byte[] chunk = bytes(1, 100_000);
    Gate looking = new Gate();
    restartedWith(chunk, looking);
    CompletionStage<ChunkReader> adopted = adopting(chunk, looking);
    // When
    CompletionStage<Void> readMeanwhile = CompletableFuture.runAsync(() -> readOnce(chunk));
    // Then
    assertDoneBefore(adopted, readMeanwhile, looking);
    assertAdopted(adopted, chunk);
  }

  @Test
  void whatIsDeletedWhileItIsLookedAtForAnAdoptionIsThereAfterwards() throws Exception {
    // Given: a chunk from before a restart, which nobody names
    byte[] chunk = bytes(1, 100_000);
    Gate looking = new Gate();
    restartedWith(chunk, looking);
    store.namedBy(_ -> false);
    CompletionStage<ChunkReader> adopted = adopting(chunk, looking);
    // When
    CompletionStage<Boolean> gone = store.delete(id(chunk));
    boolean orphan = ((DiskChunkStore) store).deleteOrphan(id(chunk));
    looking.open();
    // Then
    assertThat(orphan).isFalse();
    assertAdopted(adopted, chunk);
    assertThat(get(gone)).isNotNull();
  }

  /** A place in the store's work where it stops until the test lets it go on. */
  private static final class Gate {
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch opened = new CountDownLatch(1);

    void stopIf(boolean here) {
      if (here) {
        reached.countDown();
        awaitQuietly(opened);
      }
    }

    void awaitReached() {
      awaitQuietly(reached);
    }

    void open() {
      opened.countDown();
    }

    private static void awaitQuietly(CountDownLatch latch) {
      try {
        assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** The chunk is held, and stops at the gate when it is compared with its name. */
  private void restartedWith(byte[] chunk, Gate looking) throws Exception {
    adopt(store, chunk).close();
    store.close();
    store =
        DiskChunkStore.open(
            root,
            anyDisk(),
            new Durable(),
            file -> {
              looking.stopIf(true);
              return file.hasItsDigest();
            });
  }

  private void reopen(Durable durable) {
    store.close();
    store = DiskChunkStore.open(root, anyDisk(), durable);
  }

  private static StoreSettings.Chunks anyDisk() {
    return Samples.settings(Map.of("chunks.min-free-bytes", 0)).chunks();
  }

  /** An adoption that has come to the gate. */
  private CompletionStage<ChunkReader> adopting(byte[] chunk, Gate gate) throws Exception {
    CompletionStage<ChunkReader> adopted =
        store.adopt(id(chunk), spool(store, chunk), chunk.length);
    gate.awaitReached();
    return adopted;
  }

  /** Whatever becomes of it, the gate is open afterwards. */
  private static void assertDoneBefore(
      CompletionStage<ChunkReader> adopted, CompletionStage<Void> meanwhile, Gate gate)
      throws Exception {
    try {
      get(meanwhile);
      assertThat(adopted.toCompletableFuture()).isNotDone();
    } finally {
      gate.open();
    }
  }

  private void assertAdopted(CompletionStage<ChunkReader> adopted, byte[] chunk) throws Exception {
    try (ChunkReader kept = get(adopted)) {
      assertThat(readAll(kept, 65_536)).isEqualTo(chunk);
      assertThat(path(chunk)).hasBinaryContent(chunk);
    }
  }

  @Test
  void aFullDiskIsSaidSoAndRecovered() throws Exception {
    // Given
    store.close();
    store =
        DiskChunkStore.open(
            root, Samples.settings(Map.of("chunks.min-free-bytes", Long.MAX_VALUE / 2)).chunks());
    // When, Then
    assertThatThrownBy(store::newSpoolFile)
        .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isFull()).isTrue());
    assertThat(get(store.problem()).orElseThrow()).contains("is full");
    reopen();
    assertThat(get(store.problem())).isEmpty();
    assertThat(store.newSpoolFile()).exists();
  }

  @Test
  void filesThatAreNotChunksAreLeftAlone() throws Exception {
    // Given
    Files.writeString(root.resolve("data/readme"), "mine");
    // When, Then
    assertThat(list()).isEmpty();
  }

  static void flip(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
  }
}
