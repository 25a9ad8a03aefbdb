package dev.weir.mirror;

import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a raw path: what one server takes for another path than the next, and with it
 * the cache's key for another resource than the origin's answer. Encoded slashes in the path of an
 * origin are part of names (npm's scopes) and pass.
 */
final class RawPath {
  private RawPath() {}

  /** One sentence, or null for a path that means one thing. */
  static @Nullable String fault(String path) {
    byte[] octets = new byte[path.length()];
    int length = 0;
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c == '%') {
        int octet = i + 2 < path.length() ? hex(path.charAt(i + 1), path.charAt(i + 2)) : -1;
        if (octet < 0) {
          return "A percent sign is followed by two hexadecimal digits.";
        }
        octets[length++] = (byte) octet;
        i += 2;
      } else if (c <= ' ' || c >= 0x7f || c == '#') {
        return "The path has a character that stands in none.";
      } else {
        octets[length++] = (byte) c;
      }
    }
    return faultOfDecoded(octets, length);
  }

  private static @Nullable String faultOfDecoded(byte[] octets, int length) {
    int start = 0;
    for (int i = 0; i <= length; i++) {
      if (i < length && octets[i] >= 0 && (octets[i] < ' ' || octets[i] == 0x7f)) {
        return "The path has an encoded control character.";
      }
      boolean ends = i == length || octets[i] == '/' || octets[i] == '\\';
      // Servlet containers take what follows a semicolon away before they look at the dots.
      if (ends || octets[i] == ';') {
        boolean dots = i - start == 1 && octets[start] == '.';
        dots |= i - start == 2 && octets[start] == '.' && octets[start + 1] == '.';
        if (dots) {
          return "The path has a dot segment; ask for where it leads.";
        }
      }
      start = ends ? i + 1 : start;
    }
    return hasOverlong(octets, length) ? "The path has an overlong encoding of a character." : null;
  }

  /** Which encoding names have is the origin's business; UTF-8 that hides characters is not. */
  private static boolean hasOverlong(byte[] octets, int length) {
    for (int i = 0; i < length; i++) {
      int octet = octets[i] & 0xff;
      int next = i + 1 < length ? octets[i + 1] & 0xff : 0;
      boolean continued = (next & 0xc0) == 0x80;
      boolean overlong =
          ((octet == 0xc0 || octet == 0xc1) && continued)
              || (octet == 0xe0 && continued && next < 0xa0)
              || (octet == 0xf0 && continued && next < 0x90);
      if (overlong) {
        return true;
      }
    }
    return false;
  }

  private static int hex(char high, char low) {
    int h = Character.digit(high, 16);
    int l = Character.digit(low, 16);
    return h < 0 || l < 0 || high > 'f' || low > 'f' ? -1 : h * 16 + l;
  }
}
