package dev.weir.testing;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A network namespace with two links to this one: over the first its programs reach the other nodes
 * of a fleet, over the second origins and stores. The first can be cut.
 */
public final class NetworkNamespace implements AutoCloseable {
  /** Where the fleet is inside, and outside: who is cut off is the first of them by name. */
  public static final String FLEET_INSIDE = "10.77.1.1";

  public static final String FLEET_OUTSIDE = "10.77.1.2";

  /** Where origins and stores are, for both. */
  public static final String SERVERS = "10.77.2.1";

  private static final String SERVERS_INSIDE = "10.77.2.2";
  private static final String NAME = "weir-cut";
  private static final String FLEET_LINK = "weir-f";
  private static final String SERVERS_LINK = "weir-s";

  private NetworkNamespace() {}

  /** Whether this user may make one here. */
  public static boolean allowed() throws IOException, InterruptedException {
    if (!Command.isThere("ip")) {
      return false;
    }
    delete();
    boolean made = Command.of("ip", "netns", "add", NAME).run().exitCode() == 0;
    delete();
    return made;
  }

  public static NetworkNamespace make() throws IOException, InterruptedException {
    delete();
    ip("netns", "add", NAME);
    ip("-n", NAME, "link", "set", "lo", "up");
    link(FLEET_LINK, FLEET_OUTSIDE, FLEET_INSIDE);
    link(SERVERS_LINK, SERVERS, SERVERS_INSIDE);
    return new NetworkNamespace();
  }

  private static void link(String name, String outside, String inside)
      throws IOException, InterruptedException {
    ip("link", "add", name, "type", "veth", "peer", "name", name + "i", "netns", NAME);
    ip("addr", "add", outside + "/24", "dev", name);
    ip("link", "set", name, "up");
    ip("-n", NAME, "addr", "add", inside + "/24", "dev", name + "i");
    ip("-n", NAME, "link", "set", name + "i", "up");
  }

  /** What to put before a command so that it runs inside. */
  public List<String> wrapper() {
    return List.of("ip", "netns", "exec", NAME);
  }

  /** No packet passes between inside and the rest of the fleet from now on. */
  public void cut() throws IOException, InterruptedException {
    ip("link", "set", FLEET_LINK, "down");
  }

  public void heal() throws IOException, InterruptedException {
    ip("link", "set", FLEET_LINK, "up");
  }

  private static void delete() throws IOException, InterruptedException {
    Command.of("ip", "netns", "del", NAME).run();
    // Links go with the namespace that holds their other ends, but not at once.
    Command.of("ip", "link", "del", FLEET_LINK).run();
    Command.of("ip", "link", "del", SERVERS_LINK).run();
  }

  private static void ip(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    Command.Ended ended = Command.of(command).run();
    if (ended.exitCode() != 0) {
      throw new IOException(command + ": " + ended.err());
    }
  }

  @Override
  public void close() throws IOException {
    try {
      delete();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
