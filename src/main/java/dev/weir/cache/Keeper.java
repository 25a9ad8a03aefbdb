package dev.weir.cache;

import dev.weir.cache.KeyState.CommitDecision;
import dev.weir.cache.KeyState.Decision;
import dev.weir.cache.KeyState.OrphanDecision;
import dev.weir.cache.Slot.Kept;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VaryIndex;
import dev.weir.store.Retention;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The keeper of one primary key and all its variants: answers questions from memory, grants fills,
 * commits what they bring, and takes leases back. It never carries body bytes and never waits: what
 * it decides is in {@link KeyState}, what it writes in {@link KeeperStore}; here are the effects.
 *
 * <pre>
 *   born ──first command──▶ Loading ──Loaded──▶ Ready ──idle──▶ gone
 *                              │ store failed     ▲
 *                              └──▶ Failed ───────┘ first command after store-retry
 * </pre>
 *
 * <p>Store operations run one at a time in the order they were asked for; everything else goes on
 * meanwhile.
 */
final class Keeper extends AbstractMatchingBehavior<KeeperCommand> {
  private static final AtomicLong LAST_INCARNATION = new AtomicLong();
  private static final String TICK = "tick";
  private static final String LOAD_AGAIN = "load-again";
  private static final String REST = "rest";
  private static final String STRANGERS = "strangers";
  private static final String UNHEARD = "unheard";

  /** How often a tombstone is written again after somebody else's write. */
  private static final int MAX_CONFLICTS = 3;

  /** Far above every sensible pause, and no overflow. */
  private static final int MAX_DOUBLINGS = 16;

  /** What keepers need of their node. */
  record Context(
      CacheSettings settings,
      KeeperStore store,
      Retention retention,
      KeeperMetrics metrics,
      Doors fleet) {}

  /** A store operation that waits or runs. */
  private sealed interface Operation {
    record Write(KeeperCommand.Commit commit) implements Operation {}

    /**
     * A tombstone.
     *
     * @param conflicts how often somebody else had written
     * @param failures how often the store did not take it
     */
    record Bury(List<Kept> gone, long sequence, int conflicts, int failures) implements Operation {
      Bury afterConflict() {
        return new Bury(gone, sequence, conflicts + 1, failures);
      }

      Bury afterFailure() {
        return new Bury(gone, sequence, conflicts, failures + 1);
      }
    }

    record Remove(KeeperCommand.Drop drop) implements Operation {}

    /** The store was ahead of us. */
    record Reload() implements Operation {}

    /** The store has failed so many times: nothing is asked of it for a moment. */
    record Rest(int failures) implements Operation {}
  }

  /** A command that came before the metadata. */
  private record Early(KeeperCommand command, long sinceNanos) {}

  private final PrimaryKey key;
  private final Context context;
  private final TimerScheduler<KeeperCommand> timers;
  private final KeeperShard shard;
  private final long incarnation =
      LAST_INCARNATION.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
  private final Map<NodeId, ActorRef<NodeMessage>> nodes = new HashMap<>();
  private final Queue<Early> early = new ArrayDeque<>();
  private final Deque<Operation> operations = new ArrayDeque<>();
  private final Purges purges;
  private final EarlyReports reports;
  private final Map<FillId, List<KeeperCommand.Orphaned>> orphans = new HashMap<>();
  private long sequence;
  private boolean loading;
  private boolean retiring;
  private boolean passivating;

  /** It has not asked yet which fills run, and has to. */
  private boolean young;

  /** What is stored, while it is not known yet which fills run. */
  private @Nullable StoredKey read;

  private long retryAtNanos;
  private boolean storeFailed;
  private int failedLoads;
  private @Nullable KeyState state;
  private @Nullable Operation current;
  private @Nullable CommitDecision decided;

  static Behavior<KeeperCommand> create(PrimaryKey key, Context context, KeeperShard shard) {
    return Behaviors.setup(
        actor -> Behaviors.withTimers(timers -> new Keeper(actor, timers, key, context, shard)));
  }

  private Keeper(
      ActorContext<KeeperCommand> actor,
      TimerScheduler<KeeperCommand> timers,
      PrimaryKey key,
      Context context,
      KeeperShard shard) {
    super(actor);
    this.key = key;
    this.context = context;
    this.timers = timers;
    this.shard = shard;
    this.purges = new Purges(timers::cancel);
    this.reports = new EarlyReports(context.settings());
    this.young = shard.isYoung(actor.getSelf());
    actor.setReceiveTimeout(
        Duration.ofMillis(context.settings().idleMillis()), new KeeperCommand.Idle());
  }

  @Override
  public Behavior<KeeperCommand> onMessage(KeeperCommand command) {
    switch (command) {
      case KeeperCommand.Ask ask -> whenReady(ask);
      case KeeperCommand.Commit commit -> whenReady(commit);
      case KeeperCommand.Invalidate invalidate -> whenReady(invalidate);
      case KeeperCommand.Drop drop -> whenReady(drop);
      case KeeperCommand.Ping(long id, var node) -> {
        context.fleet().met(node);
        node.tell(new NodeMessage.Done(id, true));
      }
      case KeeperCommand.Started started -> ofFill(started);
      case KeeperCommand.Progress progress -> ofFill(progress);
      case KeeperCommand.Headed head -> ofFill(head);
      case KeeperCommand.Ended ended -> ofFill(ended);
      case KeeperCommand.Orphaned orphan -> whenReady(orphan);
      case KeeperCommand.Runs(NodeId node, var fills) -> {
        fills.forEach(this::ofFill);
        reports.answered(node);
        beginIfHeard();
      }
      case KeeperCommand.Unheard unheard -> {
        reports.awaitNobody();
        beginIfHeard();
      }
      case KeeperCommand.Elect(FillId fill) -> ready(known -> elect(known, fill));
      case KeeperCommand.Revoked(NodeId node, long upTo) -> purges.revoked(node, upTo);
      case KeeperCommand.TermsOver(long upTo) -> {
        nodes.keySet().removeIf(context.fleet()::hasDeparted); // they hold nothing any more
        purges.termsOver(upTo);
      }
      case KeeperCommand.TellStrangers tell -> tellStrangers();
      case KeeperCommand.Loaded(StoredKey stored) -> onLoaded(stored);
      case KeeperCommand.Wrote(KeeperStore.Result result) -> {
        onWrote(result);
        return retiring ? retire() : this;
      }
      case KeeperCommand.LoadAgain again -> loadIfNeeded();
      case KeeperCommand.Rested rested -> onRested();
      case KeeperCommand.Tick tick -> onTick();
      case KeeperCommand.Idle idle -> onIdle();
      case KeeperCommand.Retire retire -> {
        return retire();
      }
    }
    return this;
  }

  // --- loading

  private void ready(Consumer<KeyState> action) {
    KeyState known = state;
    if (known != null) {
      action.accept(known);
    }
  }

  /** Does it now, or when the store has answered; says at once that it has arrived. */
  private void whenReady(KeeperCommand command) {
    KeyState known = state;
    if (retiring) {
      shard.handOn(command);
      return;
    }
    if (known != null) {
      perform(known, command);
      return;
    }
    boolean resting = storeFailed && now() - retryAtNanos < 0;
    boolean patient = command instanceof KeeperCommand.Invalidate;
    if ((resting && !patient) || early.size() >= context.settings().maxWaiting()) {
      refuse(command, resting ? "store" : "busy");
      return;
    }
    if (command instanceof KeeperCommand.Ask ask) {
      ask.node().tell(new NodeMessage.Acked(ask.id()));
    }
    early.add(new Early(command, now()));
    if (resting) {
      loadAgainLater();
    } else {
      loadIfNeeded();
    }
  }

  private void loadIfNeeded() {
    if (state == null && !loading) {
      loading = true;
      load();
      askLeaders();
    }
  }

  /**
   * In a shard that has moved here a keeper before this one may have granted fills that run. A key
   * that is new in a shard that is not has none.
   */
  private void askLeaders() {
    if (!young) {
      return;
    }
    young = false;
    Map<NodeId, ActorRef<NodeMessage>> doors = context.fleet().doors();
    reports.await(doors.keySet());
    NodeMessage question = new NodeMessage.WhatRuns(key, getContext().getSelf());
    doors.values().forEach(node -> node.tell(question));
    timers.startSingleTimer(
        UNHEARD,
        new KeeperCommand.Unheard(),
        Duration.ofMillis(context.settings().ackTimeoutMillis()));
  }

  private void loadAgainLater() {
    if (!timers.isTimerActive(LOAD_AGAIN)) {
      timers.startSingleTimer(LOAD_AGAIN, new KeeperCommand.LoadAgain(), pause(failedLoads));
    }
  }

  /** Before a purge asks a store once more that has failed so many times; doubles. */
  private Duration pause(int failures) {
    CacheSettings settings = context.settings();
    long doubled = settings.purgePauseMillis() << Math.clamp(failures - 1L, 0, MAX_DOUBLINGS);
    return Duration.ofMillis(
        Math.min(doubled, Math.max(settings.purgePauseMillis(), settings.storeRetryMillis())));
  }

  private long purgePatienceNanos() {
    return TimeUnit.MILLISECONDS.toNanos(context.settings().purgePatienceMillis());
  }

  private void load() {
    getContext()
        .pipeToSelf(
            context.store().load(key),
            (stored, failed) -> {
              if (failed != null) {
                noteFailure("read", failed);
              }
              return new KeeperCommand.Loaded(stored);
            });
  }

  private void onLoaded(@Nullable StoredKey stored) {
    if (current instanceof Operation.Reload) {
      current = null;
      if (stored != null) {
        ready(known -> adopt(known, stored));
      }
      startNext();
      return;
    }
    if (stored == null) {
      loading = false;
      onLoadFailed(takeEarly());
    } else {
      read = stored;
      beginIfHeard();
    }
  }

  private List<Early> takeEarly() {
    List<Early> waited = new ArrayList<>(early);
    early.clear();
    return waited;
  }

  /** The store has said what is kept, and the nodes what runs, or they had their time. */
  private void beginIfHeard() {
    StoredKey stored = read;
    if (stored == null || reports.awaitsSome()) {
      return;
    }
    read = null;
    loading = false;
    storeFailed = false;
    failedLoads = 0;
    timers.cancel(UNHEARD);
    KeyState known = new KeyState(key, context.settings(), stored);
    state = known;
    reports.tell(known, now());
    watchRunning(known);
    takeEarly().forEach(one -> perform(known, one.command()));
  }

  private void adopt(KeyState known, StoredKey stored) {
    boolean ahead = stored.epoch().compareTo(known.epoch()) > 0;
    known.adopt(stored);
    if (ahead && operations.stream().anyMatch(Operation.Bury.class::isInstance)) {
      // Two keepers have purged: what the other has let in since goes with this one's purge too.
      known.invalidate(System.currentTimeMillis());
    }
  }

  /** Requests have the origin; a purge has nothing else, so it stays and has the store asked on. */
  private void onLoadFailed(List<Early> waited) {
    storeFailed = true;
    failedLoads++;
    retryAtNanos = now() + TimeUnit.MILLISECONDS.toNanos(context.settings().storeRetryMillis());
    for (Early one : waited) {
      if (one.command() instanceof KeeperCommand.Invalidate
          && now() - one.sinceNanos() < purgePatienceNanos()) {
        early.add(one);
      } else {
        refuse(one.command(), "store");
      }
    }
    if (!early.isEmpty()) {
      loadAgainLater();
    }
  }

  private void perform(KeyState known, KeeperCommand command) {
    switch (command) {
      case KeeperCommand.Ask ask -> answer(known, ask);
      case KeeperCommand.Commit commit -> enqueue(new Operation.Write(commit));
      case KeeperCommand.Drop drop -> enqueue(new Operation.Remove(drop));
      case KeeperCommand.Invalidate invalidate -> invalidate(known, invalidate);
      case KeeperCommand.Orphaned orphan -> orphaned(known, orphan);
      default -> throw new IllegalStateException("not a command that waits: " + command);
    }
  }

  private void refuse(KeeperCommand command, String reason) {
    switch (command) {
      case KeeperCommand.Ask ask ->
          ask.node().tell(new NodeMessage.Answered(ask.id(), new Answer.Alone(reason)));
      case KeeperCommand.Commit commit ->
          commit.node().tell(new NodeMessage.Discarded(commit.id(), reason));
      case KeeperCommand.Invalidate purge -> {
        revoke();
        purge.node().tell(new NodeMessage.Done(purge.id(), false));
      }
      case KeeperCommand.Drop drop -> drop.node().tell(new NodeMessage.Done(drop.id(), false));
      case KeeperCommand.Orphaned orphan ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), null, null, reason));
      default -> throw new IllegalStateException("not a command that waits: " + command);
    }
  }

  // --- what leaders tell

  private void ofFill(KeeperCommand command) {
    KeyState known = state;
    if (known == null) {
      reports.heard(command, now());
      return;
    }
    switch (command) {
      case KeeperCommand.Started(var grant) -> known.heard(grant, now());
      case KeeperCommand.Progress progress -> known.progress(progress, now());
      case KeeperCommand.Headed head -> known.headed(head, now());
      case KeeperCommand.Ended(var grant, String reason) -> known.ended(grant);
      default -> throw new IllegalStateException("not of a fill: " + command);
    }
    watchRunning(known);
  }

  // --- questions

  private void answer(KeyState known, KeeperCommand.Ask ask) {
    nodes.put(ask.nodeId(), ask.node());
    Decision decision = known.decide(ask, FillId.random(), now());
    Answer answer =
        switch (decision) {
          case Decision.Serve(Kept kept) -> new Answer.Stored(lease(known, kept.entry()));
          case Decision.Join(RunningFill fill) ->
              new Answer.Follow(fill.id(), fill.grant().leader());
          case Decision.Lead(var grant, boolean solo) -> new Answer.Lead(grant, solo);
          case Decision.Validate(var grant, Kept kept) -> new Answer.Validate(grant, kept.entry());
          case Decision.Learn(List<String> vary) -> new Answer.Varies(vary);
          case Decision.Alone(String reason) -> new Answer.Alone(reason);
        };
    watchRunning(known);
    ask.node().tell(new NodeMessage.Answered(ask.id(), answer));
  }

  private void watchRunning(KeyState known) {
    if (known.hasRunning() && !timers.isTimerActive(TICK)) {
      Duration tick = Duration.ofMillis(context.settings().keeperTickMillis());
      timers.startTimerWithFixedDelay(TICK, new KeeperCommand.Tick(), tick);
    }
  }

  // --- leaders that are lost

  private void orphaned(KeyState known, KeeperCommand.Orphaned orphan) {
    nodes.put(orphan.nodeId(), orphan.node());
    switch (known.orphaned(orphan, context.fleet()::hasDeparted, now())) {
      case OrphanDecision.Follow(NodeId leader) ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), null, leader, ""));
      case OrphanDecision.Lead(Grant grant) ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), grant, null, ""));
      case OrphanDecision.Refuse(String reason) ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), null, null, reason));
      case OrphanDecision.Elect(FillId fill) -> {
        orphans.computeIfAbsent(fill, first -> new ArrayList<>()).add(orphan);
        if (!timers.isTimerActive(fill)) {
          timers.startSingleTimer(
              fill,
              new KeeperCommand.Elect(fill),
              Duration.ofMillis(context.settings().electionMillis()));
        }
      }
    }
    watchRunning(known);
  }

  private void elect(KeyState known, FillId fill) {
    List<KeeperCommand.Orphaned> waiting = orphans.remove(fill);
    if (waiting == null) {
      return;
    }
    Grant next = known.elect(fill, waiting, now());
    if (next != null) {
      context.metrics().replacedLeaders.increment();
    }
    for (KeeperCommand.Orphaned orphan : waiting) {
      boolean leads = next != null && next.leader().equals(orphan.nodeId());
      NodeId leader = next == null || leads ? null : next.leader();
      orphan
          .node()
          .tell(
              new NodeMessage.Succeeded(
                  orphan.id(), leads ? next : null, leader, next == null ? "ended" : ""));
    }
  }

  private Lease lease(KeyState known, Entry entry) {
    return new Lease(
        entry, known.vary(), incarnation, ++sequence, context.settings().leaseTermMillis());
  }

  private void onTick() {
    ready(
        known -> {
          for (FillId silent : known.releaseSilent(now())) {
            context.metrics().replacedLeaders.increment();
            nodes.values().forEach(node -> node.tell(new NodeMessage.Released(silent)));
          }
          if (!known.hasRunning()) {
            timers.cancel(TICK);
          }
        });
  }

  // --- the store, one operation at a time

  private void enqueue(Operation operation) {
    if (operations.size() >= context.settings().maxWaiting()) {
      refuseOperation(operation, "busy");
      return;
    }
    operations.add(operation);
    startNext();
  }

  private void startNext() {
    KeyState known = state;
    while (known != null && current == null && !operations.isEmpty()) {
      Operation next = operations.remove();
      switch (next) {
        case Operation.Write write -> startWrite(known, write);
        case Operation.Bury bury -> {
          List<KeeperStore.Removal> removals = bury.gone().stream().map(Keeper::removal).toList();
          begin(
              bury, context.store().invalidate(known.tombstone(), known.indexVersion(), removals));
        }
        case Operation.Remove remove -> startRemoval(known, remove);
        case Operation.Reload reload -> {
          current = reload;
          load();
        }
        case Operation.Rest rest -> {
          current = rest;
          timers.startSingleTimer(REST, new KeeperCommand.Rested(), pause(rest.failures()));
        }
      }
    }
  }

  private void onRested() {
    if (current instanceof Operation.Rest) {
      current = null;
      startNext();
    }
  }

  private void startWrite(KeyState known, Operation.Write write) {
    KeeperCommand.Commit commit = write.commit();
    CommitDecision decision =
        known.decideCommit(commit.grant(), commit.entry(), commit.vary(), commit.held());
    switch (decision) {
      case CommitDecision.Refuse(String reason) -> {
        known.ended(commit.grant().fill());
        refuseOperation(write, reason);
      }
      case CommitDecision.Known(Entry entry) -> {
        known.ended(commit.grant().fill());
        commit.node().tell(new NodeMessage.Committed(commit.id(), entry));
      }
      case CommitDecision.Hold(var over) -> {
        context.metrics().holds.increment();
        known.held(commit.grant(), commit.entry(), commit.vary(), over);
        renew(known, commit.entry());
        commit.node().tell(new NodeMessage.Committed(commit.id(), commit.entry()));
      }
      case CommitDecision.Refresh(Kept kept, boolean persist) -> {
        context.metrics().refreshes.increment();
        known.refreshed(commit.grant(), commit.entry(), null);
        renew(known, commit.entry());
        commit.node().tell(new NodeMessage.Committed(commit.id(), commit.entry()));
        if (persist) {
          decided = decision;
          begin(
              write,
              context.store().commit(commit.entry(), kept.version(), null, known.indexVersion()));
        } else {
          context.metrics().unwrittenRefreshes.increment();
        }
      }
      case CommitDecision.Write(Entry entry, var expected, VaryIndex index, var indexExpected) -> {
        decided = decision;
        begin(write, context.store().commit(entry, expected, index, indexExpected));
      }
    }
  }

  private void startRemoval(KeyState known, Operation.Remove remove) {
    KeeperCommand.Drop drop = remove.drop();
    Kept kept = known.current(drop.variant(), drop.tag());
    if (kept == null) {
      refuseOperation(remove, "gone");
      return;
    }
    revoke();
    if (kept.held()) {
      // Nothing of it is written; what it was to replace is there again.
      known.removed(drop.variant(), drop.tag());
      drop.node().tell(new NodeMessage.Done(drop.id(), true));
      current = new Operation.Reload();
      load();
      return;
    }
    begin(
        remove,
        context
            .store()
            .remove(removal(kept), known.indexWithout(drop.variant()), known.indexVersion()));
  }

  private void begin(Operation operation, CompletionStage<KeeperStore.Result> stage) {
    current = operation;
    getContext()
        .pipeToSelf(
            stage,
            (result, failed) -> {
              if (failed != null) {
                noteFailure("written", failed);
              }
              return new KeeperCommand.Wrote(result);
            });
  }

  private void onWrote(KeeperStore.@Nullable Result result) {
    Operation done = current;
    CommitDecision decision = decided;
    KeyState known = state;
    current = null;
    decided = null;
    if (known == null || done == null) {
      return;
    }
    switch (done) {
      case Operation.Write(KeeperCommand.Commit commit)
          when decision instanceof CommitDecision.Refresh ->
          onRefreshWritten(known, commit, result);
      case Operation.Write write
          when decision instanceof CommitDecision.Write(Entry entry, var over, var index, var at) ->
          onCommitWritten(known, write, entry, result);
      case Operation.Write write -> {}
      case Operation.Bury bury -> onBuried(known, bury, result);
      case Operation.Remove remove -> onRemoved(known, remove, result);
      case Operation.Reload reload -> {}
      case Operation.Rest rest -> {}
    }
    if (retiring) {
      return;
    }
    boolean uncertain = result == null || result instanceof KeeperStore.Result.Conflict;
    if (uncertain && !(operations.peek() instanceof Operation.Rest)) {
      // Whether a failed write took place is not known: only reading says.
      current = new Operation.Reload();
      load();
    }
    startNext();
  }

  private void onRefreshWritten(
      KeyState known, KeeperCommand.Commit commit, KeeperStore.@Nullable Result result) {
    boolean isCurrent =
        known.epoch().equals(commit.entry().epoch())
            && known.current(commit.entry().variant(), commit.entry().tag()) != null;
    if (result instanceof KeeperStore.Result.Written written && isCurrent) {
      known.refreshed(commit.grant(), commit.entry(), written.version());
    } else if (result instanceof KeeperStore.Result.Written written) {
      forget(List.of(new KeeperStore.Removal(commit.entry().documentId(), written.version())));
    }
  }

  private void onCommitWritten(
      KeyState known, Operation.Write write, Entry entry, KeeperStore.@Nullable Result result) {
    KeeperCommand.Commit commit = write.commit();
    if (!(result instanceof KeeperStore.Result.Written written)) {
      known.ended(commit.grant().fill());
      refuseOperation(write, result == null ? "store" : "conflict");
      return;
    }
    if (!known.epoch().equals(entry.epoch())) {
      // Invalidated while it was being written: it must not come back after a restart.
      if (written.index() != null) {
        known.indexWritten(written.index().version());
      }
      forget(List.of(new KeeperStore.Removal(entry.documentId(), written.version())));
      refuseOperation(write, "epoch");
      return;
    }
    List<Kept> replaced =
        known.committed(commit.grant(), entry, commit.vary(), written.version(), written.index());
    CompletionStage<?> named = context.retention().committed(entry);
    List<KeeperStore.Removal> unlisted = new ArrayList<>();
    for (Kept old : replaced) {
      context.retention().removed(old.entry());
      if (!old.entry().documentId().equals(entry.documentId())) {
        unlisted.add(removal(old));
      }
    }
    forget(unlisted);
    renew(known, entry);
    context.metrics().commits.increment();
    // At once, but where a manifest has to be read first: its chunks are let go after this.
    named.whenComplete(
        (done, failed) -> commit.node().tell(new NodeMessage.Committed(commit.id(), entry)));
  }

  private void onRemoved(
      KeyState known, Operation.Remove remove, KeeperStore.@Nullable Result result) {
    KeeperCommand.Drop drop = remove.drop();
    Kept kept = known.current(drop.variant(), drop.tag());
    boolean removed = result instanceof KeeperStore.Result.Removed;
    if (removed && result instanceof KeeperStore.Result.Removed(var index) && index != null) {
      known.indexWritten(index.version());
    }
    if (removed && kept != null) {
      known.removed(drop.variant(), drop.tag());
      context.retention().removed(kept.entry());
      // A question answered while the document was being deleted may have leased it again.
      revoke();
    }
    drop.node().tell(new NodeMessage.Done(drop.id(), removed));
  }

  private void refuseOperation(Operation operation, String reason) {
    switch (operation) {
      case Operation.Write(KeeperCommand.Commit commit) -> {
        context.metrics().discardedCommits.increment();
        commit.node().tell(new NodeMessage.Discarded(commit.id(), reason));
      }
      case Operation.Remove(KeeperCommand.Drop drop) ->
          drop.node().tell(new NodeMessage.Done(drop.id(), false));
      case Operation.Bury bury -> purges.written(bury.sequence(), false);
      case Operation.Reload reload -> {}
      case Operation.Rest rest -> {}
    }
  }

  private void forget(List<KeeperStore.Removal> removals) {
    if (!removals.isEmpty()) {
      // Best effort: an unlisted document is garbage, not a lie.
      context.store().removeAll(removals).exceptionally(failed -> null);
    }
  }

  private static KeeperStore.Removal removal(Kept kept) {
    return new KeeperStore.Removal(kept.entry().documentId(), kept.version());
  }

  // --- leases and invalidation

  /** Holders of the older state get the new one; it takes the place of their lease. */
  private void renew(KeyState known, Entry entry) {
    Lease lease = lease(known, entry);
    nodes.values().forEach(node -> node.tell(new NodeMessage.Renewed(lease)));
  }

  /** All leases granted so far end; a newborn keeper assumes that every node holds some. */
  private Set<NodeId> revoke() {
    Map<NodeId, ActorRef<NodeMessage>> doors = context.fleet().doors();
    // One that was started anew has another door than the one it asked from.
    Set<ActorRef<NodeMessage>> told = new HashSet<>(doors.values());
    told.addAll(nodes.values());
    NodeMessage revoke =
        new NodeMessage.Revoke(key, incarnation, ++sequence, getContext().getSelf());
    told.forEach(node -> node.tell(revoke));
    Set<NodeId> holders = new HashSet<>(doors.keySet());
    holders.addAll(nodes.keySet());
    return holders;
  }

  private void invalidate(KeyState known, KeeperCommand.Invalidate command) {
    context.metrics().invalidations.increment();
    boolean nothing =
        known.isEmpty() && current == null && operations.isEmpty() && !command.lasting();
    List<Kept> gone = known.invalidate(System.currentTimeMillis());
    // Before the doors are looked at: one that is found meanwhile is told twice, not never.
    boolean strangers = context.fleet().hasStrangers();
    Set<NodeId> holders = revoke();
    purges.begin(sequence, command, holders, now(), nothing, strangers);
    if (strangers) {
      lookForStrangers();
    }
    timers.startSingleTimer(
        sequence,
        new KeeperCommand.TermsOver(sequence),
        Duration.ofMillis(context.settings().leaseTermMillis()));
    if (!nothing) {
      enqueue(new Operation.Bury(gone, sequence, 0, 0));
    }
    purges.settle();
  }

  /** A node that has just joined may have a lease of a keeper that knew its door. */
  private void lookForStrangers() {
    timers.startSingleTimer(
        STRANGERS,
        new KeeperCommand.TellStrangers(),
        Duration.ofMillis(context.settings().purgePauseMillis()));
  }

  private void tellStrangers() {
    if (!purges.waitForStrangers()) {
      return;
    }
    if (context.fleet().hasStrangers()) {
      lookForStrangers();
    } else {
      purges.toldStrangers(revoke());
    }
  }

  private void onBuried(KeyState known, Operation.Bury bury, KeeperStore.@Nullable Result result) {
    if (result instanceof KeeperStore.Result.Removed(var index) && index != null) {
      known.indexWritten(index.version());
      bury.gone().forEach(kept -> context.retention().removed(kept.entry()));
      purges.written(bury.sequence(), true);
    } else if (result instanceof KeeperStore.Result.Conflict && bury.conflicts() < MAX_CONFLICTS) {
      operations.addFirst(bury.afterConflict());
    } else if (result == null && mayBuryAgain(bury)) {
      // Commits of this key wait meanwhile: none may come between a tombstone and its order.
      operations.addFirst(bury.afterFailure());
      operations.addFirst(new Operation.Reload());
      operations.addFirst(new Operation.Rest(bury.failures() + 1));
    } else {
      purges.written(bury.sequence(), false);
    }
  }

  private boolean mayBuryAgain(Operation.Bury bury) {
    return purges.isYoungerThan(purgePatienceNanos(), bury.sequence(), now());
  }

  private void onIdle() {
    KeyState known = state;
    boolean busy =
        loading
            || !early.isEmpty()
            || current != null
            || !operations.isEmpty()
            || !purges.isEmpty()
            || (known != null && (known.hasRunning() || known.hasHeld()));
    if (!busy) {
      passivating = true;
      shard.passivate(getContext().getSelf());
    }
  }

  /**
   * What is being written comes to its end first: the keeper that follows reads no state between.
   * Everything else that is not done yet is for that one, and nobody has to ask anew.
   */
  private Behavior<KeeperCommand> retire() {
    retiring = true;
    boolean writing =
        switch (current) {
          case Operation.Write write -> true;
          case Operation.Bury bury -> true;
          case Operation.Remove remove -> true;
          case Operation.Reload reload -> false;
          case Operation.Rest rest -> false;
          case null -> false;
        };
    if (writing) {
      return this;
    }
    // Where this node is the last of its fleet it goes, and messages to nobody would delay it.
    if (passivating || context.fleet().doors().size() > 1) {
      handOn();
    }
    return Behaviors.stopped();
  }

  private void handOn() {
    ready(known -> known.reports().forEach(shard::handOn));
    early.forEach(one -> shard.handOn(one.command()));
    purges.commands().forEach(shard::handOn);
    for (Operation operation : operations) {
      switch (operation) {
        case Operation.Write(KeeperCommand.Commit commit) -> shard.handOn(commit);
        case Operation.Remove(KeeperCommand.Drop drop) -> shard.handOn(drop);
        case Operation.Bury bury -> {} // its purge is not acknowledged yet
        case Operation.Reload reload -> {}
        case Operation.Rest rest -> {}
      }
    }
    orphans.values().forEach(waiting -> waiting.forEach(shard::handOn));
  }

  private void noteFailure(String what, Throwable failed) {
    KeeperMetrics metrics = context.metrics();
    metrics.storeFailures.increment();
    if (metrics.maySay(System.nanoTime(), context.settings().storeLogIntervalMillis())) {
      getContext()
          .getLog()
          .warn(
              "A key's metadata could not be {} ({} failed calls since the start): {}",
              what,
              metrics.storeFailures(),
              failed.toString());
    }
  }

  private static long now() {
    return System.nanoTime();
  }
}
