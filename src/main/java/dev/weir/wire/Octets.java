package dev.weir.wire;

/** Which octets may stand where (RFC 9110 5.6.2, 5.5; RFC 3986 3.2.2). */
final class Octets {
  /** A token: method, field name. */
  static final boolean[] TOKEN = new boolean[256];

  /** A field value: HTAB, SP, visible and obs-text octets. */
  static final boolean[] VALUE = new boolean[256];

  /** A request target: visible US-ASCII but {@code #}, which starts a fragment. */
  static final boolean[] TARGET = new boolean[256];

  /** A host name: what DNS and underscored service names use; no percent-encoding. */
  static final boolean[] HOST = new boolean[256];

  static {
    for (int c = 0; c < 256; c++) {
      boolean digit = c >= '0' && c <= '9';
      boolean letter = c < 0x80 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
      boolean letterOrDigit = digit || letter;
      TOKEN[c] = letterOrDigit || (c < 0x80 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
      VALUE[c] = c == '\t' || (c >= 0x20 && c != 0x7F);
      TARGET[c] = c > 0x20 && c < 0x7F && c != '#';
      HOST[c] = letterOrDigit || c == '-' || c == '.' || c == '_';
    }
  }

  private Octets() {}

  static int hexValue(int c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }
}
