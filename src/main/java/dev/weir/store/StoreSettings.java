package dev.weir.store;

import com.typesafe.config.Config;

/**
 * The settings of the stores, block {@code weir.store}; every key and the reason for its default is
 * in {@code reference.conf}. Sizes are bytes, times milliseconds.
 */
public record StoreSettings(
    long diskCacheBytes,
    Metadata metadata,
    Chunks chunks,
    BodyPath bodies,
    Eviction eviction,
    Tier tier,
    Scrub scrub,
    Collection collection) {

  public StoreSettings {
    require(diskCacheBytes > 0, "disk-cache-size must be above 0");
  }

  public static StoreSettings from(Config room) {
    return new StoreSettings(
        room.getBytes("disk-cache-size"),
        Metadata.from(room.getConfig("metadata")),
        Chunks.from(room.getConfig("chunks")),
        BodyPath.from(room.getConfig("bodies")),
        Eviction.from(room.getConfig("eviction")),
        Tier.from(room.getConfig("tier")),
        Scrub.from(room.getConfig("scrub")),
        Collection.from(room.getConfig("collection")));
  }

  /**
   * What the node's own stores need to know of collection.
   *
   * @param graceMillis from a chunk's condemnation to its deletion
   * @param maxAgeMillis since the last use of an entry; 0 for no limit
   */
  public record Collection(long graceMillis, long maxAgeMillis) {
    public Collection {
      require(graceMillis > 0, "collection.grace must be above 0");
      require(maxAgeMillis >= 0, "collection.max-age must not be negative");
    }

    static Collection from(Config config) {
      return new Collection(
          config.getDuration("grace").toMillis(), config.getDuration("max-age").toMillis());
    }

    /** Within this time of its put a chunk's document has to be written, or it is put again. */
    public long commitWithinMillis() {
      return graceMillis / 2;
    }
  }

  /** The metadata store. */
  public record Metadata(
      int threads,
      int queue,
      boolean syncWrites,
      long blockCacheBytes,
      long writeBufferBytes,
      int maxOpenFiles,
      long touchIntervalMillis,
      long touchFlushIntervalMillis,
      int touchPending,
      int scanPage,
      long reopenPauseMillis) {

    public Metadata {
      require(threads > 0 && queue > 0, "metadata.threads and metadata.queue must be above 0");
      require(touchFlushIntervalMillis > 0, "metadata.touch-flush-interval must be above 0");
      require(scanPage > 0, "metadata.scan-page must be above 0");
      require(reopenPauseMillis >= 0, "metadata.reopen-pause must not be negative");
    }

    static Metadata from(Config config) {
      return new Metadata(
          config.getInt("threads"),
          config.getInt("queue"),
          config.getBoolean("sync-writes"),
          config.getBytes("block-cache-bytes"),
          config.getBytes("write-buffer-bytes"),
          config.getInt("max-open-files"),
          config.getDuration("touch-interval").toMillis(),
          config.getDuration("touch-flush-interval").toMillis(),
          config.getInt("touch-pending"),
          config.getInt("scan-page"),
          config.getDuration("reopen-pause").toMillis());
    }
  }

  /** The chunk store. */
  public record Chunks(
      int prefixDepth,
      int threads,
      int queue,
      boolean syncWrites,
      int mapFromBytes,
      int maxIdleMappings,
      long minFreeBytes,
      long verifyAtOpenBytes,
      int maxUnsyncedFolders) {

    public Chunks {
      require(prefixDepth >= 0 && prefixDepth <= 8, "chunks.prefix-depth must be from 0 to 8");
      require(threads > 0 && queue > 0, "chunks.threads and chunks.queue must be above 0");
      require(maxIdleMappings >= 0, "chunks.max-idle-mappings must not be negative");
      require(maxUnsyncedFolders >= 0, "chunks.max-unsynced-folders must not be negative");
    }

    static Chunks from(Config config) {
      return new Chunks(
          config.getInt("prefix-depth"),
          config.getInt("threads"),
          config.getInt("queue"),
          config.getBoolean("sync-writes"),
          Math.toIntExact(config.getBytes("map-from-bytes")),
          config.getInt("max-idle-mappings"),
          config.getBytes("min-free-bytes"),
          config.getBytes("verify-at-open-bytes"),
          config.getInt("max-unsynced-folders"));
    }
  }

  /** How bodies are read. */
  public record BodyPath(
      int threads,
      int queue,
      long memoryCacheBytes,
      long manifestCacheBytes,
      int shortPathBytes,
      int firstSliceBytes,
      int maxSliceBytes,
      int minSliceBytes,
      long inFlightBytes,
      long fastReaderMillis,
      long slowReaderMillis,
      long readAheadBytes,
      long unreadBodyTimeoutMillis) {

    public BodyPath {
      require(threads > 0 && queue > 0, "bodies.threads and bodies.queue must be above 0");
      require(
          0 < minSliceBytes && minSliceBytes <= firstSliceBytes && firstSliceBytes <= maxSliceBytes,
          "bodies: min-slice-bytes <= first-slice-bytes <= max-slice-bytes must hold");
      require(unreadBodyTimeoutMillis > 0, "bodies.unread-body-timeout must be above 0");
    }

    static BodyPath from(Config config) {
      return new BodyPath(
          config.getInt("threads"),
          config.getInt("queue"),
          config.getBytes("memory-cache-bytes"),
          config.getBytes("manifest-cache-bytes"),
          Math.toIntExact(config.getBytes("short-path-bytes")),
          Math.toIntExact(config.getBytes("first-slice-bytes")),
          Math.toIntExact(config.getBytes("max-slice-bytes")),
          Math.toIntExact(config.getBytes("min-slice-bytes")),
          config.getBytes("in-flight-bytes"),
          config.getDuration("fast-reader").toMillis(),
          config.getDuration("slow-reader").toMillis(),
          config.getBytes("read-ahead-bytes"),
          config.getDuration("unread-body-timeout").toMillis());
    }
  }

  /** When and how much is evicted. */
  public record Eviction(
      double highWatermark,
      double lowWatermark,
      int batch,
      long checkIntervalMillis,
      long orderIntervalMillis) {

    public Eviction {
      require(
          0 < lowWatermark && lowWatermark <= highWatermark && highWatermark <= 1.0,
          "eviction: 0 < low-watermark <= high-watermark <= 1 must hold");
      require(
          batch > 0 && checkIntervalMillis > 0,
          "eviction.batch and eviction.check-interval must be above 0");
    }

    static Eviction from(Config config) {
      return new Eviction(
          config.getDouble("high-watermark"),
          config.getDouble("low-watermark"),
          config.getInt("batch"),
          config.getDuration("check-interval").toMillis(),
          config.getDuration("order-interval").toMillis());
    }
  }

  /** The disk as a tier in front of an object store. */
  public record Tier(
      int fetches,
      int chunksAhead,
      int resumes,
      long openTimeoutMillis,
      int threads,
      int queue,
      int uploads,
      long pendingBytes,
      int pendingEntries,
      int putBacks,
      int writeBatchBytes,
      long writeWithinMillis,
      boolean syncWrites,
      long minRetryMillis,
      long maxRetryMillis,
      long announceRetryMillis,
      int maxDistrusted,
      long distrustedMillis) {

    public Tier {
      require(
          fetches > 0 && uploads > 0 && threads > 0 && queue > 0,
          "tier: fetches, uploads, threads and queue must be above 0");
      require(
          chunksAhead >= 0 && resumes >= 0, "tier: chunks-ahead and resumes must not be negative");
      require(
          pendingBytes > 0 && pendingEntries > 0,
          "tier: pending-bytes and pending-entries must be above 0");
      require(putBacks >= 0, "tier.put-backs must not be negative");
      require(
          writeBatchBytes > 0 && writeWithinMillis > 0,
          "tier: write-batch-bytes and write-within must be above 0");
      require(
          0 < minRetryMillis && minRetryMillis <= maxRetryMillis && announceRetryMillis > 0,
          "tier: 0 < min-retry <= max-retry must hold, and announce-retry be above 0");
      require(
          maxDistrusted >= 0 && distrustedMillis > 0,
          "tier: max-distrusted must not be negative, and distrusted-for be above 0");
    }

    static Tier from(Config config) {
      return new Tier(
          config.getInt("fetches"),
          config.getInt("chunks-ahead"),
          config.getInt("resumes"),
          config.getDuration("open-timeout").toMillis(),
          config.getInt("threads"),
          config.getInt("queue"),
          config.getInt("uploads"),
          config.getBytes("pending-bytes"),
          config.getInt("pending-entries"),
          config.getInt("put-backs"),
          Math.toIntExact(config.getBytes("write-batch-bytes")),
          config.getDuration("write-within").toMillis(),
          config.getBoolean("sync-writes"),
          config.getDuration("min-retry").toMillis(),
          config.getDuration("max-retry").toMillis(),
          config.getDuration("announce-retry").toMillis(),
          config.getInt("max-distrusted"),
          config.getDuration("distrusted-for").toMillis());
    }
  }

  /**
   * How chunks on the disk are read again to find damage.
   *
   * @param bytesPerSecond 0 for never
   * @param intervalMillis from the begin of a pass to that of the next, at least
   */
  public record Scrub(long bytesPerSecond, long intervalMillis) {
    public Scrub {
      require(
          bytesPerSecond >= 0 && intervalMillis >= 0,
          "scrub: bytes-per-second and interval must not be negative");
    }

    static Scrub from(Config config) {
      return new Scrub(
          config.getBytes("bytes-per-second"), config.getDuration("interval").toMillis());
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("weir.store." + otherwise);
    }
  }
}
