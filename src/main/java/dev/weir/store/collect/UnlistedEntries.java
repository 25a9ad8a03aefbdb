package dev.weir.store.collect;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.Document;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.Versioned;
import dev.weir.store.MetadataStore.WriteResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Documents of entries that nobody can find any more: the index of their key does not list them, or
 * tells of a later purge. A crash between an entry and its index leaves one, and so does the
 * removal of a replaced variant that the store did not take. Nothing reads them, but they name
 * chunks.
 *
 * <p>An entry is written before it is listed, so one look proves nothing: only what is older than
 * the grace, is unlisted in two looks some time apart and has not changed between them goes, by a
 * delete of that very version.
 */
final class UnlistedEntries {
  /** What is remembered of a document: not its body, which may stand in it. */
  private record Suspect(PrimaryKey key, VariantKey variant, Epoch epoch, Version version) {
    static Suspect of(Versioned stored) {
      Entry entry = ((EntryDocument) stored.document()).entry();
      return new Suspect(entry.key(), entry.variant(), entry.epoch(), stored.version());
    }

    String documentId() {
      return key.documentId(variant);
    }

    /** Whether a request can find it, by what is stored under its key. */
    boolean isListed(Optional<Versioned> index) {
      if (index.isPresent()
          && index.get().document() instanceof Document.VaryDocument(VaryIndex known)) {
        boolean purged = epoch.compareTo(known.epoch()) < 0;
        return !purged
            && (known.variants().isEmpty() ? variant.isNone() : known.variants().contains(variant));
      }
      return variant.isNone();
    }
  }

  private final MetadataStore metadata;
  private final CollectionSettings.Unlisted settings;
  private final long beforeMillis;
  private final Map<String, Suspect> suspects = new LinkedHashMap<>();
  private long lookedNanos;

  /**
   * @param beforeMillis responses since then are left alone
   */
  UnlistedEntries(MetadataStore metadata, CollectionSettings.Unlisted settings, long beforeMillis) {
    this.metadata = metadata;
    this.settings = settings;
    this.beforeMillis = beforeMillis;
  }

  /** Remembers which of these are not listed; completes with them all. */
  CompletionStage<List<Versioned>> look(List<Versioned> batch) {
    List<Suspect> old = batch.stream().filter(this::isOld).map(Suspect::of).toList();
    List<String> indices = old.stream().map(one -> one.key().varyIndexId()).distinct().toList();
    if (indices.isEmpty()) {
      return CompletableFuture.completedStage(batch);
    }
    return metadata
        .read(indices)
        .thenApply(
            found -> {
              Map<String, Optional<Versioned>> byId =
                  IntStream.range(0, indices.size())
                      .boxed()
                      .collect(Collectors.toMap(indices::get, found::get));
              remember(
                  old.stream()
                      .filter(
                          one ->
                              !one.isListed(
                                  byId.getOrDefault(one.key().varyIndexId(), Optional.empty())))
                      .toList());
              return batch;
            });
  }

  private synchronized void remember(List<Suspect> unlisted) {
    unlisted.stream()
        .limit(settings.suspects() - (long) suspects.size())
        .forEach(one -> suspects.put(one.documentId(), one));
    lookedNanos = System.nanoTime();
  }

  /** Whether that document is under suspicion. */
  synchronized boolean has(String documentId) {
    return suspects.containsKey(documentId);
  }

  /** How many are under suspicion. */
  synchronized long count() {
    return suspects.size();
  }

  /**
   * Deletes those that are still not listed; blocks, at least for the time between two looks if
   * there are any.
   *
   * @param mayGoOn called before each
   * @param gone told the body of each that went
   */
  synchronized void remove(Runnable mayGoOn, Consumer<Body> gone) {
    if (suspects.isEmpty()) {
      return;
    }
    rest();
    for (Suspect suspect : suspects.values()) {
      mayGoOn.run();
      String id = suspect.documentId();
      List<Optional<Versioned>> now =
          Waiting.forCall(metadata.read(List.of(id, suspect.key().varyIndexId())));
      Versioned found = now.getFirst().orElse(null);
      if (found != null
          && found.version().equals(suspect.version())
          && found.document() instanceof EntryDocument(Entry entry)
          && !suspect.isListed(now.getLast())
          && Waiting.forCall(metadata.delete(id, suspect.version()))
              instanceof WriteResult.Written) {
        gone.accept(entry.body());
      }
    }
  }

  private void rest() {
    long sinceMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lookedNanos);
    try {
      Thread.sleep(Math.max(0, settings.restMillis() - sinceMillis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the next call to the store tells
    }
  }

  private boolean isOld(Versioned stored) {
    return stored.document() instanceof EntryDocument(Entry entry)
        && entry.response().responseTimeMillis() < beforeMillis;
  }
}
