package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The leases of one key: what its keeper has granted, to whom, and the purges that wait until they
 * are over. Confined to its keeper.
 */
final class Leases {
  private static final AtomicLong LAST_INCARNATION = new AtomicLong();
  private static final String STRANGERS = "strangers";

  private final KeeperMeans means;
  private final long incarnation =
      LAST_INCARNATION.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis()));
  private final Map<NodeId, ActorRef<NodeMessage>> nodes = new HashMap<>();
  private final Purges purges;
  private long sequence;

  Leases(KeeperMeans means) {
    this.means = means;
    this.purges = new Purges(means.timers()::cancel);
  }

  /** That node asks, so it may hold some. */
  void met(NodeId node, ActorRef<NodeMessage> door) {
    nodes.put(node, door);
  }

  Lease grant(KeyState known, Entry entry) {
    long termMillis = means.settings().leaseTermMillis();
    return new Lease(entry, known.vary(), incarnation, ++sequence, termMillis);
  }

  /** Holders of the older state get the new one; it takes the place of their lease. */
  void renew(KeyState known, Entry entry) {
    Lease lease = grant(known, entry);
    nodes.values().forEach(node -> node.tell(new NodeMessage.Renewed(lease)));
  }

  /** Nobody waits for that fill any more. */
  void released(FillId fill) {
    nodes.values().forEach(node -> node.tell(new NodeMessage.Released(fill)));
  }

  /** All leases granted so far end; a newborn keeper assumes that every node holds some. */
  Set<NodeId> revoke() {
    Map<NodeId, ActorRef<NodeMessage>> doors = means.context().fleet().doors();
    // One that was started anew has another door than the one it asked from.
    Set<ActorRef<NodeMessage>> told = new HashSet<>(doors.values());
    told.addAll(nodes.values());
    NodeMessage revoke = new NodeMessage.Revoke(means.key(), incarnation, ++sequence, means.self());
    told.forEach(node -> node.tell(revoke));
    Set<NodeId> holders = new HashSet<>(doors.keySet());
    holders.addAll(nodes.keySet());
    return holders;
  }

  // --- purges

  /**
   * All leases end, and that command is answered when they have; returns the number it goes by.
   *
   * @param written there is nothing to be written for it
   */
  long purge(KeeperCommand.Invalidate command, boolean written) {
    // Before the doors are looked at: one that is found meanwhile is told twice, not never.
    boolean strangers = means.context().fleet().hasStrangers();
    Set<NodeId> holders = revoke();
    purges.begin(sequence, command, holders, KeeperMeans.nowNanos(), written, strangers);
    if (strangers) {
      lookForStrangers();
    }
    means.later(
        sequence, new KeeperCommand.TermsOver(sequence), means.settings().leaseTermMillis());
    return sequence;
  }

  boolean hasPurges() {
    return !purges.isEmpty();
  }

  /** Those not answered yet. */
  List<KeeperCommand.Invalidate> purges() {
    return purges.commands();
  }

  /** Answers what is done. */
  void settle() {
    purges.settle();
  }

  /** Nothing more will be written for that purge. */
  void written(long purge, boolean persisted) {
    purges.written(purge, persisted);
  }

  /** Whether the store may be asked once more for its sake. */
  boolean isPatient(long purge) {
    return purges.isYoungerThan(means.purgePatienceNanos(), purge, KeeperMeans.nowNanos());
  }

  void revoked(NodeId node, long upTo) {
    purges.revoked(node, upTo);
  }

  void termsOver(long upTo) {
    nodes.keySet().removeIf(means.context().fleet()::hasDeparted); // they hold nothing any more
    purges.termsOver(upTo);
  }

  /** A node that has just joined may have a lease of a keeper that knew its door. */
  private void lookForStrangers() {
    means.later(STRANGERS, new KeeperCommand.TellStrangers(), means.settings().purgePauseMillis());
  }

  void tellStrangers() {
    if (!purges.waitForStrangers()) {
      return;
    }
    if (means.context().fleet().hasStrangers()) {
      lookForStrangers();
    } else {
      purges.toldStrangers(revoke());
    }
  }
}
