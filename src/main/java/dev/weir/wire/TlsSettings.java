package dev.weir.wire;

import com.typesafe.config.Config;

/**
 * The limits of one {@link TlsStage}.
 *
 * @param handshakeTimeoutMillis from the first byte of life to the end of the handshake; a peer
 *     that takes longer is cut off
 * @param maxHandshakeBytes what a peer may send before the handshake ends: a ClientHello is a few
 *     hundred bytes, a chain of certificates some kilobytes
 * @param maxRecordsPerWrite how many records (16 KiB of plaintext each) one write may hold; more
 *     save system calls on big bodies, fewer bound the memory of a slow peer
 */
public record TlsSettings(
    long handshakeTimeoutMillis, int maxHandshakeBytes, int maxRecordsPerWrite) {
  public TlsSettings {
    if (handshakeTimeoutMillis < 1 || maxHandshakeBytes < 1) {
      throw new IllegalArgumentException("TLS limits must be positive");
    }
    if (maxRecordsPerWrite < 1 || maxRecordsPerWrite > 64) {
      throw new IllegalArgumentException("max-records-per-write must be 1 to 64");
    }
  }

  /**
   * Reads {@code handshake-timeout}, {@code max-handshake-bytes}, {@code max-records-per-write}.
   */
  public static TlsSettings from(Config tls) {
    return new TlsSettings(
        tls.getDuration("handshake-timeout").toMillis(),
        Math.toIntExact(tls.getBytes("max-handshake-bytes")),
        tls.getInt("max-records-per-write"));
  }
}
