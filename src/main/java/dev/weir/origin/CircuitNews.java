package dev.weir.origin;

/**
 * What one node tells the others about an origin. Lengths of time travel, not times of a monotonic
 * clock.
 *
 * @param origin scheme and authority, or for bans a host, or a host and port
 * @param remainingMillis how long it is to be left alone from now; 0 is without end, for bans only
 * @param timedOut whether what made it so was an origin that did not answer in time
 * @param cause one sentence
 * @param decidedAtMillis when an operator said so, of the wall clock; of two the later holds
 */
public record CircuitNews(
    String origin,
    Change change,
    long remainingMillis,
    boolean timedOut,
    String cause,
    long decidedAtMillis) {

  /** What has happened. */
  public enum Change {
    /** Its circuit opened. */
    OPENED,
    /** A probe was answered: it is worth another. */
    ANSWERED,
    BANNED,
    UNBANNED
  }
}
