package dev.weir.moving;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.Versioned;
import dev.weir.store.MetadataStore.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts moved entries where nothing is. Every write is conditional: what was stored or purged here
 * always wins, whenever it came. The document is written before the index that lists it, so that a
 * crash between them leaves one that nobody sees, and that the next run replaces. Blocks.
 */
final class Shelf {
  /** The time of response of all that was moved: so long ago that it has no freshness left. */
  static final long LONG_AGO_MILLIS = 0;

  private static final long CALL_MILLIS = 60_000;
  private static final int MAX_TRIES = 16;

  private final MetadataStore metadata;

  Shelf(MetadataStore metadata) {
    this.metadata = metadata;
  }

  /**
   * A place where nothing is.
   *
   * @param document the version to be replaced, of a run that was cut off, or ABSENT
   * @param index that lists other variants, or null
   */
  record Place(Epoch epoch, Version document, @Nullable VaryIndex index, Version indexVersion) {}

  /** Empty if there is something already. */
  Optional<Place> find(PrimaryKey key, VariantKey variant, List<String> vary) {
    List<String> ids = new ArrayList<>(List.of(key.documentId(), key.varyIndexId()));
    if (!variant.isNone()) {
      ids.add(key.documentId(variant));
    }
    List<Optional<Versioned>> found = Waiting.on(metadata.read(ids), CALL_MILLIS);
    Optional<Versioned> listed = found.get(1);
    if (found.getFirst().isPresent()) {
      return Optional.empty();
    }
    VaryIndex index = null;
    if (listed.isPresent()) {
      if (!(listed.get().document() instanceof Document.VaryDocument(VaryIndex there))
          || !takes(there, variant, vary)) {
        return Optional.empty();
      }
      index = there;
    }
    Optional<Versioned> unlisted = variant.isNone() ? Optional.empty() : found.get(2);
    if (unlisted.isPresent() && !isMoved(unlisted.get())) {
      return Optional.empty();
    }
    return Optional.of(
        new Place(
            index == null ? Epoch.FIRST : index.epoch(),
            unlisted.map(Versioned::version).orElse(Version.ABSENT),
            index,
            listed.map(Versioned::version).orElse(Version.ABSENT)));
  }

  /** Whether it may list that variant too. One without any is what a purge leaves. */
  private static boolean takes(VaryIndex index, VariantKey variant, List<String> vary) {
    return !variant.isNone()
        && !index.variants().isEmpty()
        && index.variants().size() < VaryIndex.MAX_VARIANTS
        && index.vary().equals(vary)
        && !index.variants().contains(variant);
  }

  private static boolean isMoved(Versioned versioned) {
    return versioned.document() instanceof Document.EntryDocument(Entry entry)
        && entry.response().responseTimeMillis() == LONG_AGO_MILLIS;
  }

  /** False if somebody was faster: then nothing of the entry is left. */
  boolean put(Entry entry, Place place, List<String> vary) {
    Document document = new Document.EntryDocument(entry);
    WriteResult written = Waiting.on(metadata.write(document, place.document()), CALL_MILLIS);
    if (!(written instanceof WriteResult.Written(Version version))) {
      return false;
    }
    if (entry.variant().isNone() || list(entry, place, vary)) {
      return true;
    }
    Waiting.on(metadata.delete(document.id(), version), CALL_MILLIS);
    return false;
  }

  /** Several variants of a key may come at once. */
  private boolean list(Entry entry, Place first, List<String> vary) {
    Place place = first;
    for (int i = 0; i < MAX_TRIES; i++) {
      VaryIndex there = place.index();
      List<VariantKey> variants = new ArrayList<>(there == null ? List.of() : there.variants());
      variants.add(entry.variant());
      VaryIndex index = new VaryIndex(entry.key(), entry.epoch(), vary, variants);
      if (Waiting.on(
              metadata.write(new Document.VaryDocument(index), place.indexVersion()), CALL_MILLIS)
          instanceof WriteResult.Written) {
        return true;
      }
      Optional<Place> again = find(entry.key(), entry.variant(), vary);
      if (again.isEmpty() || !again.get().epoch().equals(entry.epoch())) {
        return false;
      }
      place = again.get();
    }
    return false;
  }
}
