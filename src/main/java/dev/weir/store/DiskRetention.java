package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.Ledger.Candidate;
import dev.weir.store.Ledger.Freed;
import dev.weir.store.MetadataStore.Versioned;
import dev.weir.store.MetadataStore.WriteResult;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is stored on this node's disk under its limit by removing whole entries, the longest
 * unused first, their documents before their chunks.
 *
 * <p>Eviction begins when entries take more than {@code high-watermark} of the limit, or when less
 * than {@code min-free-bytes} of the disk are free, and ends at {@code low-watermark}. A chunk is
 * deleted when no entry names it and no reader holds it; until it really is gone its bytes count as
 * doomed: used, but not to be freed a second time.
 *
 * <p>Announcements are cheap and never block. An entry that replaces another of the same id frees
 * what the old one held; {@link #removed} for something else than what is stored now does nothing.
 */
public final class DiskRetention implements Retention {
  private static final Logger log = LoggerFactory.getLogger(DiskRetention.class);

  /** Entries whose last uses are asked for at a time. */
  private static final int SHARED_BATCH = 100;

  private final MetadataStore metadata;
  private final LocalChunks chunks;
  private final LongSupplier usableBytes;
  private final StoreSettings settings;
  private final InstantSource clock;
  private final Ledger ledger;
  private final InOrder announcements = new InOrder("announcements");
  private final AtomicLong doomedBytes = new AtomicLong();
  private final AtomicBoolean evicting = new AtomicBoolean();
  private final LongAdder evictedEntries = new LongAdder();
  private final Repeating checks;
  private volatile Remover remover = this::removeFromMetadata;
  private volatile boolean recovered;
  private volatile boolean closed;

  DiskRetention(
      MetadataStore metadata,
      LocalChunks chunks,
      LongSupplier usableBytes,
      StoreSettings settings,
      InstantSource clock) {
    this.metadata = metadata;
    this.chunks = chunks;
    this.usableBytes = usableBytes;
    this.settings = settings;
    this.clock = clock;
    this.ledger = new Ledger(body -> BodyChunks.read(chunks, body));
    chunks.namedBy(id -> !recovered || ledger.names(id));
    this.checks =
        new Repeating("eviction", settings.eviction().checkIntervalMillis(), this::evictIfNeeded);
  }

  /**
   * Reads what is stored; blocks. Nothing is evicted or deleted before it has run, and nothing may
   * be announced while it runs.
   *
   * @return how many damaged documents were removed
   */
  int load(LocalMetadata walked) {
    int damaged = readDocuments(walked);
    recovered = true;
    return damaged;
  }

  /**
   * Reads from a store that others may share which entries are whole on this disk, and takes these
   * into account; others are left alone. Blocks, and may run while everything else does.
   *
   * @return how many entries are not whole here
   */
  int loadShared(Stream<Versioned> walk) {
    int[] elsewhere = {0};
    List<Entry> batch = new ArrayList<>();
    for (Versioned stored : (Iterable<Versioned>) walk::iterator) {
      if (closed) {
        return elsewhere[0];
      }
      if (stored.document() instanceof EntryDocument(Entry entry)) {
        batch.add(entry);
      }
      if (batch.size() == SHARED_BATCH) {
        elsewhere[0] += loadBatch(batch);
        batch.clear();
      }
    }
    elsewhere[0] += loadBatch(batch);
    ledger.orderByUse();
    recovered = true;
    return elsewhere[0];
  }

  /** Last uses are asked for together: one by one each would cost a round trip. */
  private int loadBatch(List<Entry> batch) {
    List<Entry> whole = batch.stream().filter(this::isWhole).toList();
    List<CompletionStage<Optional<Long>>> uses =
        whole.stream().map(entry -> metadata.lastAccess(entry.documentId())).toList();
    for (int i = 0; i < whole.size(); i++) {
      Entry entry = whole.get(i);
      long stored = entry.response().responseTimeMillis();
      ledger.putIfAbsent(entry, Math.max(stored, await(uses.get(i)).orElse(0L)));
    }
    return batch.size() - whole.size();
  }

  private boolean isWhole(Entry entry) {
    try {
      return BodyChunks.lengths(entry.body(), body -> BodyChunks.read(chunks, body).orElseThrow())
          .entrySet()
          .stream()
          .allMatch(chunk -> isStored(chunk.getKey(), chunk.getValue()));
    } catch (NoSuchElementException _) {
      return false; // its manifest is elsewhere
    }
  }

  /**
   * Removes entries whose chunks are not all there in their right length, and chunks that no entry
   * names. Blocks, and may run while everything else does: a document goes only in the version that
   * was read, a chunk only if nobody holds it.
   */
  Repairs repair() {
    return deleteUnnamed(removeBroken());
  }

  /** Removes chunks that no entry of this disk names; otherwise as {@link #repair}. */
  Repairs repairShared() {
    return deleteUnnamed(0);
  }

  private Repairs deleteUnnamed(int broken) {
    Repairs repairs = deleteOrphans(broken);
    evictIfNeeded();
    return repairs;
  }

  /** What a repair removed. */
  record Repairs(int brokenEntries, int orphanChunks, long orphanBytes) {}

  private int readDocuments(LocalMetadata walked) {
    record Found(Entry entry, long usedMillis) {}
    List<Found> found = new ArrayList<>();
    int damaged =
        walked.forEach(
            (stored, lastAccess) -> {
              if (stored.document() instanceof EntryDocument(Entry entry)) {
                long used = Math.max(lastAccess, entry.response().responseTimeMillis());
                found.add(new Found(entry, used));
              }
            });
    found.sort(Comparator.comparingLong(Found::usedMillis));
    found.forEach(each -> ledger.put(each.entry, each.usedMillis, Long.MAX_VALUE));
    return damaged;
  }

  private int removeBroken() {
    List<Candidate> broken = ledger.havingChunk((id, length) -> !closed && !isStored(id, length));
    for (Candidate entry : broken) {
      log.warn("Entry {} is removed: its body is not whole", LogText.escape(entry.id()));
      await(
          metadata
              .read(List.of(entry.id()))
              .thenCompose(
                  found ->
                      found.getFirst().isPresent()
                          ? metadata.delete(entry.id(), found.getFirst().get().version())
                          : CompletableFuture.completedStage(new WriteResult.Conflict())));
      var _ = ledger.remove(entry.id(), entry.tag()); // its chunks are orphans now
    }
    return broken.size();
  }

  private boolean isStored(ChunkId id, long length) {
    Optional<ChunkReader> chunk = chunks.open(id, length);
    chunk.ifPresent(ChunkReader::close);
    return chunk.isPresent();
  }

  private Repairs deleteOrphans(int brokenEntries) {
    int count = 0;
    long bytes = 0;
    try (Stream<ChunkStore.Held> all = chunks.list()) {
      for (ChunkStore.Held chunk : (Iterable<ChunkStore.Held>) all::iterator) {
        if (closed) {
          break;
        }
        if (!ledger.names(chunk.id()) && chunks.deleteOrphan(chunk.id())) {
          count++;
          bytes += chunk.lengthBytes();
        }
      }
    }
    return new Repairs(brokenEntries, count, bytes);
  }

  /** For the repair alone, which may block. */
  private static <T> T await(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StoreException failure ? failure : e;
    }
  }

  @Override
  public CompletionStage<?> committed(Entry entry) {
    return announcements.run(BodyChunks.isListed(entry.body()), () -> note(entry));
  }

  private void note(Entry entry) {
    long oversizedBytes = (long) (settings.eviction().lowWatermark() * limitBytes());
    free(ledger.put(entry, clock.millis(), oversizedBytes));
    evictIfNeeded();
  }

  @Override
  public void removed(Entry entry) {
    announcements.run(false, () -> free(ledger.remove(entry.documentId(), entry.tag().text())));
  }

  /** Notes a use, in memory for the order of eviction and now and then in the metadata. */
  @Override
  public void used(Entry entry) {
    long now = clock.millis();
    if (ledger.use(entry.documentId(), now, settings.eviction().orderIntervalMillis())) {
      metadata.touch(entry.documentId(), now);
    }
  }

  private void free(List<Freed> freed) {
    for (Freed chunk : freed) {
      doomedBytes.addAndGet(chunk.diskBytes());
      chunks
          .delete(chunk.id())
          .whenComplete(
              (gone, failure) -> {
                doomedBytes.addAndGet(-chunk.diskBytes());
                if (failure != null) {
                  log.warn("A chunk stays until the next start: {}", failure.getMessage());
                }
              });
    }
  }

  private void evictIfNeeded() {
    if (!recovered || closed || !evicting.compareAndSet(false, true)) {
      return;
    }
    long excess = excessBytes();
    if (excess <= 0) {
      evictUnused();
      return;
    }
    log.debug("Evicting {} bytes", excess);
    evictRound(excess);
  }

  /** Some of what nobody has used for longer than {@code max-age}; the rest with later checks. */
  private void evictUnused() {
    long maxAge = settings.collection().maxAgeMillis();
    List<Candidate> unused =
        maxAge == 0
            ? List.of()
            : ledger.unusedSince(clock.millis() - maxAge, settings.eviction().batch());
    if (unused.isEmpty()) {
      evicting.set(false);
    } else {
      evictBatch(unused, freed -> evicting.set(false));
    }
  }

  /** How much has to go now; 0 or less if nothing has. */
  private long excessBytes() {
    double limit = limitBytes();
    long stored = ledger.bytes();
    long overLimit =
        stored > settings.eviction().highWatermark() * limit
            ? stored - (long) (settings.eviction().lowWatermark() * limit)
            : 0;
    long reserve = settings.chunks().minFreeBytes();
    return Math.max(overLimit, reserve - usableBytes.getAsLong() - doomedBytes.get());
  }

  /** Removes some entries at a time until so much is freed, nothing is left or nothing moves. */
  private void evictRound(long leftBytes) {
    List<Candidate> batch = ledger.longestUnused(leftBytes, settings.eviction().batch());
    evictBatch(batch, freed -> afterRound(leftBytes, freed));
  }

  private void evictBatch(List<Candidate> batch, LongConsumer then) {
    List<CompletableFuture<Long>> removals =
        batch.stream().map(entry -> evict(entry, remover).toCompletableFuture()).toList();
    CompletionStage<Void> all = CompletableFuture.allOf(removals.toArray(CompletableFuture[]::new));
    all.whenComplete(
        (_, failure) -> {
          if (failure == null) {
            then.accept(removals.stream().mapToLong(CompletableFuture::join).sum());
          } else {
            log.warn("Eviction stopped for now: {}", LogText.escape(failure.toString()));
            evicting.set(false);
          }
        });
  }

  private void afterRound(long wantedBytes, long freedBytes) {
    if (freedBytes > 0 && wantedBytes > freedBytes && !closed) {
      evictRound(wantedBytes - freedBytes);
    } else {
      evicting.set(false);
    }
  }

  /** The bytes that went with the entry; 0 if it had been replaced. */
  private CompletionStage<Long> evict(Candidate candidate, Remover through) {
    return metadata
        .read(List.of(candidate.id()))
        .thenCompose(found -> evict(candidate, found.getFirst(), through));
  }

  private CompletionStage<Long> evict(
      Candidate candidate, Optional<Versioned> found, Remover through) {
    if (found.isEmpty()
        || !(found.get().document() instanceof EntryDocument(Entry entry))
        || !entry.tag().text().equals(candidate.tag())) {
      free(ledger.remove(candidate.id(), candidate.tag()));
      return CompletableFuture.completedStage(candidate.bytes());
    }
    return through
        .remove(entry)
        .thenApply(
            removed -> {
              if (!removed) {
                ledger.use(candidate.id(), clock.millis(), 0);
                return 0L;
              }
              evictedEntries.increment();
              removed(entry);
              return candidate.bytes();
            });
  }

  private CompletionStage<Boolean> removeFromMetadata(Entry entry) {
    String id = entry.documentId();
    return metadata
        .read(List.of(id))
        .thenCompose(
            found -> {
              boolean same =
                  found.getFirst().isPresent()
                      && found.getFirst().get().document() instanceof EntryDocument(Entry now)
                      && now.tag().equals(entry.tag());
              return same
                  ? metadata
                      .delete(id, found.getFirst().get().version())
                      .thenApply(WriteResult.Written.class::isInstance)
                  : CompletableFuture.completedStage(false);
            });
  }

  /** What entries take, and what is on its way out. */
  @Override
  public long usedBytes() {
    return ledger.bytes() + doomedBytes.get();
  }

  @Override
  public long limitBytes() {
    return settings.diskCacheBytes();
  }

  @Override
  public int entries() {
    return ledger.size();
  }

  /** Since the start; for metrics. */
  @Override
  public long evictedEntries() {
    return evictedEntries.sum();
  }

  /** Until this is called entries are removed from the metadata directly. */
  @Override
  public void removeBy(Remover through) {
    remover = through;
  }

  @Override
  public void close() {
    closed = true;
    checks.close();
    announcements.close();
  }
}
