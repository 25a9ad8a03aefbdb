package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

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

  /** Those that are to be dropped for it, the longest unused first. */
  synchronized List<ChunkSlot> keep(ChunkSlot slot) {
    slots.put(slot.id, slot);
    List<ChunkSlot> eldest = new ArrayList<>(1);
    while (slots.size() > max) {
      eldest.add(slots.pollFirstEntry().getValue());
    }
    return eldest;
  }

  /** They could not be dropped now: they are the first to go with the next that is kept. */
  synchronized void putBack(List<ChunkSlot> eldest) {
    for (ChunkSlot slot : eldest.reversed()) {
      if (!slots.containsKey(slot.id)) {
        slots.putFirst(slot.id, slot);
      }
    }
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
