package dev.weir.origin;

/**
 * How long an origin may take, in milliseconds; 0 is no limit. {@code connect} covers name, TCP and
 * TLS; {@code read} is the longest silence, before the head and between pieces of the body.
 */
public record OriginTimeouts(long connectMillis, long readMillis, long totalMillis) {
  public static final OriginTimeouts NONE = new OriginTimeouts(0, 0, 0);

  public OriginTimeouts {
    if (connectMillis < 0 || readMillis < 0 || totalMillis < 0) {
      throw new IllegalArgumentException("a negative timeout");
    }
  }
}
