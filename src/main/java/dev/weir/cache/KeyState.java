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
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a keeper knows of its key, and the rules by which it decides: no I/O, no clock, no actor.
 * Times are nanoseconds of the caller's monotonic clock. Confined to its keeper.
 */
final class KeyState {
  private final PrimaryKey key;
  private final CacheSettings settings;
  private final Stock stock;
  private final RunningFills running;
  private final Commits commits;
  private long uncacheableUntilNanos;
  private boolean uncacheable;

  /** Of a fill that another keeper has granted no more is known than that it runs. */
  private boolean foreign;

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
    this.stock = new Stock(key, stored);
    this.commits = new Commits(settings, stock, running);
  }

  /**
   * The store turned out to be ahead: its word counts, running fills go on unless their epoch is
   * over, and so does what is held and newer than what is stored.
   */
  void adopt(StoredKey stored) {
    if (stock.adopt(stored)) {
      running.clear(); // what this keeper granted before may not be followed either
    }
  }

  Epoch epoch() {
    return stock.epoch();
  }

  List<String> vary() {
    return stock.vary();
  }

  boolean hasRunning() {
    return !running.isEmpty();
  }

  /** Nothing is kept, and nothing runs that could be. */
  boolean isEmpty() {
    return !foreign && running.isEmpty() && stock.kept().findAny().isEmpty();
  }

  // --- questions

  Decision decide(KeeperCommand.Ask ask, FillId fresh, long nowNanos) {
    Slot slot = stock.slotAt(new Stock.SlotKey(ask.vary(), ask.variant()));
    Kept kept = slot.kept();
    if (kept == null) {
      List<String> names = running.latestVary(stock.vary());
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
    Grant grant = new Grant(key, fresh, stock.epoch(), ask.nodeId());
    running.granted(grant, ask.vary(), ask.variant(), solo, nowNanos);
    if (!solo) {
      stock.change(new Stock.SlotKey(ask.vary(), ask.variant()), slot -> slot.lead(fresh));
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
    if (place != null && report.awaited()) {
      takeInReported(
          report.grant(), RunningFill.Stage.NO_HEAD, place.vary(), place.variant(), nowNanos);
    } else if (place != null && running.lacksHead(report.grant())) {
      headed(storable(report.grant(), place), nowNanos); // the word of its head was lost
    } else if (place != null) {
      takeInReported(
          report.grant(), RunningFill.Stage.STORABLE, place.vary(), place.variant(), nowNanos);
    } else if (report.awaited() && stock.vary().isEmpty()) {
      // Of a key that varies nobody can say yet which variant it will be.
      takeInReported(
          report.grant(), RunningFill.Stage.NO_HEAD, stock.vary(), VariantKey.NONE, nowNanos);
    } else if (report.grant().epoch().equals(stock.epoch())
        && running.isUnheardOf(report.grant().fill())) {
      foreign = true;
    }
  }

  private static KeeperCommand.Headed storable(Grant grant, KeeperCommand.Place place) {
    return new KeeperCommand.Headed(
        grant, KeeperCommand.Fate.STORE, place.vary(), place.variant(), false);
  }

  /** What runs, as its leaders would report it. */
  List<KeeperCommand.Progress> reports() {
    return running.reports();
  }

  /** Not if it is only a late word of what has ended, or of another epoch. */
  private void takeInReported(
      Grant grant, RunningFill.Stage stage, List<String> names, VariantKey variant, long nowNanos) {
    boolean isKept = stock.kept().anyMatch(kept -> kept.entry().tag().equals(grant.fill()));
    if (grant.epoch().equals(stock.epoch())
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
    if (!lost.epoch().equals(stock.epoch())) {
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
    Stock.SlotKey place = new Stock.SlotKey(names, variant);
    if (stock.slotAt(place).fill() == null) {
      stock.change(place, slot -> slot.lead(grant.fill()));
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
    Grant next = new Grant(key, id, stock.epoch(), first.nodeId());
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
    Stock.SlotKey before = new Stock.SlotKey(fill.vary(), fill.variant());
    switch (head.fate()) {
      case STORE -> {
        Stock.SlotKey after = new Stock.SlotKey(head.vary(), head.variant());
        if (!after.equals(before)) {
          stock.change(before, slot -> slot.ended(fill.id()));
        }
        // Not if a later one is followed there: it would answer with an older response.
        RunningFill rival = running.get(stock.slotAt(after).fill());
        if (rival == null || rival.order() <= fill.order()) {
          stock.change(after, slot -> slot.lead(fill.id()));
        }
        running.put(fill.headed(RunningFill.Stage.STORABLE, head.vary(), head.variant(), nowNanos));
        uncacheable = false;
      }
      case SHARE -> {
        stock.change(before, slot -> slot.ended(fill.id()));
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
      stock.ended(fill);
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
    return commits.decide(grant, entry, names, held);
  }

  /** The entry is served from now on; what it put out of the way is garbage once it is written. */
  void held(Grant grant, Entry entry, List<String> names, Version over) {
    commits.held(grant, entry, names, over);
  }

  boolean hasHeld() {
    return stock.hasHeld();
  }

  /** The entry is stored; returns those that it put out of the way. */
  List<Kept> committed(
      Grant grant,
      Entry entry,
      List<String> names,
      Version version,
      KeeperStore.@Nullable IndexVersion written) {
    return commits.committed(grant, entry, names, version, written);
  }

  /** The refreshed entry takes effect, written ({@code version}) or only here (null). */
  void refreshed(Grant grant, Entry entry, @Nullable Version version) {
    commits.refreshed(grant, entry, version);
  }

  // --- removal

  /**
   * A new epoch: nothing stored counts any more, nothing running may be joined or commit.
   *
   * @param nowMillis the time of day
   */
  List<Kept> invalidate(long nowMillis) {
    List<Kept> gone = stock.clear(nowMillis);
    running.clear();
    uncacheable = false;
    foreign = false;
    return gone;
  }

  VaryIndex tombstone() {
    return stock.tombstone();
  }

  Version indexVersion() {
    return stock.indexVersion();
  }

  void indexWritten(Version version) {
    stock.indexWritten(version);
  }

  /** The entry of that variant if it still is the one with that tag. */
  @Nullable Kept current(VariantKey variant, FillId tag) {
    return stock.current(variant, tag);
  }

  /** The index without that variant, or null if it does not list it. */
  @Nullable VaryIndex indexWithout(VariantKey variant) {
    return stock.indexWithout(variant);
  }

  void removed(VariantKey variant, FillId tag) {
    stock.removed(variant, tag);
  }

  /** For tests and messages: the leaders this key has now. */
  List<NodeId> leaders() {
    return running.leaders();
  }
}
