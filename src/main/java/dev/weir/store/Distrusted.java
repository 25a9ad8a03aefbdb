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
  private final Cache<ChunkId, Boolean> ids;

  /** More than the settings say are forgotten, and found out again when they are read. */
  Distrusted(StoreSettings.Tier settings) {
    this.ids =
        Caffeine.newBuilder()
            .maximumSize(settings.maxDistrusted())
            .expireAfterWrite(Duration.ofMillis(settings.distrustedMillis()))
            .executor(Runnable::run)
            .build();
  }

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
