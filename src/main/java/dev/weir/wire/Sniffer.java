package dev.weir.wire;

/** Tells from the first bytes of a stream which protocol it speaks. Pure. */
public final class Sniffer {
  private static final int TLS_HANDSHAKE = 22;
  private static final int MAX_METHOD_CHARS = 64;
  private static final String CONNECT = "CONNECT";

  /** What a stream speaks. */
  public enum Protocol {
    /** Too few bytes to say. */
    UNDECIDED,
    TLS,
    HTTP,
    /** HTTP whose first request is a CONNECT. */
    CONNECT,
    /** Neither TLS nor HTTP. */
    OTHER
  }

  private Sniffer() {}

  /**
   * Judges the bytes received so far; at most 65 are looked at.
   *
   * <p>HTTP is a method that starts with a letter, one space, and a target in origin, absolute or
   * asterisk form: that leaves out SSH's {@code SSH-2.0-name comment} and the line protocols of
   * mail and chat.
   */
  public static Protocol sniff(byte[] bytes, int length) {
    if (length == 0) {
      return Protocol.UNDECIDED;
    }
    if (bytes[0] == TLS_HANDSHAKE) {
      if (length < 2) {
        return Protocol.UNDECIDED;
      }
      return bytes[1] == 3 ? Protocol.TLS : Protocol.OTHER;
    }
    if (!isLetter(bytes[0])) {
      return Protocol.OTHER;
    }
    int end = 1;
    while (end < length && end <= MAX_METHOD_CHARS && Octets.TOKEN[bytes[end] & 0xFF]) {
      end++;
    }
    if (end > MAX_METHOD_CHARS) {
      return Protocol.OTHER;
    }
    if (end == length) {
      return Protocol.UNDECIDED;
    }
    if (bytes[end] != ' ') {
      return Protocol.OTHER;
    }
    if (isConnect(bytes, end)) {
      return Protocol.CONNECT;
    }
    if (end + 1 == length) {
      return Protocol.UNDECIDED;
    }
    return startsTarget(bytes[end + 1]) ? Protocol.HTTP : Protocol.OTHER;
  }

  private static boolean isLetter(byte octet) {
    int lower = octet | 0x20;
    return lower >= 'a' && lower <= 'z';
  }

  /** Any scheme may come: an unknown one deserves an answer in HTTP. */
  private static boolean startsTarget(byte octet) {
    return octet == '/' || octet == '*' || octet == 'h' || octet == 'H' || octet == 'f';
  }

  private static boolean isConnect(byte[] bytes, int end) {
    if (end != CONNECT.length()) {
      return false;
    }
    for (int i = 0; i < end; i++) {
      if (bytes[i] != CONNECT.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
