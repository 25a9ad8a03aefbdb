package dev.weir.cache;

import dev.weir.cache.Slot.Kept;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.MetadataStore.Version;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a key: a slot for each variant, the names it varies by, and what the stored index
 * says of both. No rules but those of places. Confined to its keeper.
 */
final class Stock {
  private static final Slot VACANT = new Slot.Vacant();

  private final PrimaryKey key;
  private final Map<SlotKey, Slot> slots = new LinkedHashMap<>();
  private Epoch epoch;
  private List<String> vary;
  private Version index;

  /** The names the stored index speaks of: those of entries that are held may be others. */
  private List<String> indexedVary;

  /** A variant is one only together with the names it was computed from. */
  record SlotKey(List<String> vary, VariantKey variant) {}

  Stock(PrimaryKey key, StoredKey stored) {
    this.key = key;
    this.epoch = stored.epoch();
    this.vary = stored.vary();
    this.index = stored.index();
    this.indexedVary = stored.vary();
    keep(stored);
  }

  /**
   * The store turned out to be ahead: its word counts, but what is held and newer than what is
   * stored stays. Tells whether another keeper has purged the key.
   */
  boolean adopt(StoredKey stored) {
    Map<SlotKey, Kept> held = new LinkedHashMap<>();
    slots.forEach(
        (place, slot) -> {
          if (slot.kept() != null && slot.kept().held()) {
            held.put(place, slot.kept());
          }
        });
    List<String> names = vary;
    slots.replaceAll((place, slot) -> slot.removed());
    boolean purged = stored.epoch().compareTo(epoch) > 0;
    if (purged) {
      epoch = stored.epoch();
      slots.clear();
    }
    vary = stored.vary();
    index = stored.index();
    indexedVary = stored.vary();
    keep(stored);
    held.forEach((place, kept) -> keepHeld(place, kept, names));
    prune();
    return purged;
  }

  private void keepHeld(SlotKey place, Kept held, List<String> names) {
    boolean current = held.entry().epoch().equals(epoch);
    boolean outdone =
        slots.values().stream()
            .map(Slot::kept)
            .anyMatch(
                kept ->
                    kept != null
                        && !kept.held()
                        && (!names.equals(indexedVary)
                            || kept.entry().variant().equals(place.variant()))
                        && kept.entry().response().responseTimeMillis()
                            >= held.entry().response().responseTimeMillis());
    if (!current || outdone) {
      return;
    }
    Kept under = slotAt(place).kept();
    Version over = under == null ? Version.ABSENT : under.version();
    vary = names;
    Kept again = new Kept(held.entry(), over, held.order(), held.persistedMillis(), true);
    change(place, slot -> slot.committed(again, held.entry().tag()));
  }

  private void keep(StoredKey stored) {
    for (StoredKey.StoredEntry read : stored.entries()) {
      Entry entry = read.entry();
      if (entry.epoch().compareTo(epoch) >= 0) {
        Kept kept = new Kept(entry, read.version(), 0, entry.response().responseTimeMillis());
        SlotKey place = new SlotKey(vary, entry.variant());
        slots.put(place, slotAt(place).committed(kept, entry.tag()));
      }
    }
  }

  Epoch epoch() {
    return epoch;
  }

  List<String> vary() {
    return vary;
  }

  Version indexVersion() {
    return index;
  }

  void indexWritten(Version version) {
    index = version;
  }

  /** All that is served. */
  Stream<Kept> kept() {
    return slots.values().stream().map(Slot::kept).filter(Objects::nonNull);
  }

  boolean hasHeld() {
    return kept().anyMatch(Kept::held);
  }

  /** The place of that variant by the names the key varies by now. */
  SlotKey place(VariantKey variant) {
    return new SlotKey(vary, variant);
  }

  Slot slotAt(SlotKey place) {
    return slots.getOrDefault(place, VACANT);
  }

  void change(SlotKey place, UnaryOperator<Slot> transition) {
    Slot next = transition.apply(slotAt(place));
    if (next instanceof Slot.Vacant) {
      slots.remove(place);
    } else {
      slots.put(place, next);
    }
  }

  /** A fill is followed no more. */
  void ended(RunningFill fill) {
    change(new SlotKey(fill.vary(), fill.variant()), slot -> slot.ended(fill.id()));
  }

  void prune() {
    slots.values().removeIf(slot -> slot instanceof Slot.Vacant);
  }

  // --- what changes

  /** The entry takes that place; the key varies by these names from here on. */
  void put(List<String> names, Kept kept, FillId by) {
    vary = names;
    change(new SlotKey(names, kept.entry().variant()), slot -> slot.committed(kept, by));
  }

  /** What is held under other names goes out of sight; its documents stay. */
  void hide() {
    slots.replaceAll((place, slot) -> slot.removed());
  }

  /**
   * The index has been written.
   *
   * @param names it speaks of
   */
  void indexed(List<String> names, Version version) {
    index = version;
    indexedVary = names;
  }

  /**
   * Takes away what is found no more, and returns it.
   *
   * @param but stays in any case
   * @param renamed the key varies by other names than before
   * @param listed by the index, if it names any
   */
  List<Kept> takeUnlisted(VariantKey but, boolean renamed, List<VariantKey> listed) {
    List<Kept> taken = new ArrayList<>();
    SlotKey place = place(but);
    for (Map.Entry<SlotKey, Slot> other : slots.entrySet()) {
      Kept kept = other.getValue().kept();
      boolean unlisted =
          renamed
              || (!listed.isEmpty()
                  && kept != null
                  && !kept.held()
                  && !listed.contains(other.getKey().variant()));
      if (kept != null && !other.getKey().equals(place) && unlisted) {
        taken.add(kept);
        other.setValue(other.getValue().removed());
      }
    }
    prune();
    return taken;
  }

  /** All goes, under a new epoch; returns what was served. */
  List<Kept> clear(long nowMillis) {
    epoch = epoch.next(nowMillis);
    List<Kept> gone = kept().toList();
    slots.clear();
    vary = List.of();
    indexedVary = List.of();
    return gone;
  }

  /** The entry of that variant if it still is the one with that tag. */
  @Nullable Kept current(VariantKey variant, FillId tag) {
    Kept kept = slotAt(new SlotKey(vary, variant)).kept();
    return kept != null && kept.entry().tag().equals(tag) ? kept : null;
  }

  void removed(VariantKey variant, FillId tag) {
    if (current(variant, tag) != null) {
      change(new SlotKey(vary, variant), Slot::removed);
    }
  }

  // --- the index

  VaryIndex tombstone() {
    return new VaryIndex(key, epoch, List.of(), List.of());
  }

  /** The index with that variant, or null if the stored one says so already. */
  @Nullable VaryIndex indexWith(List<String> names, VariantKey variant) {
    boolean sameNames = names.equals(indexedVary);
    if (names.isEmpty()) {
      return sameNames ? null : new VaryIndex(key, epoch, names, List.of());
    }
    List<VariantKey> variants = sameNames ? storedVariants() : new ArrayList<>();
    if (variants.contains(variant)) {
      return null;
    }
    variants.add(variant);
    int surplus = variants.size() - VaryIndex.MAX_VARIANTS;
    return new VaryIndex(
        key, epoch, names, surplus > 0 ? variants.subList(surplus, variants.size()) : variants);
  }

  private List<VariantKey> storedVariants() {
    List<VariantKey> variants = new ArrayList<>();
    slots.forEach(
        (place, slot) -> {
          if (slot.kept() != null && !slot.kept().held() && place.vary().equals(indexedVary)) {
            variants.add(place.variant());
          }
        });
    return variants;
  }

  /** The index without that variant, or null if it does not list it. */
  @Nullable VaryIndex indexWithout(VariantKey variant) {
    if (indexedVary.isEmpty()) {
      return null;
    }
    List<VariantKey> variants = storedVariants();
    variants.remove(variant);
    return new VaryIndex(key, epoch, indexedVary, variants);
  }
}
