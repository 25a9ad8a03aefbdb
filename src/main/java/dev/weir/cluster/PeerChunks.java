package dev.weir.cluster;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** The chunks on this node's disk as peers may read them: whole, sound, pinned while they are. */
public final class PeerChunks implements PeerServer.Chunks {
  private final ChunkStore chunks;
  private final Executor blocking;
  private final int pieceBytes;

  /**
   * @param blocking reads files; it may block there
   * @param pieceBytes most bytes read at once
   */
  public PeerChunks(ChunkStore chunks, Executor blocking, int pieceBytes) {
    this.chunks = chunks;
    this.blocking = blocking;
    this.pieceBytes = pieceBytes;
  }

  @Override
  public CompletionStage<@Nullable Source<ByteString, NotUsed>> open(ChunkId id, long lengthBytes) {
    return CompletableFuture.supplyAsync(() -> openNow(id, lengthBytes), blocking);
  }

  private @Nullable Source<ByteString, NotUsed> openNow(ChunkId id, long lengthBytes) {
    Optional<ChunkReader> opened = chunks.open(id, lengthBytes);
    if (opened.isEmpty()) {
      return null;
    }
    try (ChunkReader checked = opened.get()) {
      return checked.sound() ? pieces(id, lengthBytes) : null;
    }
  }

  /** Pinned only once somebody reads: a peer that goes away before leaves nothing behind. */
  private Source<ByteString, NotUsed> pieces(ChunkId id, long lengthBytes) {
    return Source.unfoldResourceAsync(
        () ->
            CompletableFuture.supplyAsync(
                () -> new Cursor(chunks.open(id, lengthBytes).orElseThrow(), lengthBytes),
                blocking),
        cursor -> CompletableFuture.supplyAsync(() -> cursor.next(pieceBytes), blocking),
        cursor -> {
          cursor.chunk.close();
          return CompletableFuture.completedStage(Done.done());
        });
  }

  /** How far one peer has read. */
  private static final class Cursor {
    private final ChunkReader chunk;
    private final long length;
    private long at;

    Cursor(ChunkReader chunk, long length) {
      this.chunk = chunk;
      this.length = length;
    }

    Optional<ByteString> next(int most) {
      if (at >= length) {
        return Optional.empty();
      }
      ByteString bytes = chunk.read(at, (int) Math.min(most, length - at));
      at += bytes.size();
      return Optional.of(bytes);
    }
  }
}
