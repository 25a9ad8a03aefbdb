package dev.weir.store.collect;

import dev.weir.entry.ChunkId;
import dev.weir.store.ForwardingObjects;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.Notes;
import dev.weir.store.ObjectStore;
import dev.weir.store.StoreException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;

/**
 * An object store whose chunks are collected: each put claims its chunk first, so that no collector
 * deletes it before the document that names it can be written. A put is skipped only for bytes that
 * were put within half the grace. While the notes cannot be read nothing is put.
 *
 * <p>A chunk under deletion is waited for as the settings say; then the put fails as UNAVAILABLE,
 * and comes again with the next try.
 */
public final class ClaimedObjects extends ForwardingObjects {
  private final Notes notes;
  private final CollectionSettings settings;
  private final Condemnation.Times times;
  private final InstantSource clock;

  public ClaimedObjects(
      ObjectStore store, Notes notes, CollectionSettings settings, InstantSource clock) {
    super(store);
    this.notes = notes;
    this.settings = settings;
    this.times = settings.times();
    this.clock = clock;
  }

  @Override
  public CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace) {
    return claim(id, settings.claimReads())
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
                            CompletableFuture.delayedExecutor(
                                settings.claimPauseMillis(), TimeUnit.MILLISECONDS))
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
}
