package dev.weir.store;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.StreamConverters;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All stores of a node that keeps everything in its data folder, wired: metadata in {@code
 * metadata/}, chunks in {@code data/}, unfinished ones in {@code spool/}.
 */
public final class LocalStores implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LocalStores.class);

  /** How long a walk through a shared store waits before it begins anew. */
  private static final long WALK_AGAIN_MILLIS = 5_000;

  private final MetadataStore metadata;
  private final DiskChunkStore disk;
  private final ChunkStore chunks;
  private final Retention retention;
  private final TieredBodies bodies;
  private final CompletableFuture<RecoveryReport> recovery = new CompletableFuture<>();
  private final Thread repairing;
  private final Scrubber scrubber;
  private final AutoCloseable folderLock;
  private final @Nullable Tier tier;
  private volatile boolean closed;

  /**
   * @param materializer for walks through metadata that is not of this process alone
   */
  private LocalStores(
      Path dataDir,
      StoreSettings settings,
      MetadataStore metadata,
      AutoCloseable folderLock,
      @Nullable Materializer materializer) {
    this.metadata = metadata;
    this.folderLock = folderLock;
    this.tier = null;
    this.disk = DiskChunkStore.open(dataDir, settings.chunks());
    this.chunks = disk;
    DiskRetention entries =
        new DiskRetention(
            metadata, disk, disk.freeSpace()::usableBytes, settings, InstantSource.system());
    this.retention = entries;
    this.bodies = new TieredBodies(disk, settings, retention::used);
    this.scrubber = Scrubber.start(disk, settings.scrub());
    Thread.Builder repairer = Thread.ofPlatform().daemon().name("weir-repair");
    if (metadata instanceof LocalMetadata local) {
      long begunNanos = System.nanoTime();
      int damaged = entries.load(local);
      long loadMillis = millisSince(begunNanos);
      log.info("Stores in {} are open: {} entries", dataDir, entries.entries());
      this.repairing = repairer.start(() -> repair(damaged, loadMillis, entries::repair));
    } else {
      Objects.requireNonNull(materializer);
      this.repairing = repairer.start(() -> loadShared(entries, materializer));
    }
  }

  /** With the disk as a tier in front of an object store. */
  private LocalStores(
      Path dataDir,
      StoreSettings settings,
      MetadataStore metadata,
      AutoCloseable folderLock,
      ObjectStore objects,
      Materializer materializer) {
    this.metadata = metadata;
    this.folderLock = folderLock;
    this.disk = DiskChunkStore.open(dataDir, settings.chunks());
    Tier made = Tier.open(dataDir, settings, metadata, disk, objects, materializer);
    this.tier = made;
    this.chunks = made.chunks();
    this.retention = made.lru();
    this.bodies = new TieredBodies(chunks, made.arrivals(), settings, retention::used);
    this.scrubber = Scrubber.start(disk, settings.scrub());
    log.info("Stores in {} are open, a tier of the object store", dataDir);
    this.repairing =
        Thread.ofPlatform().daemon().name("weir-repair").start(() -> survey(made.lru()));
  }

  /** What there is more of with an object store. */
  private record Tier(
      Pending pending,
      DiskTier lru,
      ChunkStore chunks,
      Arrivals arrivals,
      BlockingPool pool,
      ObjectStore objects) {
    static Tier open(
        Path dataDir,
        StoreSettings settings,
        MetadataStore metadata,
        DiskChunkStore disk,
        ObjectStore objects,
        Materializer materializer) {
      StoreSettings.Tier tier = settings.tier();
      BlockingPool pool = new BlockingPool("arrival", tier.threads(), tier.queue());
      Distrusted distrusted = new Distrusted(tier);
      Pending pending =
          new Pending(
              new PendingFolder(dataDir.resolve("pending"), settings.chunks(), disk::path),
              objects,
              distrusted,
              tier,
              settings.collection().commitWithinMillis());
      DiskTier lru =
          new DiskTier(
              metadata,
              disk,
              pending::names,
              disk.freeSpace()::usableBytes,
              settings,
              InstantSource.system());
      TierChunkStore chunks = new TierChunkStore(disk, lru);
      Arrivals arrivals =
          new Arrivals(
              new Arrivals.Means(
                  objects, chunks, disk::path, pool, materializer, distrusted, tier));
      return new Tier(pending, lru, chunks, arrivals, pool, objects);
    }

    TierMetrics metrics() {
      return new TierMetrics(
          pending::bytes,
          pending::entries,
          arrivals::fetched,
          arrivals::damaged,
          arrivals::forgotten,
          objects.metrics());
    }
  }

  /** Figures of an object store and the tier before it. */
  public record TierMetrics(
      LongSupplier pendingBytes,
      LongSupplier pendingEntries,
      LongSupplier fetchedChunks,
      LongSupplier damagedChunks,
      LongSupplier forgottenPutBacks,
      ObjectStoreMetrics objects) {}

  private void survey(DiskTier lru) {
    long begunNanos = System.nanoTime();
    try {
      lru.load();
      RecoveryReport report =
          new RecoveryReport(
              lru.entries(),
              lru.usedBytes(),
              0,
              0,
              0,
              0,
              disk.spoolLeftovers(),
              0,
              millisSince(begunNanos));
      log.info("The disk tier has been surveyed: {}", report);
      recovery.complete(report);
    } catch (RuntimeException e) {
      log.warn("The disk tier could not be surveyed: {}", LogText.escape(e.getMessage()));
      recovery.completeExceptionally(e);
    }
  }

  /** Until the shared store has been walked through nothing is evicted and no chunk deleted. */
  private void loadShared(DiskRetention entries, Materializer materializer) {
    long begunNanos = System.nanoTime();
    while (!closed) {
      try (Stream<MetadataStore.Versioned> walk =
          metadata.scan().runWith(StreamConverters.asJavaStream(), materializer)) {
        int elsewhere = entries.loadShared(walk);
        log.info(
            "{} entries are whole in this data folder, {} are not", retention.entries(), elsewhere);
        repair(0, millisSince(begunNanos), entries::repairShared);
        return;
      } catch (RuntimeException e) {
        log.info("The metadata cannot be walked through yet: {}", LogText.escape(e.toString()));
      }
      try {
        Thread.sleep(WALK_AGAIN_MILLIS);
      } catch (InterruptedException _) {
        return;
      }
    }
  }

  private void repair(int damaged, long loadMillis, Supplier<DiskRetention.Repairs> repair) {
    long begunNanos = System.nanoTime();
    try {
      DiskRetention.Repairs repairs = repair.get();
      RecoveryReport report =
          new RecoveryReport(
              retention.entries(),
              retention.usedBytes(),
              repairs.brokenEntries(),
              damaged,
              repairs.orphanChunks(),
              repairs.orphanBytes(),
              disk.spoolLeftovers(),
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
      stores = new LocalStores(dataDir, settings, metadata, () -> {}, null);
      return stores;
    } finally {
      if (stores == null) {
        metadata.close();
      }
    }
  }

  /**
   * Opens or creates the stores of a node that keeps its chunks in the data folder and its metadata
   * elsewhere; never waits for that. Which of the entries there are whole here is found out beside
   * normal work. Eviction removes the documents of entries as well, so that no other node may use
   * the same metadata with chunks of its own. The metadata store is closed with these stores.
   */
  public static LocalStores openWith(
      MetadataStore metadata, Path dataDir, StoreSettings settings, Materializer materializer) {
    FolderLock lock = FolderLock.take(dataDir);
    LocalStores stores = null;
    try {
      stores = new LocalStores(dataDir, settings, metadata, lock, materializer);
      return stores;
    } finally {
      if (stores == null) {
        lock.close();
      }
    }
  }

  /**
   * Opens or creates the stores of a node whose chunks live in that object store, with the data
   * folder as a tier in front of it; entries are written into the metadata when their chunks are
   * durable there.
   */
  public static LocalStores openTier(
      ObjectStore objects, Path dataDir, StoreSettings settings, Materializer materializer) {
    RocksMetadataStore metadata =
        RocksMetadataStore.open(dataDir.resolve("metadata"), settings.metadata());
    LocalStores stores = null;
    try {
      stores = new LocalStores(dataDir, settings, metadata, () -> {}, objects, materializer);
      return stores;
    } finally {
      if (stores == null) {
        metadata.close();
      }
    }
  }

  /** As above with metadata that other nodes share; it is closed with these stores. */
  public static LocalStores openTier(
      MetadataStore metadata,
      ObjectStore objects,
      Path dataDir,
      StoreSettings settings,
      Materializer materializer) {
    FolderLock lock = FolderLock.take(dataDir);
    LocalStores stores = null;
    try {
      stores = new LocalStores(dataDir, settings, metadata, lock, objects, materializer);
      return stores;
    } finally {
      if (stores == null) {
        lock.close();
      }
    }
  }

  /** What waits between a fill and its document. */
  public Holding holding() {
    Tier made = tier;
    return made == null ? Holding.NOTHING : made.pending();
  }

  /** What the tiers do, if there are any; for metrics. */
  public Optional<TierMetrics> tier() {
    return Optional.ofNullable(tier).map(Tier::metrics);
  }

  /** What the reading again of chunks has come to; for metrics. */
  public ScrubMetrics scrubbed() {
    return new ScrubMetrics(scrubber::bytes, scrubber::damaged, scrubber::passes);
  }

  /** Figures of the chunks that are read again to find damage, since the start. */
  public record ScrubMetrics(LongSupplier bytes, LongSupplier damagedChunks, LongSupplier passes) {}

  public MetadataStore metadata() {
    return metadata;
  }

  public ChunkStore chunks() {
    return chunks;
  }

  public TieredBodies bodies() {
    return bodies;
  }

  public Retention retention() {
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
    closed = true;
    scrubber.close();
    retention.close();
    awaitRepair();
    Tier made = tier;
    if (made != null) {
      made.pending().close();
    }
    bodies.close();
    if (made != null) {
      made.pool().close();
    }
    chunks.close();
    metadata.close();
    try {
      folderLock.close();
    } catch (Exception e) {
      log.warn("The data folder's lock could not be released: {}", LogText.escape(e.toString()));
    }
  }

  /** It sees that the retention is closed and ends soon. */
  private void awaitRepair() {
    if (!(metadata instanceof LocalMetadata)) {
      repairing.interrupt(); // it may be asleep until the servers are back
    }
    try {
      repairing.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
