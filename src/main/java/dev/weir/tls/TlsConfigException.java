package dev.weir.tls;

import org.jspecify.annotations.Nullable;

/**
 * A certificate or key that was configured cannot be used. The message is one sentence fit for an
 * operator's terminal: what is wrong and what to do; it never holds key material.
 */
public final class TlsConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TlsConfigException(String message) {
    this(message, null);
  }

  public TlsConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
