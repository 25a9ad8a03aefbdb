package dev.weir.cluster;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the nodes of a fleet must agree on; everything else may differ between them. Later versions
 * may add to it.
 *
 * @param ca fingerprint of the interception CA
 * @param keyShape how cache keys are made; nodes of two shapes would fetch everything twice
 * @param protocol of messages and peer streams; raised when an old node could not follow a new one
 * @param release for people
 * @param shards that keys are dealt to, and with them their keepers; 0 where a node does not say
 * @param joined whether it is one of its fleet; null where a node does not say
 * @param members the addresses of all nodes of the fleet it is one of, as it sees it
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Hello(
    String ca,
    int keyShape,
    int protocol,
    String release,
    int shards,
    @Nullable Boolean joined,
    List<String> members) {
  /** Raised with every change after which an old key is another than a new one. */
  public static final int KEY_SHAPE = 1;

  public static final int PROTOCOL = 1;

  @SuppressWarnings("NullAway") // read from JSON, where an earlier version does not say
  public Hello {
    members = members == null ? List.of() : List.copyOf(members);
  }

  /** What this version says of itself, without being one of a fleet yet. */
  public static Hello of(String ca, int shards, String release) {
    return new Hello(ca, KEY_SHAPE, PROTOCOL, release, shards, false, List.of());
  }

  /** The same of a node that is one of these; of none if there are none. */
  public Hello joined(List<String> fleet) {
    return new Hello(ca, keyShape, protocol, release, shards, !fleet.isEmpty(), fleet);
  }

  /** Whether its fleet is what is to be agreed with: one that is only starting may be the wrong. */
  boolean speaksForItsFleet() {
    return joined == null || joined;
  }

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
    if (other.shards != 0 && shards != other.shards) {
      return "this node deals keys to "
          + shards
          + " shards, "
          + otherNode
          + " to "
          + other.shards
          + ", so that a key would have two keepers: give all nodes the same"
          + " weir.cluster.pekko.cluster.sharding.number-of-shards, and change it only while none"
          + " of them runs";
    }
    return null;
  }
}
