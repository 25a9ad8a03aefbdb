package dev.weir.edge;

/** The time for draining is over: the connection is cut, whatever runs on it. */
public final class DrainDeadlineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DrainDeadlineException() {
    super("drain deadline", null, false, false);
  }
}
