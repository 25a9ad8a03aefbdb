package dev.weir.cache;

import dev.weir.cache.KeyState.CommitDecision;
import dev.weir.cache.Slot.Kept;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import dev.weir.store.MetadataStore.Version;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the entries that fills bring: whether one may be kept, and what it puts out of
 * the way. A part of a key's state, as pure as that.
 */
final class Commits {
  private final CacheSettings settings;
  private final Stock stock;
  private final RunningFills running;

  Commits(CacheSettings settings, Stock stock, RunningFills running) {
    this.settings = settings;
    this.stock = stock;
    this.running = running;
  }

  CommitDecision decide(Grant grant, Entry entry, List<String> names, boolean held) {
    if (!grant.epoch().equals(stock.epoch())) {
      return new CommitDecision.Refuse("epoch");
    }
    if (running.isReleased(grant.fill())) {
      return new CommitDecision.Refuse("replaced");
    }
    boolean isRefresh = !entry.tag().equals(grant.fill());
    Stock.SlotKey place = new Stock.SlotKey(isRefresh ? stock.vary() : names, entry.variant());
    Kept kept = stock.slotAt(place).kept();
    if (isRefresh) {
      if (kept == null || !kept.entry().tag().equals(entry.tag())) {
        return new CommitDecision.Refuse("gone");
      }
      return kept.order() > running.orderOf(grant.fill()) && isNotOlder(kept, entry)
          ? new CommitDecision.Known(kept.entry()) // a later validation was faster
          : new CommitDecision.Refresh(kept, !kept.held() && isWorthWriting(kept, entry));
    }
    if (kept != null && kept.entry().tag().equals(entry.tag())) {
      return kept.held() && !held
          ? write(kept.entry(), kept, names)
          : new CommitDecision.Known(kept.entry());
    }
    if (kept != null && kept.entry().complete() && !entry.complete()) {
      return new CommitDecision.Refuse("whole"); // what is whole never gives way to a part
    }
    if (isSuperseded(kept, running.orderOf(grant.fill()), entry, names)) {
      return new CommitDecision.Refuse("superseded");
    }
    return held
        ? new CommitDecision.Hold(kept == null ? Version.ABSENT : kept.version())
        : write(entry, kept, names);
  }

  private CommitDecision write(Entry entry, @Nullable Kept over, List<String> names) {
    return new CommitDecision.Write(
        entry,
        over == null ? Version.ABSENT : over.version(),
        stock.indexWith(names, entry.variant()),
        stock.indexVersion());
  }

  /**
   * Whether something newer is kept; without the order of grants the times of the responses say.
   */
  private boolean isSuperseded(@Nullable Kept kept, long order, Entry entry, List<String> names) {
    if (order != RunningFill.UNORDERED) {
      return kept != null && kept.order() > order;
    }
    return names.equals(stock.vary())
        ? kept != null && isNotOlder(kept, entry)
        : stock.kept().anyMatch(other -> isNotOlder(other, entry));
  }

  private static boolean isNotOlder(Kept kept, Entry entry) {
    return kept.entry().response().responseTimeMillis() >= entry.response().responseTimeMillis();
  }

  /** More than times has changed, or the stored freshness lags behind by the configured span. */
  private boolean isWorthWriting(Kept kept, Entry refreshed) {
    long gainedMillis = refreshed.response().responseTimeMillis() - kept.persistedMillis();
    return gainedMillis >= settings.refreshPersistMillis()
        || !Refreshes.sameButTimes(
            kept.entry().response().headers(), refreshed.response().headers());
  }

  /** The entry is served from now on; what it put out of the way is garbage once it is written. */
  void held(Grant grant, Entry entry, List<String> names, Version over) {
    keep(grant, entry, names, over, true);
    stock.prune();
  }

  /** The entry is stored; returns those that it put out of the way. */
  List<Kept> committed(
      Grant grant,
      Entry entry,
      List<String> names,
      Version version,
      KeeperStore.@Nullable IndexVersion written) {
    if (written != null) {
      stock.indexed(names, written.version());
    }
    boolean renamed = !names.equals(stock.vary());
    List<Kept> replaced = keep(grant, entry, names, version, false);
    List<VariantKey> listed = written == null ? List.of() : written.index().variants();
    replaced.addAll(stock.takeUnlisted(entry.variant(), renamed, listed));
    return replaced;
  }

  /** Puts the entry into its place; returns what was there. */
  private List<Kept> keep(
      Grant grant, Entry entry, List<String> names, Version version, boolean held) {
    long order = running.orderOf(grant.fill());
    ended(grant.fill());
    if (held && !names.equals(stock.vary())) {
      stock.hide();
    }
    Kept old = stock.slotAt(new Stock.SlotKey(names, entry.variant())).kept();
    boolean same = old != null && old.entry().tag().equals(entry.tag());
    long persisted = entry.response().responseTimeMillis();
    if (order == RunningFill.UNORDERED && old != null && same) {
      order = old.order();
    }
    Kept fresh = new Kept(entry, version, order, persisted, held);
    stock.put(names, fresh, grant.fill());
    List<Kept> replaced = new ArrayList<>();
    if (old != null && !same) {
      replaced.add(old);
    }
    return replaced;
  }

  /** The refreshed entry takes effect, written ({@code version}) or only here (null). */
  void refreshed(Grant grant, Entry entry, @Nullable Version version) {
    Stock.SlotKey place = stock.place(entry.variant());
    Kept kept = stock.slotAt(place).kept();
    long known = running.orderOf(grant.fill());
    ended(grant.fill());
    if (kept != null && kept.entry().tag().equals(entry.tag())) {
      long order = Math.max(kept.order(), known);
      long persisted =
          version == null ? kept.persistedMillis() : entry.response().responseTimeMillis();
      Version now = version == null ? kept.version() : version;
      Kept fresh = new Kept(entry, now, order, persisted, kept.held());
      stock.change(place, slot -> slot.committed(fresh, grant.fill()));
    }
  }

  private void ended(FillId id) {
    RunningFill fill = running.remove(id);
    if (fill != null) {
      stock.ended(fill);
    }
  }
}
