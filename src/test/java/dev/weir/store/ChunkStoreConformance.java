package dev.weir.store;

import static dev.weir.store.Samples.adopt;
import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static dev.weir.store.Samples.spool;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.ChunkId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link ChunkStore} must do. */
@Tag("store-conformance")
abstract class ChunkStoreConformance {
  protected ChunkStore store;

  abstract ChunkStore openStore();

  @BeforeEach
  void open() {
    store = openStore();
  }

  @AfterEach
  void close() {
    store.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4096, 65_535, 65_536, 1_000_003})
  void anAdoptedChunkIsReadAsItWas(int length) throws Exception {
    // Given
    byte[] chunk = bytes(1, length);
    Path file = spool(store, chunk);
    // When
    try (ChunkReader reader = get(store.adopt(id(chunk), file, length))) {
      // Then
      assertThat(reader.lengthBytes()).isEqualTo(length);
      assertThat(readAll(reader, 100_000)).isEqualTo(chunk);
      assertThat(reader.sound()).isTrue();
      assertThat(reader.read(length, 10).isEmpty()).isTrue();
    }
    assertThat(file).doesNotExist();
    assertThat(list()).containsExactly(new ChunkStore.Held(id(chunk), length));
  }

  @Test
  void theStoredLengthIsThatOfTheChunkOrNone() throws Exception {
    // Given
    byte[] chunk = bytes(1, 70_000);
    // When
    adopt(store, chunk).close();
    // Then
    assertThat(store.storedLength(id(chunk))).isEqualTo(70_000);
    assertThat(store.storedLength(id(bytes(2, 10)))).isEqualTo(-1);
  }

  @Test
  void readsBeginAnywhereAndEndAtTheEnd() throws Exception {
    // Given
    byte[] chunk = bytes(1, 200_000);
    try (ChunkReader reader = adopt(store, chunk)) {
      // When
      ByteString middle = reader.read(150_000, 1000);
      ByteString tail = reader.read(199_990, 1000);
      // Then
      assertThat(middle.toArray()).isEqualTo(java.util.Arrays.copyOfRange(chunk, 150_000, 151_000));
      assertThat(tail.length()).isEqualTo(10);
    }
  }

  @Test
  void adoptingWhatIsThereDropsTheFile() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    adopt(store, chunk).close();
    Path again = spool(store, chunk);
    // When
    get(store.adopt(id(chunk), again, chunk.length)).close();
    // Then
    assertThat(again).doesNotExist();
    assertThat(list()).hasSize(1);
  }

  @Test
  void aCopyIsReadLikeWhatIsKeptAndCanBecomeIt() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    get(store.adoptCopy(id(chunk), spool(store, chunk), chunk.length)).close();
    Path again = spool(store, chunk);
    // When
    try (ChunkReader kept = get(store.adopt(id(chunk), again, chunk.length))) {
      // Then
      assertThat(readAll(kept, 30_000)).isEqualTo(chunk);
    }
    assertThat(again).doesNotExist();
    assertThat(list()).containsExactly(new ChunkStore.Held(id(chunk), chunk.length));
  }

  @Test
  void aFileOfAnotherLengthIsRefused() throws Exception {
    // Given
    byte[] chunk = bytes(1, 1000);
    Path file = spool(store, chunk);
    // When, Then
    assertThatThrownBy(() -> get(store.adopt(id(chunk), file, 1001)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(StoreException.class);
    assertThat(list()).isEmpty();
  }

  @Test
  void whatIsAbsentOrOfAnotherLengthIsNotOpened() throws Exception {
    // Given
    byte[] chunk = bytes(1, 1000);
    adopt(store, chunk).close();
    // When, Then
    assertThat(store.open(id(chunk), 999)).isEmpty();
    assertThat(store.open(id(bytes(2, 1000)), 1000)).isEmpty();
  }

  @Test
  void aDeletedChunkIsGone() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    adopt(store, chunk).close();
    // When
    boolean gone = get(store.delete(id(chunk)));
    // Then
    assertThat(gone).isTrue();
    assertThat(store.open(id(chunk), chunk.length)).isEmpty();
    assertThat(list()).isEmpty();
  }

  @Test
  void aPinnedChunkIsDeletedWhenTheLastReaderCloses() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    ChunkReader first = adopt(store, chunk);
    ChunkReader second = store.open(id(chunk), chunk.length).orElseThrow();
    // When
    CompletionStage<Boolean> deletion = store.delete(id(chunk));
    first.close();
    first.close();
    // Then
    assertThat(readAll(second, 65_536)).isEqualTo(chunk);
    assertThat(deletion.toCompletableFuture()).isNotDone();
    second.close();
    assertThat(get(deletion)).isTrue();
    assertThat(list()).isEmpty();
  }

  @Test
  void deletionSparesWhatAnEntryNames() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    store.namedBy(id(chunk)::equals);
    adopt(store, chunk).close();
    // When
    boolean gone = get(store.delete(id(chunk)));
    // Then
    assertThat(gone).isFalse();
    assertThat(list()).hasSize(1);
  }

  @Test
  void anAdoptedChunkThatNobodyNamesGoesWithItsPin() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    store.namedBy(_ -> false);
    ChunkReader pin = adopt(store, chunk);
    // When
    pin.close();
    get(store.delete(id(bytes(2, 1))));
    // Then
    while (!list().isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(store.open(id(chunk), chunk.length)).isEmpty();
  }

  @Test
  void aChunkCommittedWhileItsDeletionWaitedStays() throws Exception {
    // Given: evicted while another fill has just adopted the same bytes
    Set<ChunkId> named = ConcurrentHashMap.newKeySet();
    store.namedBy(named::contains);
    byte[] chunk = bytes(1, 100_000);
    ChunkReader pin = adopt(store, chunk);
    CompletionStage<Boolean> deletion = store.delete(id(chunk));
    // When
    named.add(id(chunk));
    pin.close();
    // Then
    assertThat(get(deletion)).isFalse();
    assertThat(store.open(id(chunk), chunk.length)).isPresent();
  }

  @Test
  void aClosedReaderReadsNoMore() throws Exception {
    // Given
    ChunkReader reader = adopt(store, bytes(1, 100_000));
    // When
    reader.close();
    // Then
    assertThatThrownBy(() -> reader.read(0, 1)).isInstanceOf(StoreException.class);
  }

  @Test
  void manyThreadsAdoptReadAndDeleteTheSameChunks() throws Exception {
    // Given: each thread commits, reads and removes the same five chunks in its own order
    Set<ChunkId> named = ConcurrentHashMap.newKeySet();
    store.namedBy(named::contains);
    List<byte[]> contents = Stream.of(1, 2, 3, 4, 5).map(seed -> bytes(seed, 70_000)).toList();
    Callable<Integer> task =
        () -> {
          int read = 0;
          for (int i = 0; i < 60; i++) {
            byte[] chunk = contents.get((int) (i + Thread.currentThread().threadId()) % 5);
            try (ChunkReader pin = adopt(store, chunk)) {
              named.add(id(chunk));
              assertThat(readAll(pin, 65_536)).isEqualTo(chunk);
            }
            if (store.open(id(chunk), chunk.length).map(this::readAndClose).isPresent()) {
              read++;
            }
            named.remove(id(chunk));
            store.delete(id(chunk));
          }
          return read;
        };
    // When
    try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        running.add(pool.submit(task));
      }
      // Then
      for (Future<Integer> one : running) {
        assertThat(one.get()).isPositive();
      }
    }
    named.clear();
    for (byte[] chunk : contents) {
      get(store.delete(id(chunk)));
    }
    assertThat(list()).isEmpty();
  }

  private boolean readAndClose(ChunkReader reader) {
    try (reader) {
      return readAll(reader, 50_000).length == 70_000;
    }
  }

  @Test
  void chunksMayGoWhileTheyAreListed() throws Exception {
    // Given
    Set<ChunkId> all = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      byte[] chunk = bytes(i, 100);
      adopt(store, chunk).close();
      all.add(id(chunk));
    }
    ChunkStore.Held first;
    try (Stream<ChunkStore.Held> listed = store.list()) {
      Iterator<ChunkStore.Held> going = listed.iterator();
      first = going.next();
      // When
      for (ChunkId id : all) {
        if (!id.equals(first.id())) {
          assertThat(get(store.delete(id))).isTrue();
        }
      }
      // Then
      going.forEachRemaining(chunk -> assertThat(all).contains(chunk.id()));
    }
    assertThat(list()).containsExactly(first);
  }

  @Test
  void aClosedStoreOpensNothing() throws Exception {
    // Given
    byte[] chunk = bytes(1, 1000);
    adopt(store, chunk).close();
    // When
    store.close();
    // Then
    assertThatThrownBy(() -> store.open(id(chunk), 1000)).isInstanceOf(StoreException.class);
  }

  @Test
  void aHealthyStoreHasNoProblem() throws Exception {
    assertThat(get(store.problem())).isEmpty();
    assertThat(Files.isWritable(store.newSpoolFile())).isTrue();
  }

  final List<ChunkStore.Held> list() {
    try (Stream<ChunkStore.Held> all = store.list()) {
      return all.toList();
    }
  }

  static byte[] readAll(ChunkReader reader, int slice) {
    ByteString all = ByteString.emptyByteString();
    while (all.length() < reader.lengthBytes()) {
      all = all.concat(reader.read(all.length(), slice));
    }
    return all.toArray();
  }
}
