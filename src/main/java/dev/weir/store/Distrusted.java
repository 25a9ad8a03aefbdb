package dev.weir.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.ChunkId;

/**
 * Chunks whose bytes in the object store were not what their name says: the next put replaces them.
 */
final class Distrusted {
  /** More are forgotten, and found out again when they are read. */
  private static final int MAX = 10_000;

  private final Cache<ChunkId, Boolean> ids =
      Caffeine.newBuilder().maximumSize(MAX).executor(Runnable::run).build();

  void add(ChunkId id) {
    ids.put(id, Boolean.TRUE);
  }

  boolean contains(ChunkId id) {
    return ids.getIfPresent(id) != null;
  }
}
