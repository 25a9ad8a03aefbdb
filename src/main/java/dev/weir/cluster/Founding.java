package dev.weir.cluster;

import dev.weir.cluster.Greetings.Greeting;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When a node may found a fleet, and which of two fleets gives way. Two fleets of the same nodes
 * would each have a keeper for every key: what is purged in one is served in the other.
 */
final class Founding {
  private Founding() {}

  /**
   * Whether that node may found one: of the nodes to join by more than half can be asked, itself
   * included, none of them is of a fleet, and it is the first of them by name. A node that is cut
   * off therefore founds nothing; where nobody listens, no node runs that could be of a fleet.
   *
   * @param others what the other nodes to join by say
   * @param justStarted then those before it by name may be about to start, too
   */
  static boolean mayFound(String self, List<Greeting> others, boolean justStarted) {
    if (justStarted && others.stream().anyMatch(other -> other.node().compareTo(self) < 0)) {
      return false;
    }
    int reached = 1;
    for (Greeting other : others) {
      switch (other) {
        case Greeting.Said(String node, Hello hello) -> {
          if (hello.speaksForItsFleet() || node.compareTo(self) < 0) {
            return false;
          }
          reached++;
        }
        case Greeting.Nobody nobody -> reached++;
        case Greeting.Foreign foreign -> {}
        case Greeting.Silent silent -> {}
      }
    }
    return 2 * reached > 1 + others.size();
  }

  /**
   * The name of a node whose fleet has no member in common with this one's, and stays; or null. One
   * that this node could not be of is nobody to give way to.
   */
  static @Nullable String staying(Hello own, List<Greeting> others) {
    List<String> members = own.members();
    for (Greeting other : others) {
      if (other instanceof Greeting.Said(String node, Hello hello)
          && !hello.members().isEmpty()
          && own.differs(hello, node) == null
          && Collections.disjoint(members, hello.members())
          && givesWay(members, hello.members())) {
        return node;
      }
    }
    return null;
  }

  /** The smaller one, so that fewer nodes begin anew; of two alike that of the later name. */
  private static boolean givesWay(List<String> members, List<String> others) {
    return members.size() == others.size()
        ? Collections.min(members).compareTo(Collections.min(others)) > 0
        : members.size() < others.size();
  }
}
