package dev.weir.cluster;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** The nodes to join by: those that are named, and those a name in the DNS stands for. */
final class Seeds {
  private Seeds() {}

  /**
   * By one name on every node, for who founds the fleet goes by names. Blocks while the DNS is
   * asked. A name that is not known stands for nobody, not even for this node: it may be cut off
   * from the DNS as well, and whoever is not among them founds nothing.
   */
  static List<FleetSettings.Seed> of(FleetSettings fleet) {
    List<FleetSettings.Seed> seeds = new ArrayList<>(fleet.seeds());
    if (!fleet.dns().isEmpty()) {
      try {
        for (InetAddress address : InetAddress.getAllByName(fleet.dns())) {
          seeds.add(
              new FleetSettings.Seed(address.getHostAddress(), fleet.port(), fleet.peerPort()));
        }
      } catch (UnknownHostException notYet) {
        // Nodes come up in any order, and their names with them.
      }
      seeds.sort(Comparator.comparing(FleetSettings.Seed::host));
    }
    return List.copyOf(seeds);
  }

  static String reason(@Nullable Throwable failed) {
    Throwable cause =
        failed instanceof CompletionException && failed.getCause() != null
            ? failed.getCause()
            : failed;
    return String.valueOf(cause);
  }
}
