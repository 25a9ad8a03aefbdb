package dev.weir.origin;

import org.jspecify.annotations.Nullable;

/**
 * Why an origin gave no usable response. {@code kind} decides what may be done instead (stale,
 * another try); the message is one sentence fit for a client and holds no secret.
 */
public final class OriginFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The classes of failure; {@code label} is the text of Cache-Status, logs and metrics. */
  public enum Kind {
    EGRESS_DENIED("egress-denied", 403),
    LOOP("loop", 508),
    CIRCUIT_OPEN("circuit-open", 502),
    OVER_LIMIT("origin-limit", 429),
    RESOLVE("dns", 502),
    CONNECT("connect", 502),
    CONNECT_TIMEOUT("connect-timeout", 504),
    TLS("tls", 502),
    HEAD_TIMEOUT("head-timeout", 504),
    IDLE_TIMEOUT("idle-timeout", 504),
    BAD_RESPONSE("bad-response", 502),
    CLOSED("closed", 502),
    TRUNCATED("truncated", 502),
    OVERLOADED("overloaded", 503),
    FILTER("filter-failed", 502);

    private final String label;
    private final int status;

    Kind(String label, int status) {
      this.label = label;
      this.status = status;
    }

    public String label() {
      return label;
    }

    /** The status a client gets when nothing better is at hand. */
    public int status() {
      return status;
    }
  }

  private final Kind kind;
  private final boolean reusedConnection;
  private final long retryAfterMillis;
  private final boolean originsFault;
  private final boolean timedOut;

  public OriginFailure(Kind kind, String message, @Nullable Throwable cause) {
    this(kind, message, cause, false, 0, true, kind.status() == 504);
  }

  private OriginFailure(
      Kind kind,
      String message,
      @Nullable Throwable cause,
      boolean reusedConnection,
      long retryAfterMillis,
      boolean originsFault,
      boolean timedOut) {
    super(message, cause, false, false);
    this.kind = kind;
    this.reusedConnection = reusedConnection;
    this.retryAfterMillis = retryAfterMillis;
    this.originsFault = originsFault;
    this.timedOut = timedOut;
  }

  /** A kept connection went away after the request was written and before any byte came back. */
  static OriginFailure closedOnReuse(String message, @Nullable Throwable cause) {
    return new OriginFailure(Kind.CLOSED, message, cause, true, 0, false, false);
  }

  /**
   * Nothing was asked.
   *
   * @param timedOut whether what is remembered of the origin is that it did not answer in time
   */
  static OriginFailure circuitOpen(String message, boolean timedOut, long retryAfterMillis) {
    return new OriginFailure(
        Kind.CIRCUIT_OPEN, message, null, false, retryAfterMillis, false, timedOut);
  }

  /** A rule does not let it go now; nothing was asked. */
  static OriginFailure overLimit(String message, long retryAfterMillis) {
    return new OriginFailure(Kind.OVER_LIMIT, message, null, false, retryAfterMillis, false, false);
  }

  /** The request's own body failed while it was being sent. */
  static OriginFailure uploadEnded(@Nullable Throwable cause) {
    return new OriginFailure(
        Kind.CLOSED, "The request body ended early.", cause, false, 0, false, false);
  }

  /** Whether this may count against the origin. */
  boolean originsFault() {
    return originsFault;
  }

  /**
   * Whether a kept connection was dropped before any byte of the response: most likely the origin
   * closed it while idle. Stale content is to be preferred; {@link Resend} says when another try is
   * right.
   */
  public boolean reusedConnection() {
    return reusedConnection;
  }

  /** When the next request may go, in milliseconds from now; 0 if unknown. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }

  /** Whether the origin did not answer in time, now or when its circuit opened. */
  public boolean timedOut() {
    return timedOut;
  }

  /** The status a client gets when nothing better is at hand. */
  public int status() {
    return kind == Kind.CIRCUIT_OPEN && timedOut ? 504 : kind.status();
  }

  public Kind kind() {
    return kind;
  }
}
