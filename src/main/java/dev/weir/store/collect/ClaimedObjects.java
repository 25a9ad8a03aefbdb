package dev.weir.store.collect;

import dev.weir.entry.ChunkId;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.Notes;
import dev.weir.store.ObjectStore;
import dev.weir.store.ObjectStoreMetrics;
import dev.weir.store.StoreException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * An object store whose chunks are collected: each put claims its chunk first, so that no collector
 * deletes it before the document that names it can be written. A put is skipped only for bytes that
 * were put within half the grace. While the notes cannot be read nothing is put.
 *
 * <p>A chunk under deletion is waited for some seconds; then the put fails as UNAVAILABLE, and
 * comes again with the next try.
 */
public final class ClaimedObjects implements ObjectStore {
  private static final long PAUSE_MILLIS = 250;
  private static final int MAX_READS = 40;

  private final ObjectStore store;
  private final Notes notes;
  private final Condemnation.Times times;
  private final InstantSource clock;

  public ClaimedObjects(
      ObjectStore store, Notes notes, Condemnation.Times times, InstantSource clock) {
    this.store = store;
    this.notes = notes;
    this.times = times;
    this.clock = clock;
  }

  @Override
  public CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace) {
    return claim(id, MAX_READS)
        .thenCompose(_ -> replace ? done(false) : isThere(id, lengthBytes))
        .thenCompose(
            there -> {
              if (there) {
                store.metrics().putsSkipped.increment();
                return done(Put.PRESENT);
              }
              return store.put(id, file, lengthBytes, true);
            });
  }

  /** Completes when the chunk is free of any condemnation. */
  private CompletionStage<Done> claim(ChunkId id, int readsLeft) {
    if (readsLeft == 0) {
      return CompletableFuture.failedStage(
          new StoreException(
              StoreException.Kind.UNAVAILABLE,
              "Chunk " + id.hex() + " is still being deleted by a collector."));
    }
    return notes
        .read(ChunkNotes.id(id))
        .thenCompose(
            found -> {
              Condemnation now =
                  found
                      .map(note -> Condemnation.parse(note.text()))
                      .orElseGet(Condemnation.Free::new);
              return switch (now.claim()) {
                case GRANTED -> done(Done.getInstance());
                case REVOKE -> revoke(id, found.orElseThrow(), readsLeft);
                case WAIT ->
                    CompletableFuture.runAsync(
                            () -> {},
                            CompletableFuture.delayedExecutor(PAUSE_MILLIS, TimeUnit.MILLISECONDS))
                        .thenCompose(_ -> claim(id, readsLeft - 1));
              };
            });
  }

  private CompletionStage<Done> revoke(ChunkId id, Notes.Note note, int readsLeft) {
    return notes
        .delete(note.id(), note.version())
        .thenCompose(
            result ->
                switch (result) {
                  case WriteResult.Written written -> done(Done.getInstance());
                  case WriteResult.Conflict conflict -> claim(id, readsLeft - 1);
                });
  }

  private CompletionStage<Boolean> isThere(ChunkId id, long lengthBytes) {
    return store
        .examine(id)
        .thenApply(
            found ->
                found
                    .filter(held -> held.lengthBytes() == lengthBytes)
                    .filter(
                        held ->
                            Condemnation.isYoungEnough(
                                held.modified().toEpochMilli(), clock.millis(), times))
                    .isPresent());
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedStage(value);
  }

  @Override
  public CompletionStage<Map<ChunkId, Long>> lengths(List<ChunkId> ids) {
    return store.lengths(ids);
  }

  @Override
  public CompletionStage<Optional<Listed>> examine(ChunkId id) {
    return store.examine(id);
  }

  @Override
  public CompletionStage<String> owner(String owner, boolean replace) {
    return store.owner(owner, replace);
  }

  @Override
  public Source<ByteString, NotUsed> read(ChunkId id, long from, long to) {
    return store.read(id, from, to);
  }

  @Override
  public Source<Listed, NotUsed> list(String hexPrefix) {
    return store.list(hexPrefix);
  }

  @Override
  public CompletionStage<Integer> delete(List<ChunkId> ids) {
    return store.delete(ids);
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return store.problem();
  }

  @Override
  public ObjectStoreMetrics metrics() {
    return store.metrics();
  }

  @Override
  public void close() {
    store.close();
  }
}
