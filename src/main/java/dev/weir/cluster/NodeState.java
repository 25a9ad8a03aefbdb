package dev.weir.cluster;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;

/**
 * What a node tells the others of itself when an operator asks any of them. Later versions may add
 * to it.
 *
 * @param node its name in the cache
 * @param address its name in the fabric
 * @param rules the version of the rules in force
 * @param keepersAnswer whether it is one of its fleet
 * @param leasedKeys keys it may serve without asking
 * @param leads how many responses it fetches
 * @param follows how many it reads along with their leaders
 * @param fills the oldest of these
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record NodeState(
    String node,
    String address,
    String release,
    String rules,
    boolean keepersAnswer,
    long leasedKeys,
    int leads,
    int follows,
    List<RunningFill> fills,
    Tiers tiers) {

  /**
   * A response on its way.
   *
   * @param url without what looks like a secret
   * @param length of its body; -1 where the origin has not said it
   */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record RunningFill(String url, boolean leads, long bytes, long length, long millis) {}

  /** How much each tier of the node holds; pending is what is not in the object store yet. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Tiers(long memoryBytes, long diskBytes, long diskLimitBytes, long pendingBytes) {}
}
