package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.entry;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.store.Bodies.OpenBody;
import dev.weir.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TieredBodiesTest {
  private static ActorTestKit testKit;
  @TempDir private Path root;
  private final ConcurrentLinkedQueue<Entry> used = new ConcurrentLinkedQueue<>();
  private StoreSettings settings;
  private DiskChunkStore chunks;
  private TieredBodies bodies;

  @BeforeAll
  static void start() {
    testKit = ActorTestKit.create();
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  @BeforeEach
  void open() {
    open(Map.of("chunks.min-free-bytes", 0));
  }

  private void open(Map<String, ?> overrides) {
    settings = Samples.settings(overrides);
    chunks = DiskChunkStore.open(root, settings.chunks());
    bodies = new TieredBodies(chunks, settings, used::add);
  }

  @AfterEach
  void close() {
    bodies.close();
    chunks.close();
  }

  @Test
  void anInlineBodyIsHot() throws Exception {
    // Given
    Entry entry = Samples.inline("small");
    // When
    OpenBody open = get(bodies.open(entry)).orElseThrow();
    // Then
    assertThat(bodies.hot(entry)).isEqualTo(ByteString.fromString("small"));
    assertThat(open.strict()).isEqualTo(ByteString.fromString("small"));
    assertThat(read(open, 1, 3)).isEqualTo("ma".getBytes());
  }

  @Test
  void anEmptyChunkedBodyIsHot() throws Exception {
    // Given
    Entry entry = stored("empty", new byte[0], 1000);
    // When, Then
    assertThat(bodies.hot(entry)).isEqualTo(ByteString.emptyByteString());
    assertThat(read(get(bodies.open(entry)).orElseThrow(), 0, 0)).isEmpty();
  }

  @Test
  void aShortBodyBecomesHotOnceItWasOpened() throws Exception {
    // Given
    byte[] content = bytes(1, 60_000);
    Entry entry = stored("short", content, 100_000);
    assertThat(bodies.hot(entry)).isNull();
    // When
    OpenBody open = get(bodies.open(entry)).orElseThrow();
    // Then
    assertThat(open.strict().toArray()).isEqualTo(content);
    assertThat(bodies.hot(entry).toArray()).isEqualTo(content);
    assertThat(bodies.memoryBytes()).isBetween(60_000L, 62_000L);
    assertThat(get(chunks.delete(id(content)))).isTrue(); // it is not pinned any more
  }

  @Test
  void memoryIsBoundedByBytes() throws Exception {
    // Given
    close();
    open(Map.of("chunks.min-free-bytes", 0, "bodies.memory-cache-bytes", 200_000));
    // When
    for (int i = 0; i < 20; i++) {
      get(bodies.open(stored("short" + i, bytes(i, 50_000), 100_000))).orElseThrow();
    }
    // Then
    assertThat(bodies.memoryBytes()).isLessThanOrEqualTo(200_000);
  }

  @Test
  void anySpanOfABigBodyIsStreamedExactly() throws Exception {
    // Given
    byte[] content = bytes(1, 1_500_007);
    Entry entry = stored("big", content, 200_000);
    Random random = new Random(7);
    for (int i = 0; i < 40; i++) {
      int from = random.nextInt(content.length + 1);
      int to = i % 4 == 0 ? content.length : from + random.nextInt(content.length - from + 1);
      // When
      OpenBody open = get(bodies.open(entry)).orElseThrow();
      // Then
      assertThat(open.strict()).isNull();
      assertThat(open.length()).isEqualTo(content.length);
      assertThat(read(open, from, to)).isEqualTo(Arrays.copyOfRange(content, from, to));
    }
    assertAllReleased(content, 200_000);
  }

  @Test
  void aSpanOutsideTheBodyIsRefused() throws Exception {
    // Given
    OpenBody open = get(bodies.open(stored("big", bytes(1, 100_000), 100_000))).orElseThrow();
    // When, Then
    assertThatThrownBy(() -> open.bytes(0, 100_001)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> open.bytes(-1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> open.bytes(2, 1)).isInstanceOf(IllegalArgumentException.class);
    open.release();
  }

  @Test
  void aCancelledReaderLetsGo() throws Exception {
    // Given
    byte[] content = bytes(1, 2_000_000);
    OpenBody open = get(bodies.open(stored("big", content, 500_000))).orElseThrow();
    SinkQueueWithCancel<ByteString> reader = reader(open, content.length);
    assertThat(get(reader.pull())).isPresent();
    // When
    reader.cancel();
    // Then
    assertAllReleased(content, 500_000);
    assertThat(bodies.inFlight().usedBytes()).isZero();
  }

  @Test
  void aReleasedBodyIsNotPinnedAndNotReadable() throws Exception {
    // Given
    byte[] content = bytes(1, 200_000);
    OpenBody open = get(bodies.open(stored("big", content, 100_000))).orElseThrow();
    // When
    open.release();
    open.release();
    // Then
    assertAllReleased(content, 100_000);
    assertThatThrownBy(() -> read(open, 0, 10)).isInstanceOf(ExecutionException.class);
  }

  @Test
  void aBodyIsReadOnce() throws Exception {
    // Given
    byte[] content = bytes(1, 200_000);
    OpenBody open = get(bodies.open(stored("big", content, 100_000))).orElseThrow();
    assertThat(read(open, 0, content.length)).isEqualTo(content);
    // When, Then
    assertThatThrownBy(() -> read(open, 0, content.length)).isInstanceOf(ExecutionException.class);
  }

  @Test
  void releasingABodyThatIsBeingReadDoesNotDisturbIt() throws Exception {
    // Given
    byte[] content = bytes(1, 2_000_000);
    OpenBody open = get(bodies.open(stored("big", content, 500_000))).orElseThrow();
    SinkQueueWithCancel<ByteString> reader = reader(open, content.length);
    ByteString first = get(reader.pull()).orElseThrow();
    // When
    open.release();
    // Then
    assertThat(first.concat(rest(reader)).toArray()).isEqualTo(content);
    assertAllReleased(content, 500_000);
  }

  @Test
  void aBodyThatNobodyReadsIsLetGoAfterATime() throws Exception {
    // Given
    close();
    open(Map.of("chunks.min-free-bytes", 0, "bodies.unread-body-timeout", "20ms"));
    byte[] content = bytes(1, 200_000);
    // When
    get(bodies.open(stored("big", content, 100_000))).orElseThrow();
    // Then
    assertAllReleased(content, 100_000);
    assertThat(bodies.leakedBodies()).isEqualTo(1);
  }

  @Test
  void aBodyWithAMissingChunkIsNotOpened() throws Exception {
    // Given
    byte[] content = bytes(1, 300_000);
    Entry entry = stored("big", content, 100_000);
    get(chunks.delete(id(Arrays.copyOfRange(content, 100_000, 200_000))));
    // When, Then
    assertThat(get(bodies.open(entry))).isEmpty();
    assertAllReleased(content, 100_000);
  }

  @Test
  void damageIsFoundBeforeTheHeadGoesOutAndTheChunkRemoved() throws Exception {
    // Given
    byte[] content = bytes(1, 300_000);
    Entry entry = stored("big", content, 100_000);
    damageSecondChunk(content);
    close();
    open();
    // When, Then
    assertThat(get(bodies.open(entry))).isEmpty();
    assertThat(chunks.open(id(Arrays.copyOfRange(content, 100_000, 200_000)), 100_000)).isEmpty();
  }

  @Test
  void damageFoundLaterEndsTheBodyShortAndTheNextOpenFindsItMissing() throws Exception {
    // Given
    byte[] content = bytes(1, 300_000);
    Entry entry = stored("big", content, 100_000);
    damageSecondChunk(content);
    close();
    open(Map.of("chunks.min-free-bytes", 0, "chunks.verify-at-open-bytes", 0));
    // When
    OpenBody open = get(bodies.open(entry)).orElseThrow();
    // Then
    assertThatThrownBy(() -> read(open, 0, content.length))
        .cause()
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("damaged");
    assertThat(get(bodies.open(entry))).isEmpty();
  }

  private void damageSecondChunk(byte[] content) throws Exception {
    byte[] second = Arrays.copyOfRange(content, 100_000, 200_000);
    DiskChunkStoreTest.flip(root.resolve(id(second).path(4)));
  }

  @Test
  void twoHundredSlowReadersOfABigBodyStayWithinTheBudget() throws Exception {
    // Given
    byte[] content = bytes(1, 64 << 20);
    Entry entry = stored("big", content, 8 << 20);
    long bound = settings.bodies().inFlightBytes() + 200L * settings.bodies().minSliceBytes();
    List<SinkQueueWithCancel<ByteString>> readers = new ArrayList<>();
    int[] at = new int[200];
    for (int i = 0; i < at.length; i++) {
      readers.add(reader(get(bodies.open(entry)).orElseThrow(), content.length));
    }
    // When
    long peak = 0;
    for (int round = 0; round < 12; round++) {
      for (int i = 0; i < at.length; i++) {
        ByteString slice = get(readers.get(i).pull()).orElseThrow();
        byte[] expected = Arrays.copyOfRange(content, at[i], at[i] + slice.length());
        assertThat(Arrays.equals(slice.toArray(), expected)).isTrue();
        at[i] += slice.length();
        peak = Math.max(peak, bodies.inFlight().usedBytes());
      }
    }
    // Then
    assertThat(peak).isPositive().isLessThanOrEqualTo(bound);
    readers.forEach(SinkQueueWithCancel::cancel);
    while (bodies.inFlight().usedBytes() != 0) {
      Thread.onSpinWait();
    }
    assertAllReleased(content, 8 << 20);
  }

  @Test
  void usesAreToldOn() {
    // Given
    Entry entry = Samples.inline("a");
    // When
    bodies.touch(entry);
    // Then
    assertThat(used).containsExactly(entry);
  }

  @Test
  void segmentsReadAsTheBodyTheyAreOfAndLetTheirPinsGo() throws Exception {
    // Given: chunked, inline and again chunked, the first two overlapping
    byte[] content = bytes(17, 500_000);
    Body first = stored("first", Arrays.copyOfRange(content, 0, 200_000), 70_000).body();
    Body second = new Body.Inline(Arrays.copyOfRange(content, 150_000, 220_000));
    Body third = stored("third", Arrays.copyOfRange(content, 220_000, 500_000), 100_000).body();
    Entry entry =
        entry(
            "segmented",
            new Body.Segmented(
                500_000,
                List.of(
                    new Body.Segment(0, first),
                    new Body.Segment(150_000, second),
                    new Body.Segment(220_000, third))));
    Random random = new Random(99);
    for (int round = 0; round < 40; round++) {
      int from = random.nextInt(500_000);
      int to = from + 1 + random.nextInt(500_000 - from);
      // When
      byte[] read = read(get(bodies.open(entry)).orElseThrow(), from, to);
      // Then
      assertThat(read).isEqualTo(Arrays.copyOfRange(content, from, to));
    }
    assertThat(read(get(bodies.open(entry)).orElseThrow(), 0, 500_000)).isEqualTo(content);
    assertAllReleased(Arrays.copyOfRange(content, 0, 200_000), 70_000);
  }

  @Test
  void whatIsNotInASegmentFailsAndOneThatIsLostIsNotOpened() throws Exception {
    // Given
    byte[] content = bytes(18, 100_000);
    Entry entry =
        entry(
            "hole",
            new Body.Segmented(
                300_000, List.of(new Body.Segment(100_000, stored("x", content, 50_000).body()))));
    // When, Then
    assertThat(read(get(bodies.open(entry)).orElseThrow(), 100_000, 200_000)).isEqualTo(content);
    assertThatThrownBy(() -> read(get(bodies.open(entry)).orElseThrow(), 199_999, 200_001))
        .hasRootCauseInstanceOf(StoreException.class);
    assertAllReleased(content, 50_000);
    assertThat(get(bodies.open(entry))).isEmpty();
  }

  @Test
  void wovenPiecesComeInTheirOrderAndLetThePinsGoOnce() throws Exception {
    // Given
    byte[] content = bytes(19, 300_000);
    Entry entry = stored("woven", content, 100_000);
    OpenBody open = get(bodies.open(entry)).orElseThrow();
    // When
    ByteString read =
        get(
            open.woven(
                    List.of(
                        new Bodies.Piece.Given(ByteString.fromString("a")),
                        new Bodies.Piece.Stretch(250_000, 250_010),
                        new Bodies.Piece.Given(ByteString.fromString("b")),
                        new Bodies.Piece.Stretch(0, 150_000)))
                .runWith(
                    Sink.fold(ByteString.emptyByteString(), ByteString::concat), testKit.system()));
    // Then
    ByteString expected =
        ByteString.fromString("a")
            .concat(ByteString.fromArray(content, 250_000, 10))
            .concat(ByteString.fromString("b"))
            .concat(ByteString.fromArray(content, 0, 150_000));
    assertThat(read).isEqualTo(expected);
    assertAllReleased(content, 100_000);
  }

  @Test
  void wovenPiecesThatNobodyBeganToReadLetThePinsGo() throws Exception {
    // Given
    byte[] content = bytes(20, 300_000);
    OpenBody open = get(bodies.open(stored("woven", content, 100_000))).orElseThrow();
    // When its reader has gone before it asked for anything
    open.woven(List.of(new Bodies.Piece.Stretch(0, 300_000)))
        .runWith(Sink.cancelled(), testKit.system());
    // Then
    assertAllReleased(content, 100_000);
    assertThat(bodies.leakedBodies()).isZero();
  }

  @Test
  void whoWantsTheSameWovenPiecesOnceMoreDoesNotCutOffWhoReadsThem() throws Exception {
    // Given
    byte[] content = bytes(21, 2_000_000);
    OpenBody open = get(bodies.open(stored("woven", content, 500_000))).orElseThrow();
    var pieces = open.woven(List.of(new Bodies.Piece.Stretch(0, 2_000_000)));
    SinkQueueWithCancel<ByteString> first =
        pieces.runWith(
            Sink.<ByteString>queue()
                .withAttributes(org.apache.pekko.stream.Attributes.inputBuffer(1, 1)),
            testKit.system());
    ByteString begun = get(first.pull()).orElseThrow();
    // When
    assertThatThrownBy(() -> get(pieces.runWith(Sink.ignore(), testKit.system())))
        .isInstanceOf(ExecutionException.class);
    // Then
    assertThat(begun.concat(rest(first)).toArray()).isEqualTo(content);
    assertAllReleased(content, 500_000);
  }

  @Test
  void aRestoredChunkThatTheStoreDoesNotTakeLeavesNoFile() throws Exception {
    // Given: no thread of the store is free, nor a place in its queue
    close();
    open(Map.of("chunks.min-free-bytes", 0, "chunks.threads", 1, "chunks.queue", 1));
    byte[] chunk = bytes(22, 100_000);
    CountDownLatch stalled = new CountDownLatch(1);
    CompletionStage<Boolean> stall = chunks.pool().call(() -> stalled.await(1, TimeUnit.MINUTES));
    Eventually.holds(() -> !chunks.pool().tryRun(() -> {}));
    // When
    CompletionStage<Boolean> restored =
        Source.single(ByteString.fromArray(chunk))
            .runWith(
                bodies.restore(new Bodies.MissingChunk(id(chunk), 0, chunk.length)),
                testKit.system());
    // Then
    assertThatThrownBy(() -> get(restored)).isInstanceOf(ExecutionException.class);
    assertThat(spoolFiles()).isZero();
    stalled.countDown();
    assertThat(get(stall)).isTrue();
  }

  @Test
  void aWriteThatComesAfterItsStreamBrokeLeavesNoFile() throws Exception {
    // Given
    byte[] chunk = bytes(23, 1000);
    Restoration restoration =
        new Restoration(new Bodies.MissingChunk(id(chunk), 0, chunk.length), chunks, null);
    assertThat(get(restoration.finish(false))).isFalse();
    // When
    assertThatThrownBy(() -> restoration.write(ByteString.fromArray(chunk)))
        .isInstanceOf(StoreException.class);
    // Then
    assertThat(spoolFiles()).isZero();
  }

  private long spoolFiles() throws Exception {
    try (Stream<Path> files = Files.list(root.resolve("spool"))) {
      return files.count();
    }
  }

  private Entry stored(String name, byte[] content, int chunkBytes) throws Exception {
    Samples.Stored stored = Samples.store(chunks, content, chunkBytes);
    stored.pins().forEach(ChunkReader::close);
    Body body = stored.body();
    return entry(name, body);
  }

  private static byte[] read(OpenBody open, long from, long to) throws Exception {
    CompletionStage<ByteString> all =
        open.bytes(from, to)
            .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), testKit.system());
    return get(all).toArray();
  }

  private static SinkQueueWithCancel<ByteString> reader(OpenBody open, long to) {
    return open.bytes(0, to)
        .runWith(
            Sink.<ByteString>queue()
                .withAttributes(org.apache.pekko.stream.Attributes.inputBuffer(1, 1)),
            testKit.system());
  }

  private static ByteString rest(SinkQueueWithCancel<ByteString> reader) throws Exception {
    ByteString all = ByteString.emptyByteString();
    for (var next = get(reader.pull()); next.isPresent(); next = get(reader.pull())) {
      all = all.concat(next.get());
    }
    return all;
  }

  /** What is deleted goes at once only if nobody has it pinned. */
  private void assertAllReleased(byte[] content, int chunkBytes) throws Exception {
    for (int at = 0; at < content.length; at += chunkBytes) {
      byte[] chunk = Arrays.copyOfRange(content, at, Math.min(at + chunkBytes, content.length));
      assertThat(get(chunks.delete(id(chunk)))).isTrue();
      assertThat(Files.exists(root.resolve(id(chunk).path(4)))).isFalse();
    }
  }
}
