package dev.weir.cache;

import dev.weir.entry.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The invalidations of one key that are not acknowledged yet: each is when its tombstone is written
 * (or cannot be) and every holder of a lease has forgotten, or its term is over. They go by the
 * sequence of their revocation. Confined to its keeper.
 */
final class Purges {
  private final Map<Long, Purge> purges = new HashMap<>();
  private final Consumer<Long> settled;

  /**
   * @param settled told the sequence of one that needs no terms to be watched any more
   */
  Purges(Consumer<Long> settled) {
    this.settled = settled;
  }

  private static final class Purge {
    final KeeperCommand.Invalidate command;
    final Set<NodeId> holders;
    final long sinceNanos;
    boolean strangers;
    boolean written;
    boolean persisted = true;

    Purge(
        KeeperCommand.Invalidate command,
        Set<NodeId> holders,
        long sinceNanos,
        boolean written,
        boolean strangers) {
      this.command = command;
      this.holders = holders;
      this.sinceNanos = sinceNanos;
      this.written = written;
      this.strangers = strangers;
    }
  }

  boolean isEmpty() {
    return purges.isEmpty();
  }

  /**
   * One begins.
   *
   * @param holders who may hold leases; to be modified here
   * @param written there is nothing to be written
   * @param strangers a node may hold a lease whose door is not known
   */
  void begin(
      long sequence,
      KeeperCommand.Invalidate command,
      Set<NodeId> holders,
      long nowNanos,
      boolean written,
      boolean strangers) {
    purges.put(sequence, new Purge(command, holders, nowNanos, written, strangers));
  }

  /** What they were asked for with. */
  List<KeeperCommand.Invalidate> commands() {
    return purges.values().stream().map(purge -> purge.command).toList();
  }

  boolean waitForStrangers() {
    return purges.values().stream().anyMatch(purge -> purge.strangers);
  }

  /** All doors are known now, and these nodes have been told (again). */
  void toldStrangers(Set<NodeId> holders) {
    for (Purge purge : purges.values()) {
      if (purge.strangers) {
        purge.strangers = false;
        purge.holders.addAll(holders);
      }
    }
    settle();
  }

  /** Whether it is not acknowledged yet and began less than that long ago. */
  boolean isYoungerThan(long nanos, long sequence, long nowNanos) {
    Purge purge = purges.get(sequence);
    return purge != null && nowNanos - purge.sinceNanos < nanos;
  }

  /**
   * Nothing more will be written for it.
   *
   * @param persisted whether its tombstone stands
   */
  void written(long sequence, boolean persisted) {
    Purge purge = purges.get(sequence);
    if (purge != null) {
      purge.written = true;
      purge.persisted = persisted;
    }
    settle();
  }

  /** That node has forgotten all that was revoked up to there. */
  void revoked(NodeId node, long upTo) {
    purges.forEach(
        (revoked, purge) -> {
          if (revoked <= upTo) {
            purge.holders.remove(node);
          }
        });
    settle();
  }

  /** The holders that have not answered have lost their leases by time. */
  void termsOver(long sequence) {
    Purge purge = purges.get(sequence);
    if (purge != null) {
      purge.holders.clear();
      purge.strangers = false;
    }
    settle();
  }

  /** Acknowledges what is done. */
  void settle() {
    purges.entrySet().removeIf(entry -> isDone(entry.getKey(), entry.getValue()));
  }

  private boolean isDone(long sequence, Purge purge) {
    boolean done = purge.written && !purge.strangers && purge.holders.isEmpty();
    if (done) {
      settled.accept(sequence);
      purge.command.node().tell(new NodeMessage.Done(purge.command.id(), purge.persisted));
    }
    return done;
  }
}
