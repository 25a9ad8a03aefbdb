package dev.weir.edge;

/** A rule forbids this destination; the message names the rule and is shown to the client. */
public final class TunnelRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TunnelRefusedException(String message) {
    super(message, null, false, false);
  }
}
