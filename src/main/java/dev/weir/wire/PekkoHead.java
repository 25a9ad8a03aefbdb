package dev.weir.wire;

import org.apache.pekko.util.ByteString;

/**
 * What a head that Pekko HTTP rendered says about framing. Only its own regular rendering is
 * understood; anything else is a fault of ours, not of a peer.
 *
 * @param status the status of a response; 0 in a request
 * @param method the method of a request; empty in a response
 * @param contentLength Content-Length, or -1
 * @param length octets of the head, the empty line included
 */
record PekkoHead(
    int status,
    String method,
    long contentLength,
    boolean chunked,
    boolean close,
    boolean expectContinue,
    int length) {
  private static final int MAX_BYTES = 16 * 1024;

  /** What it would have rendered before a body of that length. */
  static PekkoHead wouldBe(int status, int bodyBytes) {
    boolean bodiless = status == 204 || status == 304;
    return new PekkoHead(
        bodiless ? status : 200, "", bodiless ? -1 : bodyBytes, false, false, false, 0);
  }

  static PekkoHead response(byte[] octets) {
    int status = (octets[9] - '0') * 100 + (octets[10] - '0') * 10 + octets[11] - '0';
    return parse(octets, status, "");
  }

  static PekkoHead request(byte[] octets) {
    StringBuilder method = new StringBuilder(8);
    for (int i = 0; i < 64 && octets[i] != ' '; i++) {
      method.append((char) octets[i]);
    }
    return parse(octets, 0, method.toString());
  }

  /** The octets that hold the head that starts there: everything, unless it is a rope. */
  static byte[] front(ByteString bytes) {
    return bytes.isCompact() || bytes.size() <= MAX_BYTES
        ? bytes.toArrayUnsafe()
        : bytes.take(MAX_BYTES).toArrayUnsafe();
  }

  private static PekkoHead parse(byte[] octets, int status, String method) {
    long contentLength = -1;
    boolean chunked = false;
    boolean close = false;
    boolean expect = false;
    int line = endOfLine(octets, 0);
    while (octets[line] != '\r') {
      int next = endOfLine(octets, line);
      switch (octets[line] | 0x20) {
        case 'c' -> {
          if (starts(octets, line, "Content-Length: ")) {
            contentLength = number(octets, line + 16);
          } else if (starts(octets, line, "Connection: ")) {
            close |= starts(octets, line + 12, "close");
          }
        }
        case 't' -> chunked |= starts(octets, line, "Transfer-Encoding: chunked");
        case 'e' -> expect |= starts(octets, line, "Expect: 100-continue");
        default -> {}
      }
      line = next;
    }
    return new PekkoHead(status, method, contentLength, chunked, close, expect, line + 2);
  }

  private static int endOfLine(byte[] octets, int from) {
    for (int i = from; i < octets.length - 1; i++) {
      if (octets[i] == '\n') {
        return i + 1;
      }
    }
    throw new IllegalStateException("no whole head was rendered");
  }

  private static boolean starts(byte[] octets, int at, String text) {
    if (octets.length - at < text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (octets[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static long number(byte[] octets, int from) {
    long value = 0;
    for (int i = from; octets[i] != '\r'; i++) {
      value = value * 10 + octets[i] - '0';
    }
    return value;
  }
}
