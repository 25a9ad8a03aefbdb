package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.ChunkId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link ObjectStore} must do. */
@Tag("store-conformance")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ObjectStoreConformance {
  @TempDir protected static Path folder;
  protected ActorSystem system;
  protected ObjectStore store;
  private int seed;

  protected abstract ActorSystem startSystem();

  protected abstract ObjectStore openStore() throws Exception;

  @BeforeAll
  void start() throws Exception {
    system = startSystem();
    store = openStore();
  }

  @AfterAll
  void stop() {
    store.close();
    TestKit.shutdownActorSystem(system);
  }

  @BeforeEach
  void otherBytes() {
    seed += 1000;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096, 65_537, 1_000_003, 9_000_000})
  void whatWasPutIsReadAsItWas(int length) throws Exception {
    // Given
    byte[] chunk = bytes(seed, length);
    // When
    ObjectStore.Put put = get(store.put(id(chunk), file(chunk), length, false));
    // Then
    assertThat(put).isEqualTo(ObjectStore.Put.WRITTEN);
    assertThat(read(id(chunk), 0, length)).isEqualTo(chunk);
    assertThat(get(store.lengths(List.of(id(chunk))))).containsEntry(id(chunk), (long) length);
  }

  @Test
  void aRangeIsThatRange() throws Exception {
    // Given
    byte[] chunk = put(200_000);
    // When
    byte[] middle = read(id(chunk), 70_000, 150_000);
    // Then
    assertThat(middle).isEqualTo(Arrays.copyOfRange(chunk, 70_000, 150_000));
    assertThat(read(id(chunk), 199_999, 200_000)).hasSize(1);
    assertThat(read(id(chunk), 5, 5)).isEmpty();
  }

  @Test
  void whatIsThereIsNotWrittenAgain() throws Exception {
    // Given
    byte[] chunk = put(100_000);
    // When
    ObjectStore.Put again = get(store.put(id(chunk), file(chunk), chunk.length, false));
    ObjectStore.Put replaced = get(store.put(id(chunk), file(chunk), chunk.length, true));
    // Then
    assertThat(again).isEqualTo(ObjectStore.Put.PRESENT);
    assertThat(replaced).isEqualTo(ObjectStore.Put.WRITTEN);
  }

  @Test
  void whatIsThereInAnotherLengthIsReplaced() throws Exception {
    // Given
    byte[] chunk = put(50_000);
    cutOff(id(chunk), 40_000);
    // When
    ObjectStore.Put put = get(store.put(id(chunk), file(chunk), chunk.length, false));
    // Then
    assertThat(put).isEqualTo(ObjectStore.Put.WRITTEN);
    assertThat(read(id(chunk), 0, chunk.length)).isEqualTo(chunk);
  }

  @Test
  void whatIsNotThereIsAbsent() throws Exception {
    // Given
    ChunkId nowhere = id(bytes(seed, 10));
    // When
    CompletionStage<byte[]> read = reading(nowhere, 0, 10);
    // Then
    assertFails(read, StoreException.Kind.ABSENT);
    assertThat(get(store.lengths(List.of(nowhere)))).isEmpty();
  }

  @Test
  void beyondTheEndNothingIsMadeUp() throws Exception {
    // Given
    byte[] chunk = put(1000);
    // When
    CompletionStage<byte[]> partly = reading(id(chunk), 500, 2000);
    CompletionStage<byte[]> wholly = reading(id(chunk), 2000, 3000);
    // Then
    assertFails(partly, StoreException.Kind.ABSENT);
    assertFails(wholly, StoreException.Kind.ABSENT);
  }

  @Test
  void aListingKnowsNamesAndLengthsAndHeedsThePrefix() throws Exception {
    // Given
    byte[] one = put(1000);
    byte[] two = put(2000);
    String digits = id(one).hex().substring(0, 6);
    // When
    Set<ChunkId> all = list("");
    // Then
    assertThat(all).contains(id(one), id(two));
    assertThat(list(digits)).containsExactly(id(one));
    assertThat(list(id(two).hex().substring(0, 2))).contains(id(two));
    ObjectStore.Listed listed = get(store.list(digits).runWith(Sink.head(), system));
    assertThat(listed.lengthBytes()).isEqualTo(1000);
  }

  @Test
  void whatIsDeletedIsGoneAndNothingElse() throws Exception {
    // Given
    byte[] going = put(1000);
    byte[] staying = put(1000);
    ChunkId never = id(bytes(seed + 77, 10));
    // When
    int gone = get(store.delete(List.of(id(going), never)));
    // Then
    assertThat(gone).isEqualTo(2);
    assertThat(get(store.lengths(List.of(id(going), id(staying))))).containsOnlyKeys(id(staying));
  }

  @Test
  void manyAtATime() throws Exception {
    // Given
    List<byte[]> chunks = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      chunks.add(bytes(seed + i, 20_000 + i));
    }
    // When
    List<CompletionStage<ObjectStore.Put>> puts = new ArrayList<>();
    for (byte[] chunk : chunks) {
      puts.add(store.put(id(chunk), file(chunk), chunk.length, false));
    }
    for (CompletionStage<ObjectStore.Put> put : puts) {
      get(put);
    }
    // Then
    List<ChunkId> ids = chunks.stream().map(Samples::id).toList();
    assertThat(get(store.lengths(ids))).hasSize(40);
    List<CompletionStage<byte[]>> reads = new ArrayList<>();
    for (byte[] chunk : chunks) {
      reads.add(reading(id(chunk), 0, chunk.length));
    }
    for (int i = 0; i < reads.size(); i++) {
      assertThat(get(reads.get(i))).isEqualTo(chunks.get(i));
    }
  }

  @Test
  void itIsWell() throws Exception {
    // When
    var problem = get(store.problem());
    // Then
    assertThat(problem).isEmpty();
  }

  @Test
  void aFileThatIsNotTheChunkIsRefused() throws Exception {
    // Given
    byte[] chunk = bytes(seed, 50_000);
    Path damaged = file(bytes(seed + 1, 50_000));
    // When
    var put = store.put(id(chunk), damaged, 50_000, false);
    // Then
    assertFails(put, StoreException.Kind.ABSENT);
    assertThat(get(store.lengths(List.of(id(chunk))))).isEmpty();
  }

  /** Somebody else shortens what is stored. */
  protected abstract void cutOff(ChunkId id, int lengthBytes) throws Exception;

  protected static void cutOff(Path object, int lengthBytes) throws Exception {
    Files.write(object, Arrays.copyOf(Files.readAllBytes(object), lengthBytes));
  }

  protected byte[] put(int length) throws Exception {
    byte[] chunk = bytes(++seed, length);
    get(store.put(id(chunk), file(chunk), length, false));
    return chunk;
  }

  protected Path file(byte[] bytes) throws Exception {
    return Files.write(Files.createTempFile(folder, "chunk", ""), bytes);
  }

  protected byte[] read(ChunkId id, long from, long to) throws Exception {
    return get(reading(id, from, to));
  }

  protected CompletionStage<byte[]> reading(ChunkId id, long from, long to) {
    return store
        .read(id, from, to)
        .runFold(ByteString.emptyByteString(), ByteString::concat, system)
        .thenApply(ByteString::toArray);
  }

  private Set<ChunkId> list(String prefix) throws Exception {
    return get(store.list(prefix).runWith(Sink.seq(), system)).stream()
        .map(ObjectStore.Listed::id)
        .collect(Collectors.toSet());
  }

  protected static void assertFails(CompletionStage<?> stage, StoreException.Kind kind) {
    assertThatThrownBy(() -> get(stage))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            StoreException.class, failure -> assertThat(failure.kind()).isEqualTo(kind));
  }

  @Test
  void aChunkIsExaminedWithTheTimeOfItsPut() throws Exception {
    // Given
    byte[] chunk = bytes(seed, 1000);
    Path file = Files.write(folder.resolve("examined"), chunk);
    Instant before = Instant.now().minusSeconds(5);

    // When
    get(store.put(id(chunk), file, chunk.length, false));
    ObjectStore.Listed found = get(store.examine(id(chunk))).orElseThrow();

    // Then
    assertThat(found.lengthBytes()).isEqualTo(1000);
    assertThat(found.modified()).isAfter(before);
    assertThat(get(store.examine(id(bytes(seed + 1, 10))))).isEmpty();
  }

  @Test
  void theFirstOwnerStaysUnlessReplaced() throws Exception {
    // Given
    String first = get(store.owner("one", true));

    // When
    String second = get(store.owner("two", false));
    String third = get(store.owner("three", true));

    // Then
    assertThat(List.of(first, second, third)).containsExactly("one", "one", "three");
  }
}
