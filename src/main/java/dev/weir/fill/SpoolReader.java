package dev.weir.fill;

import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Optional;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One reader's place in a spool. The fields are guarded by the spool's lock; the open chunk by this
 * object's own, so that closing never unmaps bytes that are being copied.
 */
final class SpoolReader {
  final Runnable wake;
  final long to;
  long position;
  boolean sent;
  boolean waiting;

  private @Nullable ChunkReader open;
  private @Nullable SpoolChunk openOf;
  private boolean closed;

  SpoolReader(long from, long to, Runnable wake) {
    this.position = from;
    this.to = to;
    this.wake = wake;
  }

  /** Reads from the chunk's file or, once adopted, from the store; blocking. */
  synchronized ByteString load(ChunkStore store, SpoolChunk chunk, long offset, int bytes)
      throws IOException {
    if (closed) {
      throw new SpoolLost("the reader has left");
    }
    if (openOf != chunk) {
      closeOpen();
      if (!chunk.isAdopted()) {
        try {
          return chunk.readFile(offset, bytes);
        } catch (ClosedChannelException adoptedMeanwhile) {
          if (!chunk.isAdopted()) {
            throw adoptedMeanwhile;
          }
        }
      }
      openAdopted(store, chunk);
    }
    ChunkReader reader = open;
    if (reader == null) {
      throw new SpoolLost("a chunk of the spool is gone");
    }
    return reader.read(offset, bytes);
  }

  synchronized void close() {
    closed = true;
    closeOpen();
  }

  private void openAdopted(ChunkStore store, SpoolChunk chunk) {
    var id = chunk.id();
    Optional<ChunkReader> found = id == null ? Optional.empty() : store.open(id, chunk.length());
    open = found.orElseThrow(() -> new SpoolLost("a chunk of the spool is gone"));
    openOf = chunk;
  }

  private void closeOpen() {
    ChunkReader reader = open;
    open = null;
    openOf = null;
    if (reader != null) {
      reader.close();
    }
  }
}
