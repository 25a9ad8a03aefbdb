package dev.weir.cache;

import dev.weir.entry.NodeId;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/**
 * The doors of all nodes in one fabric, by node: whoever may hold leases can be told to forget
 * them. A node's name is part of its door's name, so that no message is needed to learn it.
 */
final class Fleet {
  private static final ServiceKey<NodeMessage> DOORS =
      ServiceKey.create(NodeMessage.class, "weir-node");

  private static final String PREFIX = "weir-node-";

  /** Nodes that have left are remembered, so many: longer than any fill they led. */
  private static final int MAX_DEPARTED = 1000;

  private volatile Map<NodeId, ActorRef<NodeMessage>> doors;
  private volatile Set<NodeId> departed = Set.of();
  private volatile Consumer<Collection<ActorRef<NodeMessage>>> newcomers = none -> {};

  Fleet(Map<NodeId, ActorRef<NodeMessage>> doors) {
    this.doors = doors;
  }

  /** Opens this node's door and learns of the others. */
  static Fleet join(ActorSystem<?> fabric, NodeId self, Behavior<NodeMessage> door) {
    ActorRef<NodeMessage> own = fabric.systemActorOf(door, doorName(self), Props.empty());
    Fleet fleet = new Fleet(Map.of(self, own));
    fabric.receptionist().tell(Receptionist.register(DOORS, own));
    fabric.systemActorOf(fleet.listen(self, own), "weir-nodes", Props.empty());
    return fleet;
  }

  /** All doors known now, those out of reach and this node's own among them. Any thread. */
  Map<NodeId, ActorRef<NodeMessage>> doors() {
    return doors;
  }

  /**
   * Whether that node was of this fleet and its membership has ended. One out of reach is still a
   * member. Any thread.
   */
  boolean hasDeparted(NodeId node) {
    return departed.contains(node);
  }

  /** Whoever is given the doors of nodes that were not known before. On the fabric's thread. */
  void onNewcomers(Consumer<Collection<ActorRef<NodeMessage>>> told) {
    newcomers = told;
  }

  private Behavior<Receptionist.Listing> listen(NodeId self, ActorRef<NodeMessage> own) {
    return Behaviors.setup(
        context -> {
          context.getSystem().receptionist().tell(Receptionist.subscribe(DOORS, context.getSelf()));
          return Behaviors.receive(Receptionist.Listing.class)
              .onAnyMessage(
                  listing -> {
                    listed(byNode(listing.getAllServiceInstances(DOORS), self, own));
                    return Behaviors.same();
                  })
              .build();
        });
  }

  /** Those are all doors there are now; one thread at a time. */
  void listed(Map<NodeId, ActorRef<NodeMessage>> now) {
    Map<NodeId, ActorRef<NodeMessage>> before = doors;
    Set<NodeId> gone = new LinkedHashSet<>(departed);
    gone.addAll(before.keySet());
    gone.removeAll(now.keySet());
    Iterator<NodeId> oldest = gone.iterator();
    while (gone.size() > MAX_DEPARTED) {
      oldest.next();
      oldest.remove();
    }
    doors = now;
    departed = Collections.unmodifiableSet(gone);
    Set<ActorRef<NodeMessage>> fresh = new HashSet<>(now.values());
    fresh.removeAll(before.values());
    newcomers.accept(fresh);
  }

  private static Map<NodeId, ActorRef<NodeMessage>> byNode(
      Set<ActorRef<NodeMessage>> found, NodeId self, ActorRef<NodeMessage> own) {
    Map<NodeId, ActorRef<NodeMessage>> byNode = new HashMap<>();
    for (ActorRef<NodeMessage> door : found) {
      byNode.put(nodeOf(door.path().name()), door);
    }
    byNode.put(self, own);
    return Map.copyOf(byNode);
  }

  /** The name of a node's door. */
  static String doorName(NodeId node) {
    return PREFIX + URLEncoder.encode(node.text(), StandardCharsets.UTF_8);
  }

  /** The node behind a door of that name. */
  static NodeId nodeOf(String doorName) {
    return new NodeId(
        URLDecoder.decode(doorName.substring(PREFIX.length()), StandardCharsets.UTF_8));
  }
}
