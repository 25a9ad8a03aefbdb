package dev.weir.store.collect;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore;
import dev.weir.store.Retention;
import dev.weir.store.StoreException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * Looks whether the chunks of every entry are there in their right length, and when asked to with
 * the right bytes; an entry that is not whole is removed, so that the next request fetches it anew,
 * and so is a document that cannot be decoded. A chunk is called missing only after it has been
 * asked for by itself: it may have come since the listing.
 *
 * <p>Works in the caller's thread, which blocks. Memory: some 40 bytes per chunk.
 */
public final class Checker {
  private static final int PARALLELISM = 16;
  private static final long SOUND = 1;
  private static final long BAD = 2;

  private final MetadataStore metadata;
  private final ChunkHome home;
  private final Retention.Remover remover;
  private final Materializer materializer;

  /**
   * A check of those stores.
   *
   * @param remover removes the document of an entry that is not whole
   */
  public Checker(
      MetadataStore metadata,
      ChunkHome home,
      Retention.Remover remover,
      Materializer materializer) {
    this.metadata = metadata;
    this.home = home;
    this.remover = remover;
    this.materializer = materializer;
  }

  /**
   * How thorough it is.
   *
   * @param deep every byte is read and hashed
   * @param heal what is not whole is removed
   * @param deleteOrphans where that is for this place to do
   */
  public record Options(boolean deep, boolean heal, boolean deleteOrphans) {}

  /**
   * What was found.
   *
   * @param brokenEntries whose bodies are not whole, or whose documents cannot be decoded
   * @param healedEntries of these, removed
   * @param damagedDocuments that cannot be decoded
   * @param missingChunks named, and not there in that length
   * @param damagedChunks whose bytes are not what their name says; known by a deep check only
   * @param orphanChunks named by no entry: garbage, or of a fill whose document is not written yet
   * @param deletedOrphans of these, deleted
   */
  public record Report(
      long entries,
      long chunks,
      long brokenEntries,
      long healedEntries,
      long damagedDocuments,
      long missingChunks,
      long damagedChunks,
      long orphanChunks,
      long orphanBytes,
      long deletedOrphans) {
    public boolean isClean() {
      return brokenEntries == 0;
    }

    public boolean isHealed() {
      return brokenEntries == healedEntries;
    }
  }

  public Report check(Options options, Progress progress) {
    return new Check(options, progress).run();
  }

  /** One run. */
  private final class Check {
    private final Options options;
    private final Progress progress;
    private final NamedChunks names = new NamedChunks(home::read, materializer);
    private final ChunkTable listed = new ChunkTable();
    private final ChunkTable named = new ChunkTable();
    private final ChunkTable hashed = new ChunkTable();
    private final Set<ChunkId> missing = ConcurrentHashMap.newKeySet();
    private final Set<ChunkId> damaged = ConcurrentHashMap.newKeySet();
    private final LongAdder entries = new LongAdder();
    private final LongAdder broken = new LongAdder();
    private final LongAdder undecodable = new LongAdder();
    private final LongAdder healed = new LongAdder();
    private final LongAdder orphans = new LongAdder();
    private final LongAdder orphanBytes = new LongAdder();
    private final LongAdder deletedOrphans = new LongAdder();

    Check(Options options, Progress progress) {
      this.options = options;
      this.progress = progress;
    }

    Report run() {
      progress.phase("listing chunks", 0);
      Waiting.forWalk(
          home.list()
              .runForeach(
                  found -> {
                    listed.put(found.id(), found.lengthBytes());
                    progress.advance(1);
                  },
                  materializer));
      progress.phase(options.deep() ? "reading entries" : "checking entries", 0);
      Waiting.forWalk(
          metadata
              .scan()
              .mapConcat(
                  stored ->
                      stored.document() instanceof EntryDocument(Entry entry)
                          ? List.of(entry)
                          : List.<Entry>of())
              .mapAsyncUnordered(PARALLELISM, this::entry)
              .runWith(Sink.ignore(), materializer));
      Waiting.forWalk(metadata.damaged(options.heal()).runForeach(this::undecodable, materializer));
      orphans();
      return new Report(
          entries.sum(),
          listed.size(),
          broken.sum(),
          healed.sum(),
          undecodable.sum(),
          missing.size(),
          damaged.size(),
          orphans.sum(),
          orphanBytes.sum(),
          deletedOrphans.sum());
    }

    /** It names nothing that anybody could read, and keeps the collector from marking. */
    private void undecodable(boolean removed) {
      entries.increment();
      undecodable.increment();
      broken.increment();
      if (removed) {
        healed.increment();
      }
    }

    private CompletionStage<Done> entry(Entry entry) {
      entries.increment();
      return names
          .of(entry.body())
          .thenCompose(this::allWhole)
          .exceptionallyCompose(Check::goneManifest)
          .thenCompose(whole -> whole ? done(false) : heal(entry))
          .thenApply(
              removed -> {
                progress.advance(1);
                return Done.getInstance();
              });
    }

    /** An entry whose manifest is not there, or is another, is not whole. */
    private static CompletionStage<Boolean> goneManifest(Throwable failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      return cause instanceof StoreException known
              && known.kind() != StoreException.Kind.UNAVAILABLE
          ? done(false)
          : CompletableFuture.failedStage(cause);
    }

    private CompletionStage<Boolean> allWhole(Map<ChunkId, Long> chunks) {
      CompletionStage<Boolean> whole = done(true);
      for (Map.Entry<ChunkId, Long> chunk : chunks.entrySet()) {
        named.put(chunk.getKey(), chunk.getValue());
        whole =
            whole.thenCompose(
                before -> whole(chunk.getKey(), chunk.getValue()).thenApply(now -> before && now));
      }
      return whole;
    }

    private CompletionStage<Boolean> whole(ChunkId id, long lengthBytes) {
      CompletionStage<Boolean> there =
          listed.get(id) == lengthBytes ? done(true) : home.isThere(id, lengthBytes);
      return there.thenCompose(
          found -> {
            if (!found) {
              missing.add(id);
              return done(false);
            }
            return options.deep() ? sound(id, lengthBytes) : done(true);
          });
    }

    private CompletionStage<Boolean> sound(ChunkId id, long lengthBytes) {
      long known = hashed.get(id);
      if (known >= 0) {
        return done(known == SOUND);
      }
      return home.read(id, lengthBytes)
          .runFold(
              sha256(),
              (digest, bytes) -> {
                bytes.getByteBuffers().forEach(digest::update);
                return digest;
              },
              materializer)
          .thenApply(
              digest -> {
                boolean sound = HexFormat.of().formatHex(digest.digest()).equals(id.hex());
                hashed.put(id, sound ? SOUND : BAD);
                if (!sound) {
                  damaged.add(id);
                }
                return sound;
              });
    }

    private static MessageDigest sha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-256", e);
      }
    }

    private CompletionStage<Boolean> heal(Entry entry) {
      broken.increment();
      if (!options.heal()) {
        return done(false);
      }
      return remover
          .remove(entry)
          .thenApply(
              removed -> {
                if (removed) {
                  healed.increment();
                }
                return removed;
              });
    }

    private void orphans() {
      progress.phase("looking for orphans", listed.size());
      Waiting.forWalk(
          home.list()
              .filter(found -> !named.contains(found.id()) && listed.contains(found.id()))
              .mapAsyncUnordered(PARALLELISM, this::orphan)
              .runWith(Sink.ignore(), materializer));
    }

    private CompletionStage<Done> orphan(ChunkHome.Held found) {
      orphans.increment();
      orphanBytes.add(Math.max(0, found.lengthBytes()));
      CompletionStage<Boolean> gone =
          options.deleteOrphans() ? home.deleteOrphan(found.id()) : done(false);
      return gone.thenApply(
          deleted -> {
            if (deleted) {
              deletedOrphans.increment();
            }
            return Done.getInstance();
          });
    }

    private static <T> CompletionStage<T> done(T value) {
      return CompletableFuture.completedStage(value);
    }
  }
}
