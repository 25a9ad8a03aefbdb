package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.Document;
import dev.weir.store.FaultPoints;
import dev.weir.store.MetadataStore;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.Versioned;
import dev.weir.store.MetadataStore.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A keeper's side of the metadata store: the order of writes and what a conflict means. Every write
 * is conditional on the version that was read. Stages fail when the store does not answer in its
 * time; nothing here knows of actors.
 */
final class KeeperStore {
  private final MetadataStore store;
  private final long timeoutMillis;

  KeeperStore(MetadataStore store, long timeoutMillis) {
    this.store = store;
    this.timeoutMillis = timeoutMillis;
  }

  /** What became of one operation. */
  sealed interface Result {
    /**
     * It is stored.
     *
     * @param index the vary index as it is now, or null if it was not written
     */
    record Written(Version version, @Nullable IndexVersion index) implements Result {}

    record Removed(@Nullable IndexVersion index) implements Result {}

    /** Somebody else has written: what was read is out of date. */
    record Conflict() implements Result {}
  }

  record IndexVersion(VaryIndex index, Version version) {}

  /** An entry's document that is to go, if it still is in that version. */
  record Removal(String id, Version version) {}

  CompletionStage<StoredKey> load(PrimaryKey key) {
    return read(List.of(key.documentId(), key.varyIndexId()))
        .thenCompose(
            found -> {
              Optional<VaryIndex> index = found.get(1).map(KeeperStore::index);
              Version version = found.get(1).map(Versioned::version).orElse(Version.ABSENT);
              Epoch epoch = index.map(VaryIndex::epoch).orElse(null);
              List<String> vary = index.map(VaryIndex::vary).orElse(List.of());
              List<VariantKey> variants = index.map(VaryIndex::variants).orElse(List.of());
              if (variants.isEmpty()) {
                return CompletableFuture.completedStage(
                    stored(epoch, List.of(), version, found.subList(0, 1)));
              }
              return read(variants.stream().map(key::documentId).toList())
                  .thenApply(entries -> stored(epoch, vary, version, entries));
            });
  }

  /** The entry, then the index that lists it: a crash between them leaves it unlisted. */
  CompletionStage<Result> commit(
      Entry entry, Version expected, @Nullable VaryIndex index, Version indexExpected) {
    FaultPoints.reached(FaultPoints.Point.BEFORE_DOCUMENT);
    return writeEntry(entry, expected)
        .thenApply(
            written -> {
              FaultPoints.reached(FaultPoints.Point.AFTER_DOCUMENT);
              return written;
            })
        .thenCompose(
            written ->
                switch (written) {
                  case WriteResult.Written(Version version) when index == null ->
                      done(new Result.Written(version, null));
                  case WriteResult.Written(Version version) -> {
                    FaultPoints.reached(FaultPoints.Point.BEFORE_INDEX);
                    yield writeIndex(
                        index, indexExpected, listed -> new Result.Written(version, listed));
                  }
                  case WriteResult.Conflict conflict -> done(new Result.Conflict());
                });
  }

  /** The tombstone first: from then on no entry of an older epoch counts, deleted or not. */
  CompletionStage<Result> invalidate(
      VaryIndex tombstone, Version indexExpected, List<Removal> entries) {
    return writeIndex(tombstone, indexExpected, Result.Removed::new)
        .thenCompose(
            result ->
                result instanceof Result.Conflict
                    ? done(result)
                    : removeAll(entries).thenApply(ignored -> result));
  }

  /** The document first, then the index that names it. */
  CompletionStage<Result> remove(
      Removal removal, @Nullable VaryIndex index, Version indexExpected) {
    return within(store.delete(removal.id(), removal.version()))
        .thenCompose(
            deleted ->
                switch (deleted) {
                  case WriteResult.Conflict conflict -> done(new Result.Conflict());
                  case WriteResult.Written written ->
                      index == null
                          ? done(new Result.Removed(null))
                          : writeIndex(index, indexExpected, Result.Removed::new);
                });
  }

  /** Documents nobody lists any more; losing this only leaves garbage for the collector. */
  CompletionStage<?> removeAll(List<Removal> removals) {
    List<CompletableFuture<?>> deletions = new ArrayList<>();
    for (Removal removal : removals) {
      deletions.add(
          within(store.delete(removal.id(), removal.version()))
              .exceptionally(failed -> new WriteResult.Conflict())
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(deletions.toArray(CompletableFuture[]::new));
  }

  /** An unlisted document in the way is a crash's leftover: ours replaces it if it is newer. */
  private CompletionStage<WriteResult> writeEntry(Entry entry, Version expected) {
    Document document = new Document.EntryDocument(entry);
    return within(store.write(document, expected))
        .thenCompose(
            result ->
                result instanceof WriteResult.Conflict && expected.equals(Version.ABSENT)
                    ? read(List.of(document.id())).thenCompose(found -> replace(entry, found))
                    : CompletableFuture.completedStage(result));
  }

  private CompletionStage<WriteResult> replace(Entry entry, List<Optional<Versioned>> found) {
    Document document = new Document.EntryDocument(entry);
    Optional<Versioned> present = found.getFirst();
    if (present.isEmpty()) {
      return within(store.write(document, Version.ABSENT));
    }
    boolean newer =
        present.get().document() instanceof Document.EntryDocument(Entry other)
            && (other.epoch().compareTo(entry.epoch()) > 0
                || other.response().responseTimeMillis() > entry.response().responseTimeMillis());
    return newer
        ? CompletableFuture.completedStage(new WriteResult.Conflict())
        : within(store.write(document, present.get().version()));
  }

  private CompletionStage<Result> writeIndex(
      VaryIndex index, Version expected, java.util.function.Function<IndexVersion, Result> then) {
    return within(store.write(new Document.VaryDocument(index), expected))
        .thenApply(
            written ->
                switch (written) {
                  case WriteResult.Written(Version version) ->
                      then.apply(new IndexVersion(index, version));
                  case WriteResult.Conflict conflict -> new Result.Conflict();
                });
  }

  private CompletionStage<List<Optional<Versioned>>> read(List<String> ids) {
    return within(store.read(ids));
  }

  private <T> CompletionStage<T> within(CompletionStage<T> operation) {
    return operation.toCompletableFuture().copy().orTimeout(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  private static CompletionStage<Result> done(Result result) {
    return CompletableFuture.completedStage(result);
  }

  /** Only entries of the current epoch count: older ones were purged, deleted or not. */
  private static StoredKey stored(
      @Nullable Epoch epoch, List<String> vary, Version index, List<Optional<Versioned>> found) {
    List<StoredKey.StoredEntry> entries = new ArrayList<>();
    Epoch current = epoch == null ? Epoch.FIRST : epoch;
    for (Optional<Versioned> document : found) {
      if (document.isPresent()
          && document.get().document() instanceof Document.EntryDocument(Entry entry)) {
        entries.add(new StoredKey.StoredEntry(entry, document.get().version()));
        current = entry.epoch().compareTo(current) > 0 ? entry.epoch() : current;
      }
    }
    Epoch newest = current;
    entries.removeIf(read -> !read.entry().epoch().equals(newest));
    return new StoredKey(newest, vary, index, entries);
  }

  private static VaryIndex index(Versioned versioned) {
    return versioned.document() instanceof Document.VaryDocument(VaryIndex index)
        ? index
        : new VaryIndex(
            ((Document.EntryDocument) versioned.document()).entry().key(),
            Epoch.FIRST,
            List.of(),
            List.of());
  }
}
