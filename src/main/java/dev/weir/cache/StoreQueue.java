package dev.weir.cache;

import dev.weir.cache.KeyState.CommitDecision;
import dev.weir.cache.Slot.Kept;
import dev.weir.entry.Entry;
import dev.weir.entry.VaryIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a keeper writes: one operation at a time, in the order they were asked for. Each acts on the
 * key's state when the store has taken it, and answers whoever asked for it. Confined to its
 * keeper.
 */
final class StoreQueue {
  private static final String REST = "rest";

  /** How often a tombstone is written again after somebody else's write. */
  private static final int MAX_CONFLICTS = 3;

  private final KeeperMeans means;
  private final KeyState known;
  private final Leases leases;
  private final Deque<StoreOperation> operations = new ArrayDeque<>();
  private @Nullable StoreOperation current;
  private @Nullable CommitDecision decided;
  private boolean closed;

  StoreQueue(KeeperMeans means, KeyState known, Leases leases) {
    this.means = means;
    this.known = known;
    this.leases = leases;
  }

  boolean isEmpty() {
    return current == null && operations.isEmpty();
  }

  /** Nothing more is begun; whether something is still being written. */
  boolean close() {
    closed = true;
    return switch (current) {
      case StoreOperation.Write write -> true;
      case StoreOperation.Bury bury -> true;
      case StoreOperation.Remove remove -> true;
      case StoreOperation.Reload reload -> false;
      case StoreOperation.Rest rest -> false;
      case null -> false;
    };
  }

  /** Tells what waits; tombstones are not of it, their purges wait themselves. */
  void waiting(Consumer<KeeperCommand> told) {
    for (StoreOperation operation : operations) {
      switch (operation) {
        case StoreOperation.Write(KeeperCommand.Commit commit) -> told.accept(commit);
        case StoreOperation.Remove(KeeperCommand.Drop drop) -> told.accept(drop);
        case StoreOperation.Bury bury -> {}
        case StoreOperation.Reload reload -> {}
        case StoreOperation.Rest rest -> {}
      }
    }
  }

  void enqueue(StoreOperation operation) {
    if (operations.size() >= means.settings().maxWaiting()) {
      refuseOperation(operation, "busy");
      return;
    }
    operations.add(operation);
    startNext();
  }

  private void startNext() {
    while (!closed && current == null && !operations.isEmpty()) {
      StoreOperation next = operations.remove();
      switch (next) {
        case StoreOperation.Write write -> startWrite(write);
        case StoreOperation.Bury bury -> {
          List<KeeperStore.Removal> removals =
              bury.gone().stream().map(StoreQueue::removal).toList();
          begin(
              bury,
              means
                  .context()
                  .store()
                  .invalidate(known.tombstone(), known.indexVersion(), removals));
        }
        case StoreOperation.Remove remove -> startRemoval(remove);
        case StoreOperation.Reload reload -> {
          current = reload;
          means.load();
        }
        case StoreOperation.Rest rest -> {
          current = rest;
          means.later(REST, new KeeperCommand.Rested(), means.pauseMillis(rest.failures()));
        }
      }
    }
  }

  void rested() {
    if (current instanceof StoreOperation.Rest) {
      current = null;
      startNext();
    }
  }

  /** The store has been read once more; null if it failed. */
  void reloaded(@Nullable StoredKey stored) {
    if (current instanceof StoreOperation.Reload) {
      current = null;
      if (stored != null) {
        adopt(stored);
      }
      startNext();
    }
  }

  private void adopt(StoredKey stored) {
    boolean ahead = stored.epoch().compareTo(known.epoch()) > 0;
    known.adopt(stored);
    if (ahead && operations.stream().anyMatch(StoreOperation.Bury.class::isInstance)) {
      // Two keepers have purged: what the other has let in since goes with this one's purge too.
      known.invalidate(System.currentTimeMillis());
    }
  }

  private void startWrite(StoreOperation.Write write) {
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
        means.metrics().holds.increment();
        known.held(commit.grant(), commit.entry(), commit.vary(), over);
        leases.renew(known, commit.entry());
        commit.node().tell(new NodeMessage.Committed(commit.id(), commit.entry()));
      }
      case CommitDecision.Refresh(Kept kept, boolean persist) -> {
        means.metrics().refreshes.increment();
        known.refreshed(commit.grant(), commit.entry(), null);
        leases.renew(known, commit.entry());
        commit.node().tell(new NodeMessage.Committed(commit.id(), commit.entry()));
        if (persist) {
          decided = decision;
          begin(
              write,
              means
                  .context()
                  .store()
                  .commit(commit.entry(), kept.version(), null, known.indexVersion()));
        } else {
          means.metrics().unwrittenRefreshes.increment();
        }
      }
      case CommitDecision.Write(Entry entry, var expected, VaryIndex index, var indexExpected) -> {
        decided = decision;
        begin(write, means.context().store().commit(entry, expected, index, indexExpected));
      }
    }
  }

  private void startRemoval(StoreOperation.Remove remove) {
    KeeperCommand.Drop drop = remove.drop();
    Kept kept = known.current(drop.variant(), drop.tag());
    if (kept == null) {
      refuseOperation(remove, "gone");
      return;
    }
    leases.revoke();
    if (kept.held()) {
      // Nothing of it is written; what it was to replace is there again.
      known.removed(drop.variant(), drop.tag());
      drop.node().tell(new NodeMessage.Done(drop.id(), true));
      current = new StoreOperation.Reload();
      means.load();
      return;
    }
    begin(
        remove,
        means
            .context()
            .store()
            .remove(removal(kept), known.indexWithout(drop.variant()), known.indexVersion()));
  }

  private void begin(StoreOperation operation, CompletionStage<KeeperStore.Result> stage) {
    current = operation;
    means
        .actor()
        .pipeToSelf(
            stage,
            (result, failed) -> {
              if (failed != null) {
                means.noteFailure("written", failed);
              }
              return new KeeperCommand.Wrote(result);
            });
  }

  void wrote(KeeperStore.@Nullable Result result) {
    StoreOperation done = current;
    CommitDecision decision = decided;
    current = null;
    decided = null;
    if (done == null) {
      return;
    }
    switch (done) {
      case StoreOperation.Write(KeeperCommand.Commit commit)
          when decision instanceof CommitDecision.Refresh ->
          onRefreshWritten(commit, result);
      case StoreOperation.Write write
          when decision instanceof CommitDecision.Write(Entry entry, var over, var index, var at) ->
          onCommitWritten(write, entry, result);
      case StoreOperation.Write write -> {}
      case StoreOperation.Bury bury -> onBuried(bury, result);
      case StoreOperation.Remove remove -> onRemoved(remove, result);
      case StoreOperation.Reload reload -> {}
      case StoreOperation.Rest rest -> {}
    }
    if (closed) {
      return;
    }
    boolean uncertain = result == null || result instanceof KeeperStore.Result.Conflict;
    if (uncertain && !(operations.peek() instanceof StoreOperation.Rest)) {
      // Whether a failed write took place is not known: only reading says.
      current = new StoreOperation.Reload();
      means.load();
    }
    startNext();
  }

  private void onRefreshWritten(KeeperCommand.Commit commit, KeeperStore.@Nullable Result result) {
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
      StoreOperation.Write write, Entry entry, KeeperStore.@Nullable Result result) {
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
    CompletionStage<?> named = means.context().retention().committed(entry);
    List<KeeperStore.Removal> unlisted = new ArrayList<>();
    for (Kept old : replaced) {
      means.context().retention().removed(old.entry());
      if (!old.entry().documentId().equals(entry.documentId())) {
        unlisted.add(removal(old));
      }
    }
    forget(unlisted);
    leases.renew(known, entry);
    means.metrics().commits.increment();
    // At once, but where a manifest has to be read first: its chunks are let go after this.
    named.whenComplete(
        (done, failed) -> commit.node().tell(new NodeMessage.Committed(commit.id(), entry)));
  }

  private void onRemoved(StoreOperation.Remove remove, KeeperStore.@Nullable Result result) {
    KeeperCommand.Drop drop = remove.drop();
    Kept kept = known.current(drop.variant(), drop.tag());
    boolean removed = result instanceof KeeperStore.Result.Removed;
    if (removed && result instanceof KeeperStore.Result.Removed(var index) && index != null) {
      known.indexWritten(index.version());
    }
    if (removed && kept != null) {
      known.removed(drop.variant(), drop.tag());
      means.context().retention().removed(kept.entry());
      // A question answered while the document was being deleted may have leased it again.
      leases.revoke();
    }
    drop.node().tell(new NodeMessage.Done(drop.id(), removed));
  }

  private void refuseOperation(StoreOperation operation, String reason) {
    switch (operation) {
      case StoreOperation.Write(KeeperCommand.Commit commit) -> {
        means.metrics().discardedCommits.increment();
        commit.node().tell(new NodeMessage.Discarded(commit.id(), reason));
      }
      case StoreOperation.Remove(KeeperCommand.Drop drop) ->
          drop.node().tell(new NodeMessage.Done(drop.id(), false));
      case StoreOperation.Bury bury -> leases.written(bury.sequence(), false);
      case StoreOperation.Reload reload -> {}
      case StoreOperation.Rest rest -> {}
    }
  }

  private void forget(List<KeeperStore.Removal> removals) {
    if (!removals.isEmpty()) {
      // Best effort: an unlisted document is garbage, not a lie.
      means.context().store().removeAll(removals).exceptionally(failed -> null);
    }
  }

  private static KeeperStore.Removal removal(Kept kept) {
    return new KeeperStore.Removal(kept.entry().documentId(), kept.version());
  }

  private void onBuried(StoreOperation.Bury bury, KeeperStore.@Nullable Result result) {
    if (result instanceof KeeperStore.Result.Removed(var index) && index != null) {
      known.indexWritten(index.version());
      bury.gone().forEach(kept -> means.context().retention().removed(kept.entry()));
      leases.written(bury.sequence(), true);
    } else if (result instanceof KeeperStore.Result.Conflict && bury.conflicts() < MAX_CONFLICTS) {
      operations.addFirst(bury.afterConflict());
    } else if (result == null && leases.isPatient(bury.sequence())) {
      // Commits of this key wait meanwhile: none may come between a tombstone and its order.
      operations.addFirst(bury.afterFailure());
      operations.addFirst(new StoreOperation.Reload());
      operations.addFirst(new StoreOperation.Rest(bury.failures() + 1));
    } else {
      leases.written(bury.sequence(), false);
    }
  }
}
