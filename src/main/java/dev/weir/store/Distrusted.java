package dev.weir.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.ChunkId;
import java.time.Duration;

/**
 * Chunks that the object store has lost, or whose bytes there were not what their name says: nobody
 * asks for them, and the next put replaces them.
 */
final class Distrusted {
  /** More are forgotten, and found out again when they are read. */
  private static final int MAX = 10_000;

  /** Another node may have put it back meanwhile. */
  private static final Duration AGAIN_AFTER = Duration.ofMinutes(10);

  private final Cache<ChunkId, Boolean> ids =
      Caffeine.newBuilder()
          .maximumSize(MAX)
          .expireAfterWrite(AGAIN_AFTER)
          .executor(Runnable::run)
          .build();

  void add(ChunkId id) {
    ids.put(id, Boolean.TRUE);
  }

  boolean contains(ChunkId id) {
    return ids.getIfPresent(id) != null;
  }

  /** It has been put back. */
  void remove(ChunkId id) {
    ids.invalidate(id);
  }
}
