package dev.weir.cluster;

import org.jspecify.annotations.Nullable;

/**
 * What the nodes of a fleet must agree on; everything else may differ between them.
 *
 * @param ca fingerprint of the interception CA
 * @param keyShape how cache keys are made; nodes of two shapes would fetch everything twice
 * @param protocol of messages and peer streams; raised when an old node could not follow a new one
 * @param release for people
 */
public record Hello(String ca, int keyShape, int protocol, String release) {
  /** Raised with every change after which an old key is another than a new one. */
  public static final int KEY_SHAPE = 1;

  public static final int PROTOCOL = 1;

  /** Why the two cannot be of one fleet, as a sentence; null if they can. */
  @Nullable String differs(Hello other, String otherNode) {
    if (!ca.equals(other.ca)) {
      return "this node's interception CA ("
          + ca
          + ") is not that of "
          + otherNode
          + " ("
          + other.ca
          + "): clients trust one; give every node the folder that `weir cluster init` made for it";
    }
    if (keyShape != other.keyShape || protocol != other.protocol) {
      return "this node (release "
          + release
          + ", key shape "
          + keyShape
          + ", protocol "
          + protocol
          + ") cannot be of one fleet with "
          + otherNode
          + " (release "
          + other.release
          + ", key shape "
          + other.keyShape
          + ", protocol "
          + other.protocol
          + "): upgrade by way of a release both can follow";
    }
    return null;
  }
}
