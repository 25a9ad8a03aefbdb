package dev.weir.wire;

import dev.weir.http.Authority;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code host[:port]} as it stands in a Host field or a request target (RFC 3986 3.2, RFC
 * 9110 7.2). Hosts are DNS names (IDN as A-labels), IPv4 addresses or bracketed IPv6 addresses
 * without zone; no user, no percent-encoding, nothing above 0x7F.
 */
public final class Authorities {
  private static final int MAX_HOST_CHARS = 255;

  private Authorities() {}

  /** The authority, or null if the text is none; an absent or empty port is the default one. */
  public static @Nullable Authority parse(String text, int defaultPort) {
    int hostEnd;
    String host;
    if (text.startsWith("[")) {
      hostEnd = text.indexOf(']') + 1;
      if (hostEnd == 0 || !isIpv6(text, 1, hostEnd - 1)) {
        return null;
      }
      host = text.substring(1, hostEnd - 1);
    } else {
      int colon = text.indexOf(':');
      hostEnd = colon < 0 ? text.length() : colon;
      if (!isName(text, hostEnd)) {
        return null;
      }
      host = hostEnd == text.length() ? text : text.substring(0, hostEnd);
    }
    int port = port(text, hostEnd, defaultPort);
    return port < 0 ? null : new Authority(host, port);
  }

  /** The authority-form of CONNECT: the port must be there. */
  public static @Nullable Authority parseWithPort(String text) {
    boolean digitLast = !text.isEmpty() && Character.digit(text.charAt(text.length() - 1), 10) >= 0;
    int colon = text.lastIndexOf(':');
    return digitLast && colon > 0 && colon > text.lastIndexOf(']') ? parse(text, 1) : null;
  }

  private static boolean isName(String text, int end) {
    if (end == 0 || end > MAX_HOST_CHARS || text.charAt(0) == '.') {
      return false;
    }
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (c > 0x7F || !Octets.HOST[c] || (c == '.' && text.charAt(Math.max(0, i - 1)) == '.')) {
        return false;
      }
    }
    return true;
  }

  /** The port after position {@code from}, or -1 if what stands there is none. */
  private static int port(String text, int from, int defaultPort) {
    int length = text.length();
    if (from == length) {
      return defaultPort;
    }
    if (text.charAt(from) != ':' || length - from > 6) {
      return -1;
    }
    if (from + 1 == length) {
      return defaultPort;
    }
    int port = 0;
    for (int i = from + 1; i < length; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      port = port * 10 + c - '0';
    }
    return port >= 1 && port <= 65_535 ? port : -1;
  }

  /** RFC 4291 2.2: eight groups, one run of them as {@code ::}, the last two perhaps as IPv4. */
  private static boolean isIpv6(String text, int from, int to) {
    int groups = 0;
    boolean run = false;
    int i = from;
    if (i + 1 < to && text.charAt(i) == ':' && text.charAt(i + 1) == ':') {
      run = true;
      i += 2;
    }
    while (i < to) {
      int start = i;
      while (i < to && i - start < 5 && hex(text.charAt(i))) {
        i++;
      }
      if (i < to && text.charAt(i) == '.') {
        return isIpv4(text, start, to) && complete(groups + 2, run);
      }
      if (i == start || i - start > 4) {
        return false;
      }
      groups++;
      if (i == to) {
        break;
      }
      if (text.charAt(i++) != ':' || i == to) {
        return false;
      }
      if (text.charAt(i) == ':') {
        if (run) {
          return false;
        }
        run = true;
        i++;
      }
    }
    return complete(groups, run);
  }

  private static boolean complete(int groups, boolean run) {
    return run ? groups < 8 : groups == 8;
  }

  private static boolean hex(char c) {
    return c < 0x80 && Octets.hexValue(c) >= 0;
  }

  private static boolean isIpv4(String text, int from, int to) {
    int parts = 0;
    int i = from;
    while (true) {
      int start = i;
      int value = 0;
      while (i < to && i - start < 3 && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
        value = value * 10 + text.charAt(i++) - '0';
      }
      if (i == start || value > 255) {
        return false;
      }
      parts++;
      if (i == to) {
        return parts == 4;
      }
      if (text.charAt(i++) != '.') {
        return false;
      }
    }
  }
}
