package dev.weir.inspect;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.store.HeldEntry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Where bodies are, found out without using them. */
public interface Tiers {
  /** Whether the whole body is in this process's memory; never of what nobody runs. */
  boolean inMemory(Entry entry);

  /** Which of those chunks are on this disk in that length, by length in bytes; may block. */
  Map<ChunkId, Long> onDisk(List<ChunkId> chunks);

  /** The same of the object store, or empty if there is none. */
  Optional<CompletionStage<Map<ChunkId, Long>>> inObjectStore(List<ChunkId> chunks);

  /** What this node serves but has not written into the metadata, its bytes being on their way. */
  List<HeldEntry> held();
}
