package dev.weir.fill;

import static dev.weir.fill.FillHarness.await;
import static dev.weir.fill.FillHarness.failure;
import static dev.weir.fill.FillHarness.random;
import static dev.weir.fill.FillHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.ChunkId;
import dev.weir.http.Headers;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import dev.weir.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fills whose disk takes no more: everybody is served, nothing is stored, memory is bounded. */
class DiskFullTest {
  private static final int WINDOW_BYTES = 128 * 1024;
  private static final String SETTINGS =
      "chunk-bytes = 256 KiB, window-bytes = 128 KiB, window-min-bytes = 128 KiB,"
          + " tick = 50 ms, abandon-grace = 5 s, linger = 300 ms";

  @TempDir private Path folder;

  /** A chunk store that is full after so many spool files or adoptions. */
  private static final class FullStore extends ForwardingChunks {
    private final int files;
    private final int adoptions;
    private final AtomicLong used = new AtomicLong();

    FullStore(ChunkStore store, int files, int adoptions) {
      super(store);
      this.files = files;
      this.adoptions = adoptions;
    }

    private static StoreException full() {
      return StoreException.of("A test", new IOException("No space left on device"));
    }

    @Override
    public CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes) {
      return used.get() > adoptions
          ? CompletableFuture.failedStage(full())
          : super.adopt(id, file, lengthBytes);
    }

    @Override
    public CompletionStage<ChunkReader> adoptCopy(ChunkId id, Path file, long lengthBytes) {
      return adopt(id, file, lengthBytes);
    }

    @Override
    public Path newSpoolFile() {
      if (used.incrementAndGet() > files) {
        throw full();
      }
      return super.newSpoolFile();
    }
  }

  private FillHarness full(int files, int adoptions) {
    return new FillHarness(folder, SETTINGS, store -> new FullStore(store, files, adoptions));
  }

  @Test
  void allReadersGetTheWholeBodyWhenNoFileCanBeMade() {
    allReadersGetTheWholeBody(0, 0);
  }

  @Test
  void allReadersGetTheWholeBodyWhenTheDiskIsFullMidway() {
    allReadersGetTheWholeBody(5, 5);
  }

  @Test
  void allReadersGetTheWholeBodyWhenChunksCannotBeAdopted() {
    allReadersGetTheWholeBody(1000, 3);
  }

  private void allReadersGetTheWholeBody(int files, int adoptions) {
    // Given
    byte[] body = random(3_000_001);
    try (FillHarness harness = full(files, adoptions)) {
      List<CompletableFuture<Void>> begun =
          Stream.generate(CompletableFuture<Void>::new).limit(10).toList();
      harness.origins.answer(
          TestOrigins.response(
              200, Headers.EMPTY, bodyInTwoParts(body, begun), OptionalLong.of(body.length)));

      // When
      Fill fill = harness.start();
      await(fill.head());
      List<CompletionStage<String>> digests = new ArrayList<>();
      for (CompletableFuture<Void> first : begun) {
        Source<ByteString, ?> bytes = fill.read(0, Long.MAX_VALUE);
        digests.add(harness.digest(bytes.wireTap(piece -> first.complete(null))));
      }

      // Then
      String expected = FillHarness.digest(body);
      for (CompletionStage<String> digest : digests) {
        assertThat(await(digest)).isEqualTo(expected);
      }
      assertThat(await(fill.end())).isEqualTo(new Fill.End.Unstored("disk-full"));
      assertThat(harness.committed).isEmpty();
      assertThat(harness.ended).containsExactly("ABANDONED disk-full");
      assertThat(harness.fills.metrics().diskFull()).isPositive();
      until(() -> harness.fills.running(fill.id()).isEmpty());
      until(() -> harness.spoolFiles() == 0 && harness.chunks() == 0);
    }
  }

  /** The rest comes once every reader has begun: from then on none may be left behind. */
  private static Source<ByteString, ?> bodyInTwoParts(
      byte[] body, List<CompletableFuture<Void>> begun) {
    int first = 16 * 1024;
    CompletionStage<Source<ByteString, NotUsed>> rest =
        CompletableFuture.allOf(begun.toArray(CompletableFuture[]::new))
            .thenApply(
                all -> TestOrigins.pieces(Arrays.copyOfRange(body, first, body.length), first));
    return Source.single(ByteString.fromArray(body, 0, first))
        .concatLazy(Source.completionStageSource(rest));
  }

  @Test
  void theSlowestReaderSetsThePaceAndOneThatComesTooLateIsSentBack() {
    // Given
    byte[] body = random(3_000_001);
    AtomicLong pulled = new AtomicLong();
    try (FillHarness harness = full(0, 0)) {
      harness.origins.answer(
          TestOrigins.response(
              200,
              Headers.EMPTY,
              TestOrigins.pieces(body, 16 * 1024)
                  .map(
                      piece -> {
                        pulled.addAndGet(piece.size());
                        return piece;
                      }),
              OptionalLong.of(body.length)));
      Fill fill = harness.start();
      await(fill.head());
      SinkQueueWithCancel<ByteString> slow =
          fill.read(0, Long.MAX_VALUE).toMat(oneAtATime(), Keep.right()).run(harness.data);

      // When
      long taken = 0;
      long ahead = 0;
      while (taken < 1_000_000) {
        taken += await(slow.pull()).orElseThrow().size();
        ahead = Math.max(ahead, pulled.get() - taken);
      }
      Throwable late = failure(harness.digest(fill.read(0, Long.MAX_VALUE)));

      // Then
      assertThat(late).isInstanceOf(SpoolLost.class);
      // The window, the pieces in the reader's hands, and what streams hold between stages.
      assertThat(ahead).isLessThan(WINDOW_BYTES + 2 * 256 * 1024 + 16 * 16 * 1024);
      while (taken < body.length) {
        taken += await(slow.pull()).orElseThrow().size();
      }
      assertThat(await(slow.pull())).isEmpty();
      assertThat(await(fill.end())).isEqualTo(new Fill.End.Unstored("disk-full"));
    }
  }

  /** A queue that takes one piece ahead; by itself it would take sixteen of any size. */
  private static Sink<ByteString, SinkQueueWithCancel<ByteString>> oneAtATime() {
    return Sink.<ByteString>queue(1).addAttributes(Attributes.inputBuffer(1, 1));
  }
}
