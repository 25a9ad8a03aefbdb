package dev.weir.entry;

import java.util.List;

/**
 * The chunks of a body in order: all of {@code chunkBytes} but the last, {@code totalBytes} in all.
 * The whole body's identity is the digest of this list.
 */
public record Manifest(long totalBytes, long chunkBytes, List<ChunkId> chunks) {
  /** A longer one is a chunk of its own, so that documents and messages stay small. */
  public static final int MAX_CHUNKS_IN_DOCUMENT = 64;

  public Manifest {
    chunks = List.copyOf(chunks);
    if (chunkBytes <= 0 || totalBytes < 0 || chunks.size() != chunkCount(totalBytes, chunkBytes)) {
      throw new IllegalArgumentException(
          "a manifest of " + chunks.size() + " chunks for " + totalBytes + " bytes");
    }
  }

  public static long chunkCount(long totalBytes, long chunkBytes) {
    return (totalBytes + chunkBytes - 1) / chunkBytes;
  }

  /** How many bytes the chunk at that place holds. */
  public long chunkLength(int index) {
    return Math.min(chunkBytes, totalBytes - index * chunkBytes);
  }
}
