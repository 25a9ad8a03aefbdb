package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the disk under its limit where it is a tier in front of an object store: single chunks go,
 * the longest unused first, whatever names them; they come back when they are read. Chunks that are
 * not yet durable elsewhere never go.
 *
 * <p>Eviction begins above {@code high-watermark} of the limit, or when less than {@code
 * min-free-bytes} of the disk are free, and ends at {@code low-watermark}. Sizes are those of whole
 * blocks on disk. Holds some 150 bytes of heap per chunk. Thread-safe, never blocks but for {@link
 * #load}.
 */
final class DiskTier implements Retention {
  private static final Logger log = LoggerFactory.getLogger(DiskTier.class);

  private final MetadataStore metadata;
  private final LocalChunks chunks;
  private final Predicate<ChunkId> pending;
  private final LongSupplier usableBytes;
  private final StoreSettings settings;
  private final InstantSource clock;
  private final AtomicLong doomedBytes = new AtomicLong();
  private final LongAdder evicted = new LongAdder();
  private final Repeating checks;

  /** Bytes on disk of each chunk, the longest unused first; guarded by this. */
  private final LinkedHashMap<ChunkId, Long> lines = new LinkedHashMap<>(1024, 0.75f, true);

  private long bytes;
  private boolean loaded;

  DiskTier(
      MetadataStore metadata,
      LocalChunks chunks,
      Predicate<ChunkId> pending,
      LongSupplier usableBytes,
      StoreSettings settings,
      InstantSource clock) {
    this.metadata = metadata;
    this.chunks = chunks;
    this.pending = pending;
    this.usableBytes = usableBytes;
    this.settings = settings;
    this.clock = clock;
    chunks.namedBy(this::keeps);
    this.checks =
        new Repeating("disk-tier", settings.eviction().checkIntervalMillis(), this::evictIfNeeded);
  }

  private synchronized boolean keeps(ChunkId id) {
    return !loaded || lines.containsKey(id) || pending.test(id);
  }

  /** Finds out what is on the disk; blocks, and may run beside everything else. */
  void load() {
    try (Stream<ChunkStore.Held> all = chunks.list()) {
      all.forEach(chunk -> found(chunk.id(), chunk.lengthBytes()));
    }
    synchronized (this) {
      loaded = true;
    }
    evictIfNeeded();
  }

  private void found(ChunkId id, long lengthBytes) {
    if (lengthBytes >= 0) {
      stays(id, Ledger.diskBytes(lengthBytes));
    }
  }

  /** A chunk has come. */
  void added(ChunkId id, long lengthBytes) {
    found(id, lengthBytes);
    evictIfNeeded();
  }

  /** A chunk is read. */
  synchronized void read(ChunkId id) {
    var _ = lines.get(id);
  }

  private void evictIfNeeded() {
    Map<ChunkId, Long> victims;
    synchronized (this) {
      victims = loaded ? victims(excessBytes()) : Map.of();
    }
    victims.forEach(this::evict);
  }

  private long excessBytes() {
    double limit = limitBytes();
    long overLimit =
        bytes > settings.eviction().highWatermark() * limit
            ? bytes - (long) (settings.eviction().lowWatermark() * limit)
            : 0;
    long reserve = settings.chunks().minFreeBytes();
    return Math.max(overLimit, reserve - usableBytes.getAsLong() - doomedBytes.get());
  }

  private Map<ChunkId, Long> victims(long excess) {
    Map<ChunkId, Long> victims = new HashMap<>();
    long left = excess;
    Iterator<Map.Entry<ChunkId, Long>> oldest = lines.entrySet().iterator();
    while (left > 0 && oldest.hasNext()) {
      Map.Entry<ChunkId, Long> line = oldest.next();
      if (!pending.test(line.getKey())) {
        victims.put(line.getKey(), line.getValue());
        left -= line.getValue();
        bytes -= line.getValue();
        oldest.remove();
      }
    }
    return victims;
  }

  private void evict(ChunkId id, long diskBytes) {
    doomedBytes.addAndGet(diskBytes);
    evicted.increment();
    chunks
        .delete(id)
        .whenComplete(
            (gone, failure) -> {
              doomedBytes.addAndGet(-diskBytes);
              if (failure != null) {
                log.warn("A chunk stays for now: {}", LogText.escape(failure.toString()));
              }
              if (failure != null || !gone) {
                stays(id, diskBytes); // it has been held meanwhile, or came again
              }
            });
  }

  private synchronized void stays(ChunkId id, long diskBytes) {
    if (lines.putIfAbsent(id, diskBytes) == null) {
      bytes += diskBytes;
    }
  }

  /** Nothing: what entries name is the object store's affair. */
  @Override
  public CompletionStage<?> committed(Entry entry) {
    return CompletableFuture.completedStage(null);
  }

  /** Nothing: its chunks go when they are the longest unused. */
  @Override
  public void removed(Entry entry) {}

  @Override
  public void used(Entry entry) {
    metadata.touch(entry.documentId(), clock.millis());
  }

  @Override
  public long usedBytes() {
    synchronized (this) {
      return bytes + doomedBytes.get();
    }
  }

  @Override
  public long limitBytes() {
    return settings.diskCacheBytes();
  }

  /** Chunks, for entries are not counted here. */
  @Override
  public synchronized int entries() {
    return lines.size();
  }

  @Override
  public long evictedEntries() {
    return evicted.sum();
  }

  @Override
  public void removeBy(Remover remover) {}

  List<ChunkId> oldestFirst() {
    synchronized (this) {
      return new ArrayList<>(lines.keySet());
    }
  }

  @Override
  public void close() {
    checks.close();
  }
}
