package dev.weir.fill;

import static dev.weir.fill.FillHarness.await;
import static dev.weir.fill.FillHarness.random;
import static dev.weir.fill.FillHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.http.Headers;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fills whose disk makes chunks durable more slowly than the origin sends them. */
class SlowDiskTest {
  private static final int CHUNK = 256 * 1024;
  private static final int PIECE = 16 * 1024;
  private static final int AHEAD_CHUNKS = 4;

  /** Half a window that is in no file yet stops the origin. */
  private static final int UNWRITTEN = 64 * 1024;

  private static final String SETTINGS =
      "chunk-bytes = 256 KiB, window-bytes = 128 KiB, window-min-bytes = 128 KiB,"
          + " pending-adoptions = 2, ahead-of-disk-bytes = 1 MiB, tick = 50 ms,"
          + " abandon-grace = 5 s, linger = 300 ms";

  @TempDir private Path folder;

  private final AtomicLong pulled = new AtomicLong();

  /** A chunk store that makes a chunk durable when it is told to. */
  private static final class SlowStore extends ForwardingChunks {
    private final Queue<CompletableFuture<Void>> held = new ConcurrentLinkedQueue<>();
    final AtomicInteger asked = new AtomicInteger();
    final AtomicInteger durable = new AtomicInteger();
    private volatile boolean fast;

    SlowStore(ChunkStore store) {
      super(store);
    }

    @Override
    public CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes) {
      CompletableFuture<Void> turn = new CompletableFuture<>();
      held.add(turn);
      asked.incrementAndGet();
      if (fast) {
        goOn();
      }
      return turn.thenCompose(
          now -> {
            durable.incrementAndGet();
            return super.adopt(id, file, lengthBytes);
          });
    }

    int underWay() {
      return asked.get() - durable.get();
    }

    /** One chunk, if any is held. */
    void goOn() {
      CompletableFuture<Void> next = held.poll();
      if (next != null) {
        next.complete(null);
      }
    }

    void becomeFast() {
      fast = true;
      while (!held.isEmpty()) {
        goOn();
      }
    }
  }

  private final CompletableFuture<SlowStore> made = new CompletableFuture<>();

  private FillHarness slow() {
    return new FillHarness(
        folder,
        SETTINGS,
        store -> {
          made.complete(new SlowStore(store));
          return made.join();
        });
  }

  private Source<ByteString, ?> counted(byte[] body) {
    return TestOrigins.pieces(body, PIECE)
        .map(
            piece -> {
              pulled.addAndGet(piece.size());
              return piece;
            });
  }

  @Test
  void anOriginIsHeldBackWhileItsFillIsAsFarAheadOfTheDiskAsItMayBe() {
    // Given
    byte[] body = random(20 * CHUNK + 12_345);
    try (FillHarness harness = slow()) {
      SlowStore disk = made.join();
      AtomicLong mostAhead = new AtomicLong();
      AtomicInteger mostAtOnce = new AtomicInteger();
      harness.origins.answer(
          TestOrigins.response(
              200,
              Headers.EMPTY,
              counted(body)
                  .map(
                      piece -> {
                        long durable = (long) disk.durable.get() * CHUNK;
                        mostAhead.accumulateAndGet(pulled.get() - durable, Math::max);
                        mostAtOnce.accumulateAndGet(disk.underWay(), Math::max);
                        return piece;
                      }),
              OptionalLong.of(body.length)));
      Fill fill = harness.start();
      CompletionStage<String> read = harness.digest(fill.read(0, Long.MAX_VALUE));
      long limit = AHEAD_CHUNKS * CHUNK + UNWRITTEN;

      // When nothing becomes durable, then it stops; when a chunk does, it goes on by one
      for (int chunk = 0; chunk < 5; chunk++) {
        long expected = limit + (long) chunk * CHUNK;
        until(() -> pulled.get() == expected && disk.underWay() == 2);
        assertThat(fill.arrived()).isFalse();
        disk.goOn();
      }
      disk.becomeFast();

      // Then
      assertThat(await(read)).isEqualTo(FillHarness.digest(body));
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(mostAhead.get()).isEqualTo(limit);
      assertThat(mostAtOnce.get()).isEqualTo(2);
      assertThat(stored(harness)).isEqualTo(body);
      assertThat(harness.origins.requests()).hasSize(1);
    }
  }

  private static byte[] stored(FillHarness harness) {
    Manifest manifest = ((Body.Chunked) harness.committed.getLast().body()).manifest();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < manifest.chunks().size(); i++) {
      int length = (int) manifest.chunkLength(i);
      try (ChunkReader chunk =
          harness.stores.chunks().open(manifest.chunks().get(i), length).orElseThrow()) {
        all.writeBytes(chunk.read(0, length).toArray());
      }
    }
    return all.toByteArray();
  }

  @Test
  void chunksOfAFillThatWasStoppedAreNotMadeDurableOneAfterAnother() {
    // Given: four chunks, of which two are at the disk and two wait for their turn
    byte[] body = random(20 * CHUNK);
    try (FillHarness harness = slow()) {
      SlowStore disk = made.join();
      harness.origins.answer(
          TestOrigins.response(200, Headers.EMPTY, counted(body), OptionalLong.of(body.length)));
      Fill fill = harness.start();
      until(() -> pulled.get() == AHEAD_CHUNKS * CHUNK + UNWRITTEN && disk.underWay() == 2);

      // When
      CompletionStage<Void> closed = harness.fills.close();
      disk.becomeFast();

      // Then
      await(closed);
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Broken.class);
      assertThat(disk.asked.get()).isEqualTo(2);
      assertThat(harness.spoolFiles()).isZero();
      until(() -> harness.chunks() == 0);
    }
  }
}
