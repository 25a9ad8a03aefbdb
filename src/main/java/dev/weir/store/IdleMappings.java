package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The chunks that nobody reads and whose mappings are kept for the next reader, least recently used
 * first. Thread-safe.
 */
final class IdleMappings {
  private final int max;
  private final LinkedHashMap<ChunkId, ChunkSlot> slots = new LinkedHashMap<>();

  IdleMappings(int max) {
    this.max = max;
  }

  /** Null, or the one that is to be dropped for it. */
  synchronized @Nullable ChunkId keep(ChunkSlot slot) {
    slots.put(slot.id, slot);
    if (slots.size() <= max) {
      return null;
    }
    ChunkId eldest = slots.firstEntry().getKey();
    slots.remove(eldest);
    return eldest;
  }

  synchronized boolean contains(ChunkId id) {
    return slots.containsKey(id);
  }

  /** Unless another has taken its place. */
  synchronized void remove(ChunkSlot slot) {
    slots.remove(slot.id, slot);
  }

  synchronized List<ChunkSlot> removeAll() {
    List<ChunkSlot> all = List.copyOf(slots.values());
    slots.clear();
    return all;
  }
}
