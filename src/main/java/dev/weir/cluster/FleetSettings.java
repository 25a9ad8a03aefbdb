package dev.weir.cluster;

import com.typesafe.config.Config;
import dev.weir.wire.TlsSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where this node is found by the others of its fleet, and where it finds them; keys of block
 * {@code weir.cluster}. Times are milliseconds.
 *
 * @param folder what {@code weir cluster init} made for this node; null for a node without peers
 * @param host the name or address under which the others reach this node
 * @param port of the control connections
 * @param peerPort of the byte connections
 * @param seeds nodes to join by; {@link Founding} says which of them founds the fleet
 * @param dns a name whose addresses are seeds too, each at this node's own ports; or empty
 * @param unshared whether nodes may keep their stores to themselves: for trying things out only
 * @param connectTimeoutMillis to a peer
 * @param silenceMillis of a peer's stream, after which the keeper is asked whether it still lives
 * @param openTimeoutMillis longest wait for the head of a fill at a peer
 * @param idleMillis silence after which either side closes a connection of bytes
 * @param pieceBytes most bytes of a chunk read at once for a peer
 * @param portLimits of the connections that others open to this node's peer port
 * @param status what is told to operators
 */
public record FleetSettings(
    @Nullable Path folder,
    String host,
    int port,
    int peerPort,
    List<Seed> seeds,
    String dns,
    boolean unshared,
    long connectTimeoutMillis,
    long silenceMillis,
    long openTimeoutMillis,
    long idleMillis,
    int pieceBytes,
    PortLimits portLimits,
    Status status) {

  /**
   * Limits of the peer port.
   *
   * @param idleMillis silence after which a connection is closed
   * @param maxConnections taken at once; others wait to be accepted
   * @param tls in which time and bytes a connection has to show its certificate
   */
  public record PortLimits(long idleMillis, int maxConnections, TlsSettings tls) {}

  /**
   * Limits of what {@code weir cluster status} shows.
   *
   * @param timeoutMillis of another node's answer
   * @param maxFills told of by each node, the oldest first
   */
  public record Status(long timeoutMillis, int maxFills) {}

  public FleetSettings {
    seeds = List.copyOf(seeds);
    if (folder != null && seeds.isEmpty() && dns.isEmpty()) {
      throw new IllegalArgumentException(
          "--cluster-dir is given but no other node: name them with --cluster-seeds"
              + " host:port,host:port (this node's own among them) or --cluster-dns");
    }
    if (loopback(host) && seeds.stream().anyMatch(seed -> !loopback(seed.host()))) {
      throw new IllegalArgumentException(
          "--cluster-host is "
              + host
              + ", where the nodes of --cluster-seeds on other machines cannot reach this one: give"
              + " the name or address that stands for it in that list");
    }
    if (folder == null && !(seeds.isEmpty() && dns.isEmpty())) {
      throw new IllegalArgumentException(
          "--cluster-seeds or --cluster-dns is given without --cluster-dir, the folder that"
              + " `weir cluster init` made for this node");
    }
  }

  /** This node's name among the nodes to join by. */
  String name() {
    return host + ":" + peerPort;
  }

  boolean isSelf(Seed seed) {
    return seed.host().equals(host) && seed.peerPort() == peerPort;
  }

  /** Where the others would look for this node on their own machines. */
  private static boolean loopback(String host) {
    return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
  }

  /** A node to join by. */
  public record Seed(String host, int port, int peerPort) {
    /** {@code host:port}, or {@code host:port:peer-port} where that is not the next one. */
    static Seed parse(String text) {
      int bracket = text.lastIndexOf(']');
      String[] ports = text.substring(bracket + 1).split(":", -1);
      String host = bracket < 0 ? ports[0] : text.substring(0, bracket + 1);
      boolean wellFormed = ports.length == 2 || ports.length == 3;
      if (!wellFormed || host.isEmpty() || host.indexOf(' ') >= 0) {
        throw notASeed(text);
      }
      int port = port(ports[1], text);
      return new Seed(host, port, ports.length == 3 ? port(ports[2], text) : port + 1);
    }

    private static int port(String digits, String seed) {
      int port = digits.matches("\\d{1,5}") ? Integer.parseInt(digits) : 0;
      if (port < 1 || port > 65_535) {
        throw notASeed(seed);
      }
      return port;
    }

    private static IllegalArgumentException notASeed(String text) {
      return new IllegalArgumentException(
          "--cluster-seeds: \"" + text + "\" is not host:port or host:port:peer-port");
    }
  }

  public boolean isFleet() {
    return folder != null;
  }

  /** Reads the block {@code weir.cluster}. */
  public static FleetSettings from(Config room) {
    String folder = room.getString("dir");
    List<Seed> seeds = new ArrayList<>();
    for (String seed : room.getStringList("seeds")) {
      seeds.add(Seed.parse(seed.strip()));
    }
    int port = room.getInt("port");
    int peerPort = room.getInt("peer-port");
    return new FleetSettings(
        folder.isEmpty() ? null : Path.of(folder),
        room.getString("host"),
        port,
        peerPort == 0 ? port + 1 : peerPort,
        seeds,
        room.getString("dns"),
        room.getBoolean("unshared-stores"),
        room.getDuration("peer-connect-timeout").toMillis(),
        room.getDuration("peer-silence").toMillis(),
        room.getDuration("peer-open-timeout").toMillis(),
        room.getDuration("peer-idle").toMillis(),
        Math.toIntExact(room.getBytes("peer-piece-bytes")),
        new PortLimits(
            room.getDuration("peer-idle").toMillis(),
            room.getInt("peer-max-connections"),
            TlsSettings.from(room.getConfig("peer-tls"))),
        new Status(room.getDuration("status-timeout").toMillis(), room.getInt("status-fills")));
  }
}
