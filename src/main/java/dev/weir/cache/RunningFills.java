package dev.weir.cache;

import dev.weir.cache.KeyState.OrphanDecision;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.VariantKey;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The fills of one key that run somewhere in the fleet, and which lately did: who leads them, when
 * that was heard last, and who goes on. Times are nanoseconds of the caller's monotonic clock.
 * Confined to its keeper.
 */
final class RunningFills {
  private final CacheSettings settings;
  private final Map<FillId, RunningFill> running = new LinkedHashMap<>();

  /** Replaced: they must not commit. */
  private final Set<FillId> released = new LinkedHashSet<>();

  /**
   * Ended or committed, with their places in the order of grants: a report that comes after that
   * does not bring them back, and a commit that does is still no newer than it was.
   */
  private final Map<FillId, Long> over = new LinkedHashMap<>();

  private long order;

  RunningFills(CacheSettings settings) {
    this.settings = settings;
  }

  boolean isEmpty() {
    return running.isEmpty();
  }

  boolean isFull() {
    return running.size() >= settings.maxFillsPerKey();
  }

  @Nullable RunningFill get(@Nullable FillId id) {
    return id == null ? null : running.get(id);
  }

  /** One that is granted now: it comes after all before. */
  void granted(Grant grant, List<String> vary, VariantKey variant, boolean solo, long nowNanos) {
    put(
        new RunningFill(
            grant,
            vary,
            variant,
            ++order,
            solo,
            false,
            false,
            RunningFill.Stage.NO_HEAD,
            nowNanos,
            nowNanos));
  }

  /** One that another keeper granted, so that its place in the order of grants is not known. */
  void takenIn(
      Grant grant, List<String> vary, VariantKey variant, RunningFill.Stage stage, long nowNanos) {
    long known = orderOf(grant.fill());
    over.remove(grant.fill());
    put(
        new RunningFill(
            grant, vary, variant, known, false, true, false, stage, nowNanos, nowNanos));
  }

  void put(RunningFill fill) {
    running.put(fill.id(), fill);
  }

  /** It has ended or is committed; null if it did not run. */
  @Nullable RunningFill remove(FillId id) {
    over.put(id, orderOf(id));
    forget(over.keySet());
    return running.remove(id);
  }

  /** It may not commit any more. */
  void release(FillId id) {
    released.add(id);
    forget(released);
  }

  /** None of them may be joined any more. */
  void clear() {
    List.copyOf(running.keySet()).forEach(this::remove);
  }

  private void forget(Set<FillId> past) {
    if (past.size() > settings.pastFillsPerKey()) {
      past.remove(past.iterator().next());
    }
  }

  /**
   * Its place in the order of grants, also after its end; {@link RunningFill#UNORDERED} if none.
   */
  long orderOf(FillId id) {
    RunningFill fill = running.get(id);
    return fill != null ? fill.order() : over.getOrDefault(id, RunningFill.UNORDERED);
  }

  boolean isReleased(FillId id) {
    return released.contains(id);
  }

  /** Whether a report of that fill tells something new. */
  boolean isUnheardOf(FillId id) {
    return !running.containsKey(id) && !over.containsKey(id) && !released.contains(id);
  }

  /** The names by the newest response on its way; those given if there is none. */
  List<String> latestVary(List<String> otherwise) {
    List<String> names = otherwise;
    long newest = Long.MIN_VALUE;
    for (RunningFill fill : running.values()) {
      if (fill.stage() == RunningFill.Stage.STORABLE && fill.order() >= newest) {
        newest = fill.order();
        names = fill.vary();
      }
    }
    return names;
  }

  /** Whether it runs, under that leader, and its head has not been heard of. */
  boolean lacksHead(Grant grant) {
    RunningFill fill = running.get(grant.fill());
    return fill != null
        && fill.stage() == RunningFill.Stage.NO_HEAD
        && fill.grant().leader().equals(grant.leader());
  }

  void heard(Grant grant, long nowNanos) {
    // A leader that was replaced may wake up again: its word does not count for the other's.
    running.computeIfPresent(
        grant.fill(),
        (id, fill) -> fill.grant().leader().equals(grant.leader()) ? fill.heard(nowNanos) : fill);
  }

  /**
   * Whether the leader lives of a fill that runs here.
   *
   * @param unheard only the asking node has told of it
   * @param departed whether a node has left the fleet
   */
  OrphanDecision orphaned(
      KeeperCommand.Orphaned orphan, boolean unheard, Predicate<NodeId> departed, long nowNanos) {
    RunningFill fill = Objects.requireNonNull(running.get(orphan.lost().fill()));
    NodeId leader = fill.grant().leader();
    boolean isLeaders = leader.equals(orphan.nodeId());
    if (isLeaders && orphan.bytes() == KeeperCommand.Orphaned.LEAVING) {
      put(fill.left(nowNanos)); // known from here on, should no follower have spoken in time
      return new OrphanDecision.Elect(fill.id());
    }
    if (unheard) {
      return new OrphanDecision.Elect(fill.id());
    }
    if (isLeaders) {
      return new OrphanDecision.Lead(fill.grant());
    }
    long patience = TimeUnit.MILLISECONDS.toNanos(settings.orphanPatienceMillis());
    boolean lives =
        !fill.leaving() && !departed.test(leader) && nowNanos - fill.heardNanos() < patience;
    return lives ? new OrphanDecision.Follow(leader) : new OrphanDecision.Elect(fill.id());
  }

  /** Those whose leaders are silent, or whose head is overdue. */
  List<FillId> silent(long nowNanos) {
    long silence = TimeUnit.MILLISECONDS.toNanos(settings.leaderSilenceMillis());
    long overdue = TimeUnit.MILLISECONDS.toNanos(settings.headTimeoutMillis());
    long patience = TimeUnit.MILLISECONDS.toNanos(settings.orphanPatienceMillis());
    return running.values().stream()
        .filter(fill -> fill.isSilent(nowNanos, fill.leaving() ? patience : silence, overdue))
        .map(RunningFill::id)
        .toList();
  }

  /** Those that a keeper which has not granted them could have others wait for. */
  List<KeeperCommand.Progress> reports() {
    return running.values().stream().map(RunningFill::report).flatMap(Optional::stream).toList();
  }

  List<NodeId> leaders() {
    return running.values().stream().map(fill -> fill.grant().leader()).toList();
  }
}
