package dev.weir.cli;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.inspect.Tiers;
import dev.weir.store.Bodies;
import dev.weir.store.DiskChunkStore;
import dev.weir.store.HeldEntry;
import dev.weir.store.Holding;
import dev.weir.store.ObjectStore;
import dev.weir.store.StoreSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * The tiers below a data folder and, if there is one, of an object store.
 *
 * @param memory whether a body is in this process's memory
 */
record StoreTiers(
    Predicate<Entry> memory,
    Path folder,
    StoreSettings.Chunks chunks,
    Optional<ObjectStore> objects,
    Holding holding)
    implements Tiers {

  /** Of a node that runs in this process. */
  static StoreTiers running(
      Bodies bodies,
      Path folder,
      StoreSettings settings,
      Optional<ObjectStore> objects,
      Holding holding) {
    return new StoreTiers(
        entry -> bodies.hot(entry) != null, folder, settings.chunks(), objects, holding);
  }

  @Override
  public boolean inMemory(Entry entry) {
    return memory.test(entry);
  }

  @Override
  public Map<ChunkId, Long> onDisk(List<ChunkId> ids) {
    return DiskChunkStore.lengths(folder, chunks, ids);
  }

  @Override
  public Optional<CompletionStage<Map<ChunkId, Long>>> inObjectStore(List<ChunkId> ids) {
    return objects.map(store -> store.lengths(ids));
  }

  @Override
  public List<HeldEntry> held() {
    return holding.held();
  }
}
