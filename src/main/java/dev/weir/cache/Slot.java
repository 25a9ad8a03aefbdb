package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.store.MetadataStore.Version;
import org.jspecify.annotations.Nullable;

/**
 * The state of one variant of a key: its methods are the legal transitions.
 *
 * <pre>
 *                lead                     committed
 *   Vacant ───────────────▶ Filling ───────────────────▶ Stored
 *     ▲  ▲                   │  ▲ │                      │ │  ▲
 *     │  └───────ended───────┘  │ └─lead (supersedes)    │ │  │ ended (stale if error),
 *     │                         │                        │ │  │ committed (304 or 200)
 *     │                         └────removed──── Renewing ◀┘  │
 *     │                                             │  lead   │
 *     └───────────────removed───────────────────────┼─────────┘
 *                                                   └─lead (supersedes)
 * </pre>
 *
 * <p>Invalidation is not a transition of one slot: it drops them all ({@link KeyState#invalidate}).
 * Fresh or stale is not a state either: it is a function of the time, judged by the request.
 */
sealed interface Slot {
  /** Nothing stored, nobody fetches. */
  record Vacant() implements Slot {}

  /** Nothing stored; others may follow that fill. */
  record Filling(FillId fill) implements Slot {}

  record Stored(Kept kept) implements Slot {}

  /** Stored, and being validated or replaced by that fill. */
  record Renewing(Kept kept, FillId fill) implements Slot {}

  /**
   * A stored entry as the keeper knows it.
   *
   * @param version of its document
   * @param order of the grant it was fetched under; 0 if it was read from the store
   * @param persistedMillis the response time in its document, which a refresh may have outrun
   * @param held its bytes are not durable yet: it is served, and {@code version} is that of the
   *     document it will replace
   */
  record Kept(Entry entry, Version version, long order, long persistedMillis, boolean held) {
    Kept(Entry entry, Version version, long order, long persistedMillis) {
      this(entry, version, order, persistedMillis, false);
    }
  }

  /** A fill begins; one that is followed already is superseded and followed no more. */
  default Slot lead(FillId fill) {
    return switch (this) {
      case Vacant vacant -> new Filling(fill);
      case Filling filling -> new Filling(fill);
      case Stored(Kept kept) -> new Renewing(kept, fill);
      case Renewing(Kept kept, FillId superseded) -> new Renewing(kept, fill);
    };
  }

  /** That fill is followed no more; nothing was committed. */
  default Slot ended(FillId ended) {
    return switch (this) {
      case Filling(FillId fill) when fill.equals(ended) -> new Vacant();
      case Renewing(Kept kept, FillId fill) when fill.equals(ended) -> new Stored(kept);
      default -> this;
    };
  }

  /** That fill's entry is stored; another that runs meanwhile goes on. */
  default Slot committed(Kept fresh, FillId by) {
    return switch (this.ended(by)) {
      case Vacant vacant -> new Stored(fresh);
      case Stored stored -> new Stored(fresh);
      case Filling(FillId other) -> new Renewing(fresh, other);
      case Renewing(Kept old, FillId other) -> new Renewing(fresh, other);
    };
  }

  /** Its entry is gone from the store. */
  default Slot removed() {
    return switch (this) {
      case Stored stored -> new Vacant();
      case Renewing(Kept kept, FillId fill) -> new Filling(fill);
      case Vacant vacant -> vacant;
      case Filling filling -> filling;
    };
  }

  default @Nullable Kept kept() {
    return switch (this) {
      case Stored(Kept kept) -> kept;
      case Renewing(Kept kept, FillId fill) -> kept;
      case Vacant vacant -> null;
      case Filling filling -> null;
    };
  }

  /** The fill that may be followed. */
  default @Nullable FillId fill() {
    return switch (this) {
      case Filling(FillId fill) -> fill;
      case Renewing(Kept kept, FillId fill) -> fill;
      case Vacant vacant -> null;
      case Stored stored -> null;
    };
  }
}
