package dev.weir.wire;

import com.typesafe.config.Config;

/**
 * Limits of a listener and the sockets it accepts; they stand in block {@code weir.edge}, where
 * each default has its reason.
 *
 * @param backlog connected and not yet accepted, at most
 * @param maxConnections open at once
 * @param acceptBatch accepted in one go, at most
 * @param acceptPauseMillis after an accept that failed
 * @param readBytes taken from a socket at a time, at most
 * @param maxUnread such pieces that may wait for the stream; then the socket is left alone
 * @param writeBytes given to a socket at a time, at most
 */
public record SocketSettings(
    int backlog,
    int maxConnections,
    int acceptBatch,
    long acceptPauseMillis,
    int readBytes,
    int maxUnread,
    int writeBytes) {
  private static final int MIB = 1024 * 1024;

  /**
   * Reads what of the block is about sockets.
   *
   * @throws IllegalArgumentException if a value is out of its range: one sentence with its place
   *     and the range
   */
  public static SocketSettings from(Config edge) {
    LimitReader limits = new LimitReader(edge, "weir.edge");
    return new SocketSettings(
        limits.count("backlog", 1, 1_000_000),
        limits.count("max-connections", 1, 10_000_000),
        limits.count("accept-batch", 1, 65_536),
        limits.number("accept-pause-millis", 1, 60_000),
        limits.bytes("read-bytes", 4096, 16 * MIB),
        limits.count("max-unread", 1, 1024),
        limits.bytes("write-bytes", 4096, 16 * MIB));
  }
}
