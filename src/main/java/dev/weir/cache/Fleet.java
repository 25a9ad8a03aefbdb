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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * The doors of all nodes in one fabric, by node: whoever may hold leases can be told to forget
 * them. A node's name is part of its door's name, so that no message is needed to learn it.
 */
final class Fleet implements Doors {
  private static final ServiceKey<NodeMessage> DOORS =
      ServiceKey.create(NodeMessage.class, "weir-node");

  /** Doors that answer {@link NodeMessage.WhatRuns}: of nodes since the version that knows it. */
  private static final ServiceKey<NodeMessage> ASKABLE =
      ServiceKey.create(NodeMessage.class, "weir-leaders");

  private static final String PREFIX = "weir-node-";

  private static final Set<MemberStatus> MAY_HAVE_ASKED =
      Set.of(
          MemberStatus.weaklyUp(),
          MemberStatus.up(),
          MemberStatus.leaving(),
          MemberStatus.exiting());

  private volatile Map<NodeId, ActorRef<NodeMessage>> listed;
  private volatile Map<NodeId, ActorRef<NodeMessage>> askable;

  /** Doors that have been spoken from before they were listed. */
  private final Map<NodeId, ActorRef<NodeMessage>> met = new ConcurrentHashMap<>();

  private final Supplier<Set<Address>> others;
  private final int maxDeparted;
  private volatile Set<NodeId> departed = Set.of();
  private volatile Consumer<Collection<ActorRef<NodeMessage>>> newcomers = none -> {};

  /**
   * @param doors known so far
   * @param others where the other nodes are that may ask keepers
   * @param maxDeparted nodes that have left and are remembered
   */
  Fleet(Map<NodeId, ActorRef<NodeMessage>> doors, Supplier<Set<Address>> others, int maxDeparted) {
    this.listed = doors;
    this.askable = doors;
    this.others = others;
    this.maxDeparted = maxDeparted;
  }

  /** Opens this node's door and learns of the others. */
  static Fleet join(
      ActorSystem<?> fabric, NodeId self, Behavior<NodeMessage> door, int maxDeparted) {
    ActorRef<NodeMessage> own = fabric.systemActorOf(door, doorName(self), Props.empty());
    Fleet fleet = new Fleet(Map.of(self, own), () -> others(Cluster.get(fabric)), maxDeparted);
    fabric.receptionist().tell(Receptionist.register(DOORS, own));
    fabric.receptionist().tell(Receptionist.register(ASKABLE, own));
    fabric.systemActorOf(fleet.listen(self, own), "weir-nodes", Props.empty());
    return fleet;
  }

  /** One that is only joining has asked no keeper yet. */
  private static Set<Address> others(Cluster cluster) {
    Set<Address> others = new HashSet<>();
    for (Member member : cluster.state().getMembers()) {
      if (MAY_HAVE_ASKED.contains(member.status())) {
        others.add(member.address());
      }
    }
    others.remove(cluster.selfMember().address());
    return others;
  }

  /** All doors known now, those out of reach and this node's own among them. */
  @Override
  public Map<NodeId, ActorRef<NodeMessage>> doors() {
    if (met.isEmpty()) {
      return listed;
    }
    Map<NodeId, ActorRef<NodeMessage>> all = new HashMap<>(met);
    all.putAll(listed);
    return all;
  }

  @Override
  public Map<NodeId, ActorRef<NodeMessage>> askable() {
    return askable;
  }

  /** One out of reach is still a member. */
  @Override
  public boolean hasDeparted(NodeId node) {
    return departed.contains(node);
  }

  @Override
  public boolean hasStrangers() {
    Set<Address> unknown = new HashSet<>(others.get());
    met.values().removeIf(door -> !unknown.contains(door.path().address())); // it has left
    doors().values().forEach(door -> unknown.remove(door.path().address()));
    return !unknown.isEmpty();
  }

  /** A node looks for every shard's keeper before it asks any: so they know it before the list. */
  @Override
  public void met(ActorRef<NodeMessage> door) {
    String name = door.path().name();
    boolean remote = door.path().address().hasGlobalScope();
    if (remote && name.startsWith(PREFIX) && !listed.containsKey(nodeOf(name))) {
      met.put(nodeOf(name), door);
    }
  }

  /** Whoever is given the doors of nodes that were not known before. On the fabric's thread. */
  void onNewcomers(Consumer<Collection<ActorRef<NodeMessage>>> told) {
    newcomers = told;
  }

  private Behavior<Receptionist.Listing> listen(NodeId self, ActorRef<NodeMessage> own) {
    return Behaviors.setup(
        context -> {
          var receptionist = context.getSystem().receptionist();
          receptionist.tell(Receptionist.subscribe(DOORS, context.getSelf()));
          receptionist.tell(Receptionist.subscribe(ASKABLE, context.getSelf()));
          return Behaviors.receive(Receptionist.Listing.class)
              .onAnyMessage(
                  listing -> {
                    if (listing.isForKey(DOORS)) {
                      listed(byNode(listing.getAllServiceInstances(DOORS), self, own));
                    } else {
                      // One out of reach could only be waited for.
                      askable = byNode(listing.getServiceInstances(ASKABLE), self, own);
                    }
                    return Behaviors.same();
                  })
              .build();
        });
  }

  /** Those are all doors there are now; one thread at a time. */
  void listed(Map<NodeId, ActorRef<NodeMessage>> now) {
    Map<NodeId, ActorRef<NodeMessage>> before = listed;
    Set<NodeId> gone = new LinkedHashSet<>(departed);
    gone.addAll(before.keySet());
    gone.removeAll(now.keySet());
    Iterator<NodeId> oldest = gone.iterator();
    while (gone.size() > maxDeparted) {
      oldest.next();
      oldest.remove();
    }
    listed = now;
    met.keySet().removeAll(now.keySet());
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
