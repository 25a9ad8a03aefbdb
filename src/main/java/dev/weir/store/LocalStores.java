package dev.weir.store;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All stores of a node that keeps everything in its data folder, wired: metadata in {@code
 * metadata/}, chunks in {@code data/}, unfinished ones in {@code spool/}.
 */
public final class LocalStores implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LocalStores.class);

  private final RocksMetadataStore metadata;
  private final DiskChunkStore chunks;
  private final DiskRetention retention;
  private final TieredBodies bodies;
  private final CompletableFuture<RecoveryReport> recovery = new CompletableFuture<>();
  private final Thread repairing;

  private LocalStores(Path dataDir, StoreSettings settings, RocksMetadataStore metadata) {
    this.metadata = metadata;
    this.chunks = DiskChunkStore.open(dataDir, settings.chunks());
    this.retention =
        new DiskRetention(
            metadata, chunks, chunks.freeSpace()::usableBytes, settings, InstantSource.system());
    this.bodies = new TieredBodies(chunks, settings, retention::used);
    long begunNanos = System.nanoTime();
    int damaged = retention.load();
    long loadMillis = millisSince(begunNanos);
    log.info("Stores in {} are open: {} entries", dataDir, retention.entries());
    this.repairing =
        Thread.ofPlatform().daemon().name("weir-repair").start(() -> repair(damaged, loadMillis));
  }

  private void repair(int damaged, long loadMillis) {
    long begunNanos = System.nanoTime();
    try {
      DiskRetention.Repairs repairs = retention.repair();
      RecoveryReport report =
          new RecoveryReport(
              retention.entries(),
              retention.usedBytes(),
              repairs.brokenEntries(),
              damaged,
              repairs.orphanChunks(),
              repairs.orphanBytes(),
              chunks.spoolLeftovers(),
              loadMillis,
              millisSince(begunNanos));
      log.info("The data folder is in order: {}", report);
      recovery.complete(report);
    } catch (RuntimeException e) {
      log.warn("The data folder could not be put in order: {}", LogText.escape(e.getMessage()));
      recovery.completeExceptionally(e);
    }
  }

  private static long millisSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  /**
   * Opens or creates the stores; blocks while it reads which entries there are, some 10
   * microseconds each. What a crash left behind is put in order beside normal work, {@link
   * #recovery}. Fails with {@link StoreException} if another process uses the folder, or it cannot
   * be written.
   */
  public static LocalStores open(Path dataDir, StoreSettings settings) {
    // RocksDB's lock comes first: it keeps a second process from touching anything else.
    RocksMetadataStore metadata =
        RocksMetadataStore.open(dataDir.resolve("metadata"), settings.metadata());
    LocalStores stores = null;
    try {
      stores = new LocalStores(dataDir, settings, metadata);
      return stores;
    } finally {
      if (stores == null) {
        metadata.close();
      }
    }
  }

  public MetadataStore metadata() {
    return metadata;
  }

  public ChunkStore chunks() {
    return chunks;
  }

  public TieredBodies bodies() {
    return bodies;
  }

  public DiskRetention retention() {
    return retention;
  }

  /** What the start found; completes when the last leftovers are gone, beside normal work. */
  public CompletionStage<RecoveryReport> recovery() {
    return recovery;
  }

  /** What is wrong with any of the stores, in sentences; for health. Never fails. */
  public CompletionStage<List<String>> problems() {
    return metadata
        .problem()
        .thenCombine(
            chunks.problem(),
            (ofMetadata, ofChunks) -> {
              List<String> all = new ArrayList<>(2);
              ofMetadata.ifPresent(all::add);
              ofChunks.ifPresent(all::add);
              return all;
            });
  }

  /** Call it when nothing reads or writes any more: eviction, bodies, chunks, metadata last. */
  @Override
  public void close() {
    retention.close();
    awaitRepair();
    bodies.close();
    chunks.close();
    metadata.close();
  }

  /** It sees that the retention is closed and ends soon. */
  private void awaitRepair() {
    try {
      repairing.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
