package dev.weir.cache;

import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What leaders have told of their fills to a keeper that knows nothing of its key yet, the last of
 * each: as soon as it has read its metadata this makes it know what its predecessor granted.
 */
final class EarlyReports {
  private final Map<FillId, Heard> latest = new LinkedHashMap<>();
  private final Set<NodeId> awaited = new HashSet<>();

  /** What was told to one keeper by two ways may come in another order than it was said. */
  private final Set<Led> ended = new HashSet<>();

  private final CacheSettings settings;

  EarlyReports(CacheSettings settings) {
    this.settings = settings;
  }

  private record Led(FillId fill, NodeId leader) {
    static Led by(Grant grant) {
      return new Led(grant.fill(), grant.leader());
    }
  }

  private record Heard(KeeperCommand.Progress report, long nanos) {}

  /** Those nodes have been asked what they lead. */
  void await(Set<NodeId> nodes) {
    awaited.addAll(nodes);
  }

  /** That node has told all that it leads. */
  void answered(NodeId node) {
    awaited.remove(node);
  }

  /** Whoever has not answered is taken to lead nothing. */
  void awaitNobody() {
    awaited.clear();
  }

  boolean awaitsSome() {
    return !awaited.isEmpty();
  }

  /** Anything that a leader tells of its fill. */
  void heard(KeeperCommand command, long nowNanos) {
    switch (command) {
      case KeeperCommand.Progress report -> keep(report, nowNanos);
      case KeeperCommand.Headed(Grant grant, var fate, var vary, var variant, boolean plain) -> {
        switch (fate) {
          case STORE ->
              keep(
                  new KeeperCommand.Progress(grant, 0, new KeeperCommand.Place(vary, variant)),
                  nowNanos);
          case SHARE, REFRESH -> keep(new KeeperCommand.Progress(grant, 0, null), nowNanos);
          case RELAY -> drop(grant);
        }
      }
      case KeeperCommand.Ended(Grant grant, String reason) -> drop(grant);
      default -> {}
    }
  }

  private void keep(KeeperCommand.Progress report, long nowNanos) {
    FillId id = report.grant().fill();
    Heard before = latest.get(id);
    boolean isOlder = before != null && report.awaited() && !before.report().awaited();
    if (isOlder || ended.contains(Led.by(report.grant()))) {
      return;
    }
    if (before != null || latest.size() < settings.maxFillsPerKey()) {
      latest.put(id, new Heard(report, nowNanos));
    }
  }

  /** Nobody is to follow it, whatever was said of it before. */
  private void drop(Grant grant) {
    latest.remove(grant.fill());
    if (ended.size() < settings.pastFillsPerKey()) {
      ended.add(Led.by(grant));
    }
  }

  /** Tells it to the key's state, but for what is too old to be true. */
  void tell(KeyState known, long nowNanos) {
    long silence = TimeUnit.MILLISECONDS.toNanos(settings.leaderSilenceMillis());
    for (Heard heard : latest.values()) {
      if (nowNanos - heard.nanos() < silence) {
        known.progress(heard.report(), heard.nanos());
      }
    }
    latest.clear();
  }
}
