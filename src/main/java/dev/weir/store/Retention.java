package dev.weir.store;

import dev.weir.entry.Entry;
import java.util.concurrent.CompletionStage;

/**
 * Counts what is stored and says what must go. Commits and removals are announced here; when the
 * disk tier is over its limit the least recently used entries are handed to the {@link Remover},
 * which deletes the metadata first; then their chunks are freed.
 */
public interface Retention extends AutoCloseable {
  /**
   * The entry is stored. Completes when its chunks count as named: whoever holds them may let them
   * go then.
   */
  CompletionStage<?> committed(Entry entry);

  /** The entry's document is gone; its chunks are deleted when nothing else names them. */
  void removed(Entry entry);

  long usedBytes();

  long limitBytes();

  /** Notes a use, for the order of eviction. Cheap, never blocks. */
  void used(Entry entry);

  /** How many things are kept that could be evicted; for metrics. */
  int entries();

  /** Since the start; for metrics. */
  long evictedEntries();

  void removeBy(Remover remover);

  @Override
  void close();

  /** Removes an entry's metadata through its keeper; false if it had already been replaced. */
  @FunctionalInterface
  interface Remover {
    CompletionStage<Boolean> remove(Entry entry);
  }
}
