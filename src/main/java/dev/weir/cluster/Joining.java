package dev.weir.cluster;

import dev.weir.cluster.Greetings.Greeting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How one fabric system becomes one of a fleet, and learns that its fleet is not the only one.
 * {@link Founding} decides; this asks the others and does what was decided, for as long as the
 * system runs.
 */
final class Joining {
  private static final Logger LOG = LoggerFactory.getLogger(Joining.class);

  private final ActorSystem<Void> system;
  private final FabricSystem.Peers peers;
  private final long lookAroundMillis;
  private final Supplier<List<String>> fleet;
  private final BooleanSupplier running;

  /** What the system has been told to join by last; written by one look around after another. */
  private volatile List<Address> told = List.of();

  /**
   * Makes one that has not begun.
   *
   * @param fleet the members of the fleet that this node is one of; empty if it is of none
   * @param running whether the system is still this node's
   */
  Joining(
      ActorSystem<Void> system,
      FabricSystem.Peers peers,
      long lookAroundMillis,
      Supplier<List<String>> fleet,
      BooleanSupplier running) {
    this.system = system;
    this.peers = peers;
    this.lookAroundMillis = lookAroundMillis;
    this.fleet = fleet;
    this.running = running;
  }

  /** Begins, with what those to join by have just said. */
  void start(List<FleetSettings.Seed> seeds, List<Greeting> greetings) {
    join(seeds, greetings, true);
    lookAroundLater();
  }

  private void lookAroundLater() {
    CompletableFuture.runAsync(this::lookAroundAndAgain, FabricSystem.later(lookAroundMillis))
        .exceptionally(
            failed -> {
              LOG.warn("The nodes to join by could not be asked", failed);
              return null;
            });
  }

  /** Goes on after a failure, too: a fleet that is two is looked for as long as there is one. */
  private void lookAroundAndAgain() {
    try {
      if (running.getAsBoolean()) {
        lookAround();
      }
    } finally {
      if (running.getAsBoolean()) {
        lookAroundLater();
      }
    }
  }

  /** Founds a fleet if nobody else does; of two that do not know each other one gives way. */
  private void lookAround() {
    List<FleetSettings.Seed> seeds = Seeds.of(peers.fleet());
    List<Greeting> greetings = Greetings.of(peers, seeds);
    List<String> members = fleet.get();
    if (!running.getAsBoolean()) {
      return;
    }
    if (members.isEmpty()) {
      join(seeds, greetings, false);
      return;
    }
    String staying = Founding.staying(peers.hello().joined(members), greetings);
    if (staying != null) {
      LOG.warn("{} is of another fleet of the same nodes, which this node joins", staying);
      system.terminate();
    }
  }

  /**
   * Pekko's founder is the first of its list; who is not in it only joins, for as long as it takes.
   * It is told again only what is new: being told starts its patience anew, and a leave to found
   * ends as soon as it would not be given any more.
   */
  private void join(List<FleetSettings.Seed> seeds, List<Greeting> greetings, boolean justStarted) {
    FleetSettings own = peers.fleet();
    Cluster cluster = Cluster.get(system);
    List<Address> addresses = new ArrayList<>();
    if (seeds.stream().anyMatch(own::isSelf)
        && Founding.mayFound(own.name(), greetings, justStarted)) {
      addresses.add(cluster.selfMember().address());
    }
    seeds.stream()
        .filter(seed -> !own.isSelf(seed))
        .map(seed -> new Address("pekko", system.name(), seed.host(), seed.port()))
        .forEach(addresses::add);
    if (!addresses.equals(told)) {
      told = List.copyOf(addresses);
      cluster.manager().tell(new JoinSeedNodes(addresses));
    }
  }
}
