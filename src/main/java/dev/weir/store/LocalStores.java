package dev.weir.store;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
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
  private final RecoveryReport recovery;

  private LocalStores(Path dataDir, StoreSettings settings, RocksMetadataStore metadata) {
    this.metadata = metadata;
    this.chunks = DiskChunkStore.open(dataDir, settings.chunks());
    this.retention =
        new DiskRetention(
            metadata, chunks, chunks.freeSpace()::usableBytes, settings, InstantSource.system());
    this.bodies = new TieredBodies(chunks, settings, retention::used);
    this.recovery = retention.recover(chunks.spoolLeftovers());
  }

  /**
   * Opens or creates the stores and puts in order what a crash left behind; blocks. Fails with
   * {@link StoreException} if another process uses the folder, or it cannot be written.
   */
  public static LocalStores open(Path dataDir, StoreSettings settings) {
    // RocksDB's lock comes first: it keeps a second process from touching anything else.
    RocksMetadataStore metadata =
        RocksMetadataStore.open(dataDir.resolve("metadata"), settings.metadata());
    LocalStores stores = null;
    try {
      stores = new LocalStores(dataDir, settings, metadata);
      log.info("Stores in {} are open: {}", dataDir, stores.recovery);
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

  /** What the start found. */
  public RecoveryReport recovery() {
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
    bodies.close();
    chunks.close();
    metadata.close();
  }
}
