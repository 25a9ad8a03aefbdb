package dev.weir.wire;

import javax.net.ssl.SSLException;

/**
 * The peer's byte stream ended without a close_notify (RFC 8446 6.1): what was received may have
 * been cut short by anybody on the path, so it is a failure and never an end.
 */
public final class TlsTruncatedException extends SSLException {
  private static final long serialVersionUID = 1L;

  public TlsTruncatedException() {
    super("connection ended without close_notify");
  }

  /** Peers vanish all the time; where that was noticed tells nothing. */
  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
