package dev.weir.cache;

import dev.weir.cache.KeyState.OrphanDecision;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Who goes on with fills of one key whose leaders are lost. Confined to its keeper. */
final class Elections {
  private final KeeperMeans means;
  private final Map<FillId, List<KeeperCommand.Orphaned>> orphans = new HashMap<>();

  Elections(KeeperMeans means) {
    this.means = means;
  }

  /** Tells who waits for one. */
  void waiting(Consumer<KeeperCommand> told) {
    orphans.values().forEach(waiting -> waiting.forEach(told));
  }

  void orphaned(KeyState known, KeeperCommand.Orphaned orphan) {
    switch (known.orphaned(orphan, means.context().fleet()::hasDeparted, KeeperMeans.nowNanos())) {
      case OrphanDecision.Follow(NodeId leader) ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), null, leader, ""));
      case OrphanDecision.Lead(Grant grant) ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), grant, null, ""));
      case OrphanDecision.Refuse(String reason) ->
          orphan.node().tell(new NodeMessage.Succeeded(orphan.id(), null, null, reason));
      case OrphanDecision.Elect(FillId fill) -> {
        orphans.computeIfAbsent(fill, first -> new ArrayList<>()).add(orphan);
        if (!means.timers().isTimerActive(fill)) {
          means.later(fill, new KeeperCommand.Elect(fill), means.settings().electionMillis());
        }
      }
    }
  }

  void elect(KeyState known, FillId fill) {
    List<KeeperCommand.Orphaned> waiting = orphans.remove(fill);
    if (waiting == null) {
      return;
    }
    Grant next = known.elect(fill, waiting, KeeperMeans.nowNanos());
    if (next != null) {
      means.metrics().replacedLeaders.increment();
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
}
