package dev.weir.wire;

/**
 * Is told what a guard refused, for log and metrics. Called on the connection's own thread: must
 * not block.
 */
@FunctionalInterface
public interface GuardEvents {
  GuardEvents NONE = (reason, id) -> {};

  /**
   * A message was refused or a connection given up.
   *
   * @param id the id that stands in the answer; empty if nothing was answered
   */
  void refused(GuardViolation.Reason reason, String id);
}
