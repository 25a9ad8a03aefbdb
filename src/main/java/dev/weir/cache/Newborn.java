package dev.weir.cache;

import dev.weir.entry.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A keeper before it knows its key: it reads what is stored, learns what runs, and lets commands
 * wait meanwhile. Requests are refused where the store fails, for they have the origin; purges have
 * the store asked on. Confined to its keeper.
 */
final class Newborn {
  private static final String LOAD_AGAIN = "load-again";
  private static final String UNHEARD = "unheard";

  private final KeeperMeans means;
  private final BiConsumer<KeeperCommand, String> refuse;
  private final Consumer<StoredKey> ready;
  private final EarlyReports reports;
  private final Queue<Early> early = new ArrayDeque<>();
  private boolean loading;
  private long retryAtNanos;
  private boolean storeFailed;
  private int failedLoads;

  /** It has not asked yet which fills run, and has to. */
  private boolean young;

  /** What is stored, while it is not known yet which fills run. */
  private @Nullable StoredKey read;

  /** A command that came before the metadata. */
  private record Early(KeeperCommand command, long sinceNanos) {}

  /**
   * @param young whether it has to ask which fills run
   * @param refuse answers a command that cannot be done, with the reason
   * @param ready told once what is stored, when what runs has been told as well
   */
  Newborn(
      KeeperMeans means,
      boolean young,
      BiConsumer<KeeperCommand, String> refuse,
      Consumer<StoredKey> ready) {
    this.means = means;
    this.young = young;
    this.refuse = refuse;
    this.ready = ready;
    this.reports = new EarlyReports(means.settings());
  }

  /** Something is under way. */
  boolean isBusy() {
    return loading || !early.isEmpty();
  }

  /** What waits, and does so no longer. */
  List<KeeperCommand> takeWaiting() {
    return takeEarly().stream().map(Early::command).toList();
  }

  /** It waits until the store has answered; says at once that it has arrived. */
  void await(KeeperCommand command) {
    boolean resting = storeFailed && KeeperMeans.nowNanos() - retryAtNanos < 0;
    boolean patient = command instanceof KeeperCommand.Invalidate;
    if ((resting && !patient) || early.size() >= means.settings().maxWaiting()) {
      refuse.accept(command, resting ? "store" : "busy");
      return;
    }
    if (command instanceof KeeperCommand.Ask ask) {
      ask.node().tell(new NodeMessage.Acked(ask.id()));
    }
    early.add(new Early(command, KeeperMeans.nowNanos()));
    if (resting) {
      loadAgainLater();
    } else {
      loadIfNeeded();
    }
  }

  void loadIfNeeded() {
    if (!loading) {
      loading = true;
      means.load();
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
    Map<NodeId, ActorRef<NodeMessage>> doors = means.context().fleet().askable();
    reports.await(doors.keySet());
    NodeMessage question = new NodeMessage.WhatRuns(means.key(), means.self());
    doors.values().forEach(node -> node.tell(question));
    means.later(UNHEARD, new KeeperCommand.Unheard(), means.settings().ackTimeoutMillis());
  }

  private void loadAgainLater() {
    if (!means.timers().isTimerActive(LOAD_AGAIN)) {
      means.later(LOAD_AGAIN, new KeeperCommand.LoadAgain(), means.pauseMillis(failedLoads));
    }
  }

  /** The store has said what is kept; null if it failed. */
  void loaded(@Nullable StoredKey stored) {
    if (stored == null) {
      loading = false;
      onLoadFailed(takeEarly());
    } else {
      read = stored;
      beginIfHeard();
    }
  }

  /** A leader has told of its fill. */
  void heard(KeeperCommand command) {
    reports.heard(command, KeeperMeans.nowNanos());
  }

  /** That node has told all that it leads. */
  void heardAll(NodeId node) {
    reports.answered(node);
    beginIfHeard();
  }

  /** The nodes have had their time. */
  void awaitNobody() {
    reports.awaitNobody();
    beginIfHeard();
  }

  /** Tells the key's state what has been heard. */
  void tell(KeyState known) {
    reports.tell(known, KeeperMeans.nowNanos());
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
    means.timers().cancel(UNHEARD);
    ready.accept(stored);
  }

  /** Requests have the origin; a purge has nothing else, so it stays and has the store asked on. */
  private void onLoadFailed(List<Early> waited) {
    storeFailed = true;
    failedLoads++;
    retryAtNanos =
        KeeperMeans.nowNanos() + TimeUnit.MILLISECONDS.toNanos(means.settings().storeRetryMillis());
    for (Early one : waited) {
      if (one.command() instanceof KeeperCommand.Invalidate
          && KeeperMeans.nowNanos() - one.sinceNanos() < means.purgePatienceNanos()) {
        early.add(one);
      } else {
        refuse.accept(one.command(), "store");
      }
    }
    if (!early.isEmpty()) {
      loadAgainLater();
    }
  }
}
