package dev.weir.wire;

import java.nio.ByteBuffer;

/** What the headers of TLS records tell (RFC 8446 5.1), which stand in clear. */
final class TlsRecords {
  static final int PLAIN_BYTES = 16 * 1024;

  private static final int HEADER_BYTES = 5;

  /** RFC 8446 5.2; the widest expansion that RFC 5246 6.2.3 allows is larger. */
  static final int MAX_BYTES = HEADER_BYTES + PLAIN_BYTES + 2048;

  private static final int FIRST_TYPE = 20;
  private static final int HANDSHAKE_TYPE = 22;
  private static final int LAST_TYPE = 23;

  private TlsRecords() {}

  /** Whether the next record is of the handshake. */
  static boolean isHandshake(ByteBuffer in) {
    return in.get(in.position()) == HANDSHAKE_TYPE;
  }

  /** How many records so many bytes take. */
  static int of(int plainBytes) {
    return (plainBytes + PLAIN_BYTES - 1) / PLAIN_BYTES;
  }

  /**
   * How many bytes at the start are whole records. A header that cannot be one is handed to the
   * engine at once (it knows the right alert) instead of waiting for the length it claims.
   */
  static int completeBytes(ByteBuffer in) {
    int at = 0;
    while (in.limit() - at >= HEADER_BYTES) {
      int type = in.get(at);
      int length = HEADER_BYTES + ((in.get(at + 3) & 0xff) << 8) + (in.get(at + 4) & 0xff);
      if (type < FIRST_TYPE || type > LAST_TYPE || in.get(at + 1) != 3 || length > MAX_BYTES) {
        return in.limit();
      }
      if (in.limit() - at < length) {
        break;
      }
      at += length;
    }
    return at;
  }
}
