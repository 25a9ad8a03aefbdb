package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import java.util.concurrent.CompletionStage;

/**
 * Counts what is stored and says what must go. Commits and removals are announced here; when the
 * disk tier is over its limit the least recently used entries are handed to the {@link Remover},
 * which deletes the metadata first; then their chunks are freed.
 */
public interface Retention extends AutoCloseable {
  void committed(Entry entry);

  /** The entry's document is gone; its chunks are deleted when nothing else names them. */
  void removed(Entry entry);

  /**
   * Counts a running fill among those that name the chunk; called before the chunk is adopted, so
   * that neither eviction nor another fill's end deletes it meanwhile. Claims add up.
   */
  void claim(ChunkId chunk);

  /**
   * Lets one claim go, after the commit was announced or when there will be none; the chunk is
   * deleted if nothing names it any more.
   */
  void unclaim(ChunkId chunk);

  long usedBytes();

  long limitBytes();

  void removeBy(Remover remover);

  @Override
  void close();

  /** Removes an entry's metadata through its keeper; false if it had already been replaced. */
  @FunctionalInterface
  interface Remover {
    CompletionStage<Boolean> remove(Entry entry);
  }
}
