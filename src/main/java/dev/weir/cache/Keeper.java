package dev.weir.cache;

import dev.weir.cache.KeyState.Decision;
import dev.weir.cache.Slot.Kept;
import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.store.Retention;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The keeper of one primary key and all its variants: answers questions from memory, grants fills,
 * commits what they bring, and takes leases back. It never carries body bytes and never waits: what
 * it decides is in {@link KeyState}; the effects are here and in its parts: what it learns first in
 * {@link Newborn}, what it writes in {@link StoreQueue}, whom it tells of changes in {@link
 * Leases}.
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
  private static final String TICK = "tick";

  /** What keepers need of their node. */
  record Context(
      CacheSettings settings,
      KeeperStore store,
      Retention retention,
      KeeperMetrics metrics,
      Doors fleet) {}

  private final KeeperMeans means;
  private final KeeperShard shard;
  private final Newborn newborn;
  private final Leases leases;
  private final Elections elections;
  private boolean retiring;
  private boolean passivating;
  private @Nullable Grown grown;

  /** What it has once it knows its key. */
  private record Grown(KeyState state, StoreQueue store) {}

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
    this.means = new KeeperMeans(key, context, actor, timers);
    this.shard = shard;
    this.leases = new Leases(means);
    this.elections = new Elections(means);
    this.newborn = new Newborn(means, shard.isYoung(actor.getSelf()), this::refuse, this::begin);
    actor.setLoggerName(Keeper.class);
    actor.setReceiveTimeout(
        Duration.ofMillis(means.settings().idleMillis()), new KeeperCommand.Idle());
  }

  @Override
  public Behavior<KeeperCommand> onMessage(KeeperCommand command) {
    switch (command) {
      case KeeperCommand.Ask ask -> whenReady(ask);
      case KeeperCommand.Commit commit -> whenReady(commit);
      case KeeperCommand.Invalidate invalidate -> whenReady(invalidate);
      case KeeperCommand.Drop drop -> whenReady(drop);
      case KeeperCommand.Ping(long id, var node) -> {
        means.context().fleet().met(node);
        node.tell(new NodeMessage.Done(id, true));
      }
      case KeeperCommand.Started started -> ofFill(started);
      case KeeperCommand.Progress progress -> ofFill(progress);
      case KeeperCommand.Headed head -> ofFill(head);
      case KeeperCommand.Ended ended -> ofFill(ended);
      case KeeperCommand.Orphaned orphan -> whenReady(orphan);
      case KeeperCommand.Runs(NodeId node, var fills) -> {
        fills.forEach(this::ofFill);
        newborn.heardAll(node);
      }
      case KeeperCommand.Unheard unheard -> newborn.awaitNobody();
      case KeeperCommand.Elect(FillId fill) -> ready(now -> elections.elect(now.state(), fill));
      case KeeperCommand.Revoked(NodeId node, long upTo) -> leases.revoked(node, upTo);
      case KeeperCommand.TermsOver(long upTo) -> leases.termsOver(upTo);
      case KeeperCommand.TellStrangers tell -> leases.tellStrangers();
      case KeeperCommand.Loaded(StoredKey stored) -> onLoaded(stored);
      case KeeperCommand.Wrote(KeeperStore.Result result) -> {
        ready(now -> now.store().wrote(result));
        return retiring ? retire() : this;
      }
      case KeeperCommand.LoadAgain again -> loadAgain();
      case KeeperCommand.Rested rested -> ready(now -> now.store().rested());
      case KeeperCommand.Tick tick -> onTick();
      case KeeperCommand.Idle idle -> onIdle();
      case KeeperCommand.Retire retire -> {
        return retire();
      }
    }
    return this;
  }

  // --- loading

  private void ready(Consumer<Grown> action) {
    Grown now = grown;
    if (now != null) {
      action.accept(now);
    }
  }

  /** Does it now, or when it is known what is stored and what runs. */
  private void whenReady(KeeperCommand command) {
    Grown now = grown;
    if (retiring) {
      shard.handOn(command);
    } else if (now == null) {
      newborn.await(command);
    } else {
      perform(now, command);
    }
  }

  private void loadAgain() {
    if (grown == null) {
      newborn.loadIfNeeded();
    }
  }

  private void onLoaded(@Nullable StoredKey stored) {
    Grown now = grown;
    if (now == null) {
      newborn.loaded(stored);
    } else {
      now.store().reloaded(stored);
    }
  }

  private void begin(StoredKey stored) {
    KeyState known = new KeyState(means.key(), means.settings(), stored);
    Grown now = new Grown(known, new StoreQueue(means, known, leases));
    grown = now;
    newborn.tell(known);
    watchRunning(known);
    newborn.takeWaiting().forEach(command -> perform(now, command));
  }

  private void perform(Grown now, KeeperCommand command) {
    switch (command) {
      case KeeperCommand.Ask ask -> answer(now.state(), ask);
      case KeeperCommand.Commit commit -> now.store().enqueue(new StoreOperation.Write(commit));
      case KeeperCommand.Drop drop -> now.store().enqueue(new StoreOperation.Remove(drop));
      case KeeperCommand.Invalidate invalidate -> invalidate(now, invalidate);
      case KeeperCommand.Orphaned orphan -> {
        leases.met(orphan.nodeId(), orphan.node());
        elections.orphaned(now.state(), orphan);
        watchRunning(now.state());
      }
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
        leases.revoke();
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
    Grown now = grown;
    if (now == null) {
      newborn.heard(command);
      return;
    }
    KeyState known = now.state();
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
    leases.met(ask.nodeId(), ask.node());
    Decision decision = known.decide(ask, FillId.random(), now());
    Answer answer =
        switch (decision) {
          case Decision.Serve(Kept kept) -> new Answer.Stored(leases.grant(known, kept.entry()));
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
    if (known.hasRunning() && !means.timers().isTimerActive(TICK)) {
      Duration tick = Duration.ofMillis(means.settings().keeperTickMillis());
      means.timers().startTimerWithFixedDelay(TICK, new KeeperCommand.Tick(), tick);
    }
  }

  private void onTick() {
    ready(
        now -> {
          KeyState known = now.state();
          for (FillId silent : known.releaseSilent(now())) {
            means.metrics().replacedLeaders.increment();
            leases.released(silent);
          }
          if (!known.hasRunning()) {
            means.timers().cancel(TICK);
          }
        });
  }

  // --- purges

  private void invalidate(Grown now, KeeperCommand.Invalidate command) {
    means.metrics().invalidations.increment();
    boolean nothing = now.state().isEmpty() && now.store().isEmpty() && !command.lasting();
    List<Kept> gone = now.state().invalidate(System.currentTimeMillis());
    long purge = leases.purge(command, nothing);
    if (!nothing) {
      now.store().enqueue(new StoreOperation.Bury(gone, purge, 0, 0));
    }
    leases.settle();
  }

  // --- the end

  private void onIdle() {
    Grown now = grown;
    boolean busy = newborn.isBusy() || leases.hasPurges() || (now != null && isBusy(now));
    if (!busy) {
      passivating = true;
      shard.passivate(means.self());
    }
  }

  private static boolean isBusy(Grown now) {
    return !now.store().isEmpty() || now.state().hasRunning() || now.state().hasHeld();
  }

  /**
   * What is being written comes to its end first: the keeper that follows reads no state between.
   * Everything else that is not done yet is for that one, and nobody has to ask anew.
   */
  private Behavior<KeeperCommand> retire() {
    retiring = true;
    Grown now = grown;
    if (now != null && now.store().close()) {
      return this;
    }
    // Where this node is the last of its fleet it goes, and messages to nobody would delay it.
    if (passivating || means.context().fleet().doors().size() > 1) {
      handOn();
    }
    return Behaviors.stopped();
  }

  private void handOn() {
    newborn.takeWaiting().forEach(shard::handOn);
    leases.purges().forEach(shard::handOn);
    ready(
        now -> {
          now.state().reports().forEach(shard::handOn);
          now.store().waiting(shard::handOn);
        });
    elections.waiting(shard::handOn);
  }

  private static long now() {
    return KeeperMeans.nowNanos();
  }
}
