package dev.weir.cache;

import dev.weir.cache.Slot.Kept;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.MetadataStore.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a keeper knows of its key, and the rules by which it decides: no I/O, no clock, no actor.
 * Times are nanoseconds of the caller's monotonic clock. Confined to its keeper.
 */
final class KeyState {
  private static final Slot VACANT = new Slot.Vacant();

  private final PrimaryKey key;
  private final CacheSettings settings;
  private final Map<SlotKey, Slot> slots = new LinkedHashMap<>();
  private final RunningFills running;
  private Epoch epoch;
  private List<String> vary;
  private Version index;

  /** The names the stored index speaks of: those of entries that are held may be others. */
  private List<String> indexedVary;

  private long uncacheableUntilNanos;
  private boolean uncacheable;

  /** Of a fill that another keeper has granted no more is known than that it runs. */
  private boolean foreign;

  /** A variant is one only together with the names it was computed from. */
  private record SlotKey(List<String> vary, VariantKey variant) {}

  /** What is to be answered to a question. */
  sealed interface Decision {
    record Serve(Kept kept) implements Decision {}

    record Join(RunningFill fill) implements Decision {}

    record Lead(Grant grant, boolean solo) implements Decision {}

    record Validate(Grant grant, Kept kept) implements Decision {}

    record Learn(List<String> vary) implements Decision {}

    record Alone(String reason) implements Decision {}
  }

  /** What is to be done about a commit. */
  sealed interface CommitDecision {
    record Refuse(String reason) implements CommitDecision {}

    /** It is kept already, held or stored as the commit says. */
    record Known(Entry entry) implements CommitDecision {}

    /** It is served from now on and written later, over the document of that version. */
    record Hold(Version over) implements CommitDecision {}

    /** Only times and fields of a stored entry change. */
    record Refresh(Kept kept, boolean persist) implements CommitDecision {}

    /**
     * A new entry is to be written.
     *
     * @param entry which may have been refreshed since it was held
     * @param index the vary index to write after the entry, or null if it says the same already
     */
    record Write(Entry entry, Version expected, @Nullable VaryIndex index, Version indexExpected)
        implements CommitDecision {}
  }

  /** What is to be done for a follower that has lost its leader. */
  sealed interface OrphanDecision {
    /** Its leader lives, or another has taken over. */
    record Follow(NodeId leader) implements OrphanDecision {}

    /** It has the lead already; the word of it was lost. */
    record Lead(Grant grant) implements OrphanDecision {}

    /** The one with the most bytes leads; to be decided when all have spoken. */
    record Elect(FillId fill) implements OrphanDecision {}

    record Refuse(String reason) implements OrphanDecision {}
  }

  KeyState(PrimaryKey key, CacheSettings settings, StoredKey stored) {
    this.key = key;
    this.settings = settings;
    this.running = new RunningFills(settings);
    this.epoch = stored.epoch();
    this.vary = stored.vary();
    this.index = stored.index();
    this.indexedVary = stored.vary();
    keep(stored);
  }

  /**
   * The store turned out to be ahead: its word counts, running fills go on unless their epoch is
   * over, and so does what is held and newer than what is stored.
   */
  void adopt(StoredKey stored) {
    Epoch known = epoch;
    Map<SlotKey, Kept> held = new LinkedHashMap<>();
    slots.forEach(
        (place, slot) -> {
          if (slot.kept() != null && slot.kept().held()) {
            held.put(place, slot.kept());
          }
        });
    List<String> names = vary;
    slots.replaceAll((place, slot) -> slot.removed());
    if (stored.epoch().compareTo(known) > 0) {
      // Another keeper has purged it: what this one granted before may not be followed either.
      epoch = stored.epoch();
      slots.clear();
      running.clear();
    }
    vary = stored.vary();
    index = stored.index();
    indexedVary = stored.vary();
    keep(stored);
    held.forEach((place, kept) -> keepHeld(place, kept, names));
    prune();
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

  boolean hasRunning() {
    return !running.isEmpty();
  }

  /** Nothing is kept, and nothing runs that could be. */
  boolean isEmpty() {
    return !foreign
        && running.isEmpty()
        && slots.values().stream().allMatch(slot -> slot.kept() == null);
  }

  // --- questions

  Decision decide(KeeperCommand.Ask ask, FillId fresh, long nowNanos) {
    Slot slot = slotAt(new SlotKey(ask.vary(), ask.variant()));
    Kept kept = slot.kept();
    if (kept == null) {
      List<String> names = running.latestVary(vary);
      if (!ask.vary().equals(names)) {
        return new Decision.Learn(names);
      }
    }
    RunningFill fill = running.get(slot.fill());
    return switch (ask.intent()) {
      case LOOK ->
          kept != null ? new Decision.Serve(kept) : followOrLead(ask, fill, null, fresh, nowNanos);
      case VALIDATE ->
          kept != null && isNewer(kept, ask.seen())
              ? new Decision.Serve(kept)
              : followOrLead(ask, fill, kept, fresh, nowNanos);
      case BACKGROUND -> background(ask, fill, kept, fresh, nowNanos);
      case REPLACE ->
          fill != null && !fill.started()
              ? followOrLead(ask, fill, kept, fresh, nowNanos)
              : lead(ask, kept, fresh, nowNanos);
    };
  }

  private Decision followOrLead(
      KeeperCommand.Ask ask,
      @Nullable RunningFill fill,
      @Nullable Kept kept,
      FillId fresh,
      long nowNanos) {
    if (fill == null || fill.stage() == RunningFill.Stage.CLOSED_TO_OTHERS) {
      return lead(ask, kept, fresh, nowNanos);
    }
    return fill.mayBeJoined(ask.mayWait())
        ? new Decision.Join(fill)
        : new Decision.Alone("authorization");
  }

  private Decision background(
      KeeperCommand.Ask ask,
      @Nullable RunningFill fill,
      @Nullable Kept kept,
      FillId fresh,
      long nowNanos) {
    if (fill != null) {
      return new Decision.Alone("refreshing");
    }
    if (kept == null) {
      return new Decision.Alone("gone");
    }
    return isNewer(kept, ask.seen()) ? new Decision.Serve(kept) : lead(ask, kept, fresh, nowNanos);
  }

  private Decision lead(KeeperCommand.Ask ask, @Nullable Kept kept, FillId fresh, long nowNanos) {
    if (running.isFull()) {
      return new Decision.Alone("busy");
    }
    boolean solo = !ask.mayWait() || (uncacheable && nowNanos - uncacheableUntilNanos < 0);
    Grant grant = new Grant(key, fresh, epoch, ask.nodeId());
    running.granted(grant, ask.vary(), ask.variant(), solo, nowNanos);
    if (!solo) {
      change(new SlotKey(ask.vary(), ask.variant()), slot -> slot.lead(fresh));
    }
    return kept == null ? new Decision.Lead(grant, solo) : new Decision.Validate(grant, kept);
  }

  private static boolean isNewer(Kept kept, KeeperCommand.@Nullable Seen seen) {
    return seen == null
        || !seen.tag().equals(kept.entry().tag())
        || kept.entry().response().responseTimeMillis() > seen.responseTimeMillis();
  }

  // --- running fills

  void heard(Grant grant, long nowNanos) {
    running.heard(grant, nowNanos);
  }

  /** Its leader's report; one that another keeper has granted is taken in. */
  void progress(KeeperCommand.Progress report, long nowNanos) {
    running.heard(report.grant(), nowNanos);
    KeeperCommand.Place place = report.place();
    if (place != null) {
      takeInReported(
          report.grant(), RunningFill.Stage.STORABLE, place.vary(), place.variant(), nowNanos);
    } else if (report.awaited() && vary.isEmpty()) {
      // Of a key that varies nobody can say yet which variant it will be.
      takeInReported(report.grant(), RunningFill.Stage.NO_HEAD, vary, VariantKey.NONE, nowNanos);
    } else if (report.grant().epoch().equals(epoch) && running.isUnheardOf(report.grant().fill())) {
      foreign = true;
    }
  }

  /** What runs, as its leaders would report it. */
  List<KeeperCommand.Progress> reports() {
    return running.reports();
  }

  /** Not if it is only a late word of what has ended, or of another epoch. */
  private void takeInReported(
      Grant grant, RunningFill.Stage stage, List<String> names, VariantKey variant, long nowNanos) {
    boolean isKept =
        slots.values().stream()
            .map(Slot::kept)
            .anyMatch(kept -> kept != null && kept.entry().tag().equals(grant.fill()));
    if (grant.epoch().equals(epoch)
        && !isKept
        && !running.isFull()
        && running.isUnheardOf(grant.fill())) {
      takeIn(grant, stage, names, variant, nowNanos);
    }
  }

  /**
   * Whether a fill's leader lives; one that this keeper has never heard of is taken in.
   *
   * @param departed whether a node has left the fleet
   */
  OrphanDecision orphaned(
      KeeperCommand.Orphaned orphan, Predicate<NodeId> departed, long nowNanos) {
    Grant lost = orphan.lost();
    if (!lost.epoch().equals(epoch)) {
      return new OrphanDecision.Refuse("epoch");
    }
    if (running.isReleased(lost.fill())) {
      return new OrphanDecision.Refuse("replaced");
    }
    boolean unheard = running.get(lost.fill()) == null;
    if (unheard) {
      takeIn(lost, RunningFill.Stage.STORABLE, orphan.vary(), orphan.variant(), nowNanos);
    }
    return running.orphaned(orphan, unheard, departed, nowNanos);
  }

  private void takeIn(
      Grant grant, RunningFill.Stage stage, List<String> names, VariantKey variant, long nowNanos) {
    running.takenIn(grant, names, variant, stage, nowNanos);
    SlotKey place = new SlotKey(names, variant);
    if (slotAt(place).fill() == null) {
      change(place, slot -> slot.lead(grant.fill()));
    }
  }

  /**
   * The follower with the most bytes leads from here on; null if the fill has ended meanwhile, or
   * only its leaving leader has spoken: the first follower that asks has it decided anew then.
   */
  @Nullable Grant elect(FillId id, List<KeeperCommand.Orphaned> candidates, long nowNanos) {
    RunningFill fill = running.get(id);
    KeeperCommand.Orphaned first =
        candidates.stream()
            .filter(orphan -> orphan.bytes() != KeeperCommand.Orphaned.LEAVING)
            .max(Comparator.comparingLong(KeeperCommand.Orphaned::bytes))
            .orElse(null);
    if (fill == null || first == null) {
      return null;
    }
    Grant next = new Grant(key, id, epoch, first.nodeId());
    running.put(fill.ledBy(next, nowNanos));
    return next;
  }

  void headed(KeeperCommand.Headed head, long nowNanos) {
    RunningFill fill = running.get(head.grant().fill());
    if (fill == null) {
      if (head.fate() == KeeperCommand.Fate.STORE) {
        takeInReported(
            head.grant(), RunningFill.Stage.STORABLE, head.vary(), head.variant(), nowNanos);
      }
      return;
    }
    SlotKey before = new SlotKey(fill.vary(), fill.variant());
    switch (head.fate()) {
      case STORE -> {
        SlotKey after = new SlotKey(head.vary(), head.variant());
        if (!after.equals(before)) {
          change(before, slot -> slot.ended(fill.id()));
        }
        // Not if a later one is followed there: it would answer with an older response.
        RunningFill rival = running.get(slotAt(after).fill());
        if (rival == null || rival.order() <= fill.order()) {
          change(after, slot -> slot.lead(fill.id()));
        }
        running.put(fill.headed(RunningFill.Stage.STORABLE, head.vary(), head.variant(), nowNanos));
        uncacheable = false;
      }
      case SHARE -> {
        change(before, slot -> slot.ended(fill.id()));
        running.put(
            fill.headed(RunningFill.Stage.CLOSED_TO_OTHERS, fill.vary(), fill.variant(), nowNanos));
      }
      case REFRESH ->
          running.put(
              fill.headed(RunningFill.Stage.REFRESHING, fill.vary(), fill.variant(), nowNanos));
      case RELAY -> {
        ended(fill.id());
        if (head.plain()) {
          uncacheable = true;
          uncacheableUntilNanos =
              nowNanos + TimeUnit.MILLISECONDS.toNanos(settings.uncacheableMillis());
        }
      }
    }
  }

  /** Its leader's word; that of one that was replaced does not end what another leads now. */
  void ended(Grant grant) {
    RunningFill fill = running.get(grant.fill());
    if (fill != null && fill.grant().leader().equals(grant.leader())) {
      ended(grant.fill());
    }
  }

  void ended(FillId id) {
    RunningFill fill = running.remove(id);
    if (fill != null) {
      change(new SlotKey(fill.vary(), fill.variant()), slot -> slot.ended(id));
    }
  }

  /** Takes leaders that are silent, or whose head is overdue, off their fills. */
  List<FillId> releaseSilent(long nowNanos) {
    List<FillId> silent = running.silent(nowNanos);
    for (FillId id : silent) {
      ended(id);
      running.release(id);
    }
    return silent;
  }

  // --- commits

  CommitDecision decideCommit(Grant grant, Entry entry, List<String> names) {
    return decideCommit(grant, entry, names, false);
  }

  CommitDecision decideCommit(Grant grant, Entry entry, List<String> names, boolean held) {
    if (!grant.epoch().equals(epoch)) {
      return new CommitDecision.Refuse("epoch");
    }
    if (running.isReleased(grant.fill())) {
      return new CommitDecision.Refuse("replaced");
    }
    boolean isRefresh = !entry.tag().equals(grant.fill());
    SlotKey place = new SlotKey(isRefresh ? vary : names, entry.variant());
    Kept kept = slotAt(place).kept();
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
        indexWith(names, entry.variant()),
        index);
  }

  /**
   * Whether something newer is kept; without the order of grants the times of the responses say.
   */
  private boolean isSuperseded(@Nullable Kept kept, long order, Entry entry, List<String> names) {
    if (order != RunningFill.UNORDERED) {
      return kept != null && kept.order() > order;
    }
    return names.equals(vary)
        ? kept != null && isNotOlder(kept, entry)
        : slots.values().stream()
            .map(Slot::kept)
            .anyMatch(other -> other != null && isNotOlder(other, entry));
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

  /** The index with that variant, or null if the stored one says so already. */
  private @Nullable VaryIndex indexWith(List<String> names, VariantKey variant) {
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

  /** The entry is served from now on; what it put out of the way is garbage once it is written. */
  void held(Grant grant, Entry entry, List<String> names, Version over) {
    keep(grant, entry, names, over, true);
    prune();
  }

  boolean hasHeld() {
    return slots.values().stream().anyMatch(slot -> slot.kept() != null && slot.kept().held());
  }

  /** The entry is stored; returns those that it put out of the way. */
  List<Kept> committed(
      Grant grant,
      Entry entry,
      List<String> names,
      Version version,
      KeeperStore.@Nullable IndexVersion written) {
    if (written != null) {
      index = written.version();
      indexedVary = names;
    }
    boolean renamed = !names.equals(vary);
    List<Kept> replaced = keep(grant, entry, names, version, false);
    SlotKey place = new SlotKey(vary, entry.variant());
    List<VariantKey> listed = written == null ? List.of() : written.index().variants();
    for (Map.Entry<SlotKey, Slot> other : slots.entrySet()) {
      Kept kept = other.getValue().kept();
      boolean unlisted =
          renamed
              || (!listed.isEmpty()
                  && kept != null
                  && !kept.held()
                  && !listed.contains(other.getKey().variant()));
      if (kept != null && !other.getKey().equals(place) && unlisted) {
        replaced.add(kept);
        other.setValue(other.getValue().removed());
      }
    }
    prune();
    return replaced;
  }

  /** Puts the entry into its place; returns what was there. */
  private List<Kept> keep(
      Grant grant, Entry entry, List<String> names, Version version, boolean held) {
    long order = running.orderOf(grant.fill());
    RunningFill fill = running.remove(grant.fill());
    if (fill != null) {
      change(new SlotKey(fill.vary(), fill.variant()), slot -> slot.ended(grant.fill()));
    }
    if (held && !names.equals(vary)) {
      slots.replaceAll((place, slot) -> slot.removed());
    }
    vary = names;
    SlotKey place = new SlotKey(vary, entry.variant());
    Kept old = slotAt(place).kept();
    boolean same = old != null && old.entry().tag().equals(entry.tag());
    long persisted = entry.response().responseTimeMillis();
    if (order == RunningFill.UNORDERED && old != null && same) {
      order = old.order();
    }
    Kept fresh = new Kept(entry, version, order, persisted, held);
    change(place, slot -> slot.committed(fresh, grant.fill()));
    List<Kept> replaced = new ArrayList<>();
    if (old != null && !same) {
      replaced.add(old);
    }
    return replaced;
  }

  /** The refreshed entry takes effect, written ({@code version}) or only here (null). */
  void refreshed(Grant grant, Entry entry, @Nullable Version version) {
    SlotKey place = new SlotKey(vary, entry.variant());
    Kept kept = slotAt(place).kept();
    long known = running.orderOf(grant.fill());
    ended(grant.fill());
    if (kept != null && kept.entry().tag().equals(entry.tag())) {
      long order = Math.max(kept.order(), known);
      long persisted =
          version == null ? kept.persistedMillis() : entry.response().responseTimeMillis();
      Version now = version == null ? kept.version() : version;
      Kept fresh = new Kept(entry, now, order, persisted, kept.held());
      change(place, slot -> slot.committed(fresh, grant.fill()));
    }
  }

  // --- removal

  /**
   * A new epoch: nothing stored counts any more, nothing running may be joined or commit.
   *
   * @param nowMillis the time of day
   */
  List<Kept> invalidate(long nowMillis) {
    epoch = epoch.next(nowMillis);
    List<Kept> gone = new ArrayList<>();
    slots.values().stream().map(Slot::kept).filter(Objects::nonNull).forEach(gone::add);
    slots.clear();
    running.clear();
    vary = List.of();
    indexedVary = List.of();
    uncacheable = false;
    foreign = false;
    return gone;
  }

  VaryIndex tombstone() {
    return new VaryIndex(key, epoch, List.of(), List.of());
  }

  Version indexVersion() {
    return index;
  }

  void indexWritten(Version version) {
    index = version;
  }

  /** The entry of that variant if it still is the one with that tag. */
  @Nullable Kept current(VariantKey variant, FillId tag) {
    Kept kept = slotAt(new SlotKey(vary, variant)).kept();
    return kept != null && kept.entry().tag().equals(tag) ? kept : null;
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

  void removed(VariantKey variant, FillId tag) {
    if (current(variant, tag) != null) {
      change(new SlotKey(vary, variant), Slot::removed);
    }
  }

  private Slot slotAt(SlotKey place) {
    return slots.getOrDefault(place, VACANT);
  }

  private void change(SlotKey place, java.util.function.UnaryOperator<Slot> transition) {
    Slot next = transition.apply(slotAt(place));
    if (next instanceof Slot.Vacant) {
      slots.remove(place);
    } else {
      slots.put(place, next);
    }
  }

  private void prune() {
    slots.values().removeIf(slot -> slot instanceof Slot.Vacant);
  }

  /** For tests and messages: the leaders this key has now. */
  List<NodeId> leaders() {
    return running.leaders();
  }
}
