package dev.weir.cache;

import dev.weir.entry.NodeId;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/** The doors of a fleet's nodes, as keepers see them. Any thread. */
interface Doors {
  /** All that are known now, those out of reach among them. */
  Map<NodeId, ActorRef<NodeMessage>> doors();

  /** Those of nodes that can be asked what they lead: an earlier version knows no such question. */
  default Map<NodeId, ActorRef<NodeMessage>> askable() {
    return doors();
  }

  /** Whether that node was of this fleet and its membership has ended. */
  boolean hasDeparted(NodeId node);

  /** Whether a node is of this fleet whose door is not known here yet. */
  default boolean hasStrangers() {
    return false;
  }

  /** Somebody has spoken from that door. */
  default void met(ActorRef<NodeMessage> door) {}
}
