package dev.weir.origin;

import dev.weir.http.Authority;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the host of an authority is: an address, a name to look up, or a spelling that is refused.
 * Addresses are read here and nowhere else, so that what was judged is what is dialled: a resolver
 * that takes {@code 0x7f.1} or {@code 2130706433} for 127.0.0.1 never sees them.
 */
public sealed interface HostForm {
  int MAX_NAME_CHARS = 253;
  int MAX_LABEL_CHARS = 63;

  record Literal(InetAddress address) implements HostForm {}

  /** A DNS name in lower case without the root dot. */
  record Name(String text) implements HostForm {}

  record Malformed(String why) implements HostForm {}

  /** Reads a host; brackets round an IPv6 address may be there or not. */
  static HostForm of(String host) {
    String text = host.toLowerCase(Locale.ROOT);
    if (text.startsWith("[") && text.endsWith("]")) {
      text = text.substring(1, text.length() - 1);
    }
    if (text.indexOf(':') >= 0) {
      InetAddress address = ipv6(text);
      return address == null ? new Malformed("not an IPv6 address") : new Literal(address);
    }
    text = Authority.withoutDot(text);
    String why = faultOfName(text);
    if (why != null) {
      return new Malformed(why);
    }
    if (!looksNumeric(text.substring(text.lastIndexOf('.') + 1))) {
      return new Name(text);
    }
    InetAddress address = ipv4(text);
    return address == null
        ? new Malformed("an IPv4 address must be four decimal numbers")
        : new Literal(address);
  }

  private static @Nullable String faultOfName(String text) {
    if (text.isEmpty() || text.length() > MAX_NAME_CHARS) {
      return "a host name has 1 to " + MAX_NAME_CHARS + " characters";
    }
    int label = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.') {
        if (label == 0) {
          return "an empty label in the host name";
        }
        label = 0;
      } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_') {
        if (++label > MAX_LABEL_CHARS) {
          return "a label of a host name has at most " + MAX_LABEL_CHARS + " characters";
        }
      } else {
        return "a character that host names do not have";
      }
    }
    return label == 0 ? "an empty label in the host name" : null;
  }

  /** A last label of digits, or 0x and hex digits, makes the whole an address (WHATWG URL 3.5). */
  private static boolean looksNumeric(String label) {
    boolean hex = label.startsWith("0x");
    for (int i = hex ? 2 : 0; i < label.length(); i++) {
      if (Character.digit(label.charAt(i), hex ? 16 : 10) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Four decimal numbers without leading zeros, or null. */
  private static @Nullable InetAddress ipv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return null;
    }
    byte[] bytes = new byte[4];
    for (int i = 0; i < 4; i++) {
      String part = parts[i];
      if (part.isEmpty() || part.length() > 3 || (part.length() > 1 && part.charAt(0) == '0')) {
        return null;
      }
      int value = 0;
      for (int k = 0; k < part.length(); k++) {
        int digit = part.charAt(k) - '0';
        if (digit < 0 || digit > 9) {
          return null;
        }
        value = value * 10 + digit;
      }
      if (value > 255) {
        return null;
      }
      bytes[i] = (byte) value;
    }
    return address(bytes);
  }

  /** RFC 4291 2.2 without a zone, which would name an interface of ours; or null. */
  private static @Nullable InetAddress ipv6(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != ':' && c != '.' && Character.digit(c, 16) < 0) {
        return null;
      }
    }
    try {
      // With a colon in it and only these characters the JDK parses and never looks up.
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
