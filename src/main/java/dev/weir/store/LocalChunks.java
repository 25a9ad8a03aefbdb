package dev.weir.store;

import dev.weir.entry.ChunkId;

/** A chunk store of this process alone, which can be put in order while it is in use. */
interface LocalChunks extends ChunkStore {
  /**
   * Deletes a chunk now if no reader holds it and no entry names it; blocks. A chunk that a running
   * fill has adopted is held, so it is left to that fill.
   *
   * @return whether it is gone
   */
  boolean deleteOrphan(ChunkId id);
}
