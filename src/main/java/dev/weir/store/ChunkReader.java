package dev.weir.store;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.util.ByteString;

/** An open, pinned chunk. Reads copy from mapped memory; one reader may be used by one stream. */
public interface ChunkReader extends AutoCloseable {
  long lengthBytes();

  /** Up to {@code max} bytes from the offset; never empty before the end. */
  ByteString read(long offset, int max);

  /**
   * Whether reading those bytes will not wait for a disk. Only a hint: what is not resident is
   * better read on a thread that may block.
   */
  boolean resident(long offset, int length);

  /**
   * Completes with how many of those bytes can be read, at least one, as soon as there are some; on
   * a disk all of them are there at once.
   */
  default CompletionStage<Integer> ready(long offset, int length) {
    return CompletableFuture.completedStage(length);
  }

  /** Whether it is on this node's disk, so that any of its bytes can be read. */
  default boolean isHere() {
    return true;
  }

  /** Begins to bring the chunk here if it is elsewhere. Cheap, never blocks. */
  default void prefetch() {}

  /**
   * Whether the bytes still have the digest that names them. Computed once after a start, which
   * takes as long as reading the chunk, then remembered; a damaged chunk is removed, so that the
   * next open finds it absent.
   */
  boolean sound();

  /**
   * As {@link #sound} after a read has failed: looks at the chunk again, whatever is remembered of
   * it. Blocks.
   */
  default void suspect() {}

  @Override
  void close();
}
