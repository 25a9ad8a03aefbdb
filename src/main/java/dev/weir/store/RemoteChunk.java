package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** One reader's view of a chunk that is not on this disk: fetched when first wanted. */
final class RemoteChunk implements ChunkReader {
  private final Arrivals arrivals;
  private final ChunkId id;
  private final long lengthBytes;
  private @Nullable Arrival arrival;
  private boolean closed;

  RemoteChunk(Arrivals arrivals, ChunkId id, long lengthBytes) {
    this.arrivals = arrivals;
    this.id = id;
    this.lengthBytes = lengthBytes;
  }

  private synchronized Arrival arrival() {
    if (closed) {
      throw new StoreException("Chunk " + id.hex() + " has been let go by this reader.");
    }
    Arrival present = arrival;
    if (present == null) {
      present = arrivals.want(id, lengthBytes);
      arrival = present;
    }
    return present;
  }

  @Override
  public long lengthBytes() {
    return lengthBytes;
  }

  @Override
  public CompletionStage<Integer> ready(long offset, int length) {
    return arrival().beyond(offset).thenApply(end -> (int) Math.min(length, end - offset));
  }

  @Override
  public boolean isHere() {
    return false;
  }

  @Override
  public void prefetch() {
    var _ = arrival();
  }

  @Override
  public ByteString read(long offset, int max) {
    return arrival().read(offset, max);
  }

  /** It comes through a file whose pages are hot, but asking costs as much as a read. */
  @Override
  public boolean resident(long offset, int length) {
    return false;
  }

  /** The arrival checks, and keeps its last piece back until it has. */
  @Override
  public boolean sound() {
    return true;
  }

  @Override
  public synchronized void close() {
    closed = true;
    Arrival present = arrival;
    arrival = null;
    if (present != null) {
      present.release();
    }
  }
}
