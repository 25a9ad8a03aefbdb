package dev.weir.cluster;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkPieces;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
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
      // Pinned again only once somebody reads: a peer that goes away before leaves nothing behind.
      return checked.sound() ? ChunkPieces.of(chunks, id, lengthBytes, blocking, pieceBytes) : null;
    }
  }
}
