package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** A whole chunk of this node's disk as a stream, pinned only while somebody reads it. */
public final class ChunkPieces {
  private final ChunkReader chunk;
  private final int maxBytes;
  private long at;

  private ChunkPieces(ChunkReader chunk, int maxBytes) {
    this.chunk = chunk;
    this.maxBytes = maxBytes;
  }

  /**
   * All its bytes, or a failure (ABSENT if it is not there).
   *
   * @param blocking waits for the disk
   * @param maxBytes read at a time
   */
  public static Source<ByteString, NotUsed> of(
      ChunkStore chunks, ChunkId id, long lengthBytes, Executor blocking, int maxBytes) {
    return Source.unfoldResourceAsync(
        () ->
            CompletableFuture.supplyAsync(
                () -> new ChunkPieces(open(chunks, id, lengthBytes), maxBytes), blocking),
        pieces -> CompletableFuture.supplyAsync(pieces::next, blocking),
        pieces -> CompletableFuture.supplyAsync(pieces::end, blocking));
  }

  private static ChunkReader open(ChunkStore chunks, ChunkId id, long lengthBytes) {
    return chunks
        .open(id, lengthBytes)
        .orElseThrow(
            () ->
                new StoreException(
                    StoreException.Kind.ABSENT, "Chunk " + id.hex() + " is not there."));
  }

  private Optional<ByteString> next() {
    if (at >= chunk.lengthBytes()) {
      return Optional.empty();
    }
    ByteString bytes = chunk.read(at, maxBytes);
    at += bytes.size();
    return Optional.of(bytes);
  }

  private Done end() {
    chunk.close();
    return Done.getInstance();
  }
}
