package dev.weir.store;

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
   * Whether the bytes still have the digest that names them. Computed once after a start, which
   * takes as long as reading the chunk, then remembered; a damaged chunk is removed, so that the
   * next open finds it absent.
   */
  boolean sound();

  @Override
  void close();
}
