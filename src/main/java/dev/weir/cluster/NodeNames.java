package dev.weir.cluster;

import dev.weir.entry.NodeId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The names of nodes: where the peer port is, and which run of the process. */
public final class NodeNames {
  private NodeNames() {}

  /** A fresh name for a node whose peer port is there. */
  public static NodeId fresh(String host, int peerPort) {
    return new NodeId(host + ":" + peerPort + "/" + UUID.randomUUID());
  }

  /** A name for a node without peers. */
  public static NodeId alone() {
    return new NodeId(UUID.randomUUID().toString());
  }

  /** Where a node's peer port is; null if it has none. */
  static @Nullable Place place(NodeId node) {
    int slash = node.text().lastIndexOf('/');
    int colon = slash < 0 ? -1 : node.text().lastIndexOf(':', slash);
    if (colon < 0) {
      return null;
    }
    try {
      return new Place(
          node.text().substring(0, colon),
          Integer.parseInt(node.text().substring(colon + 1, slash)));
    } catch (NumberFormatException notAPort) {
      return null;
    }
  }

  record Place(String host, int port) {}
}
