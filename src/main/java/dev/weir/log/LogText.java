package dev.weir.log;

import dev.weir.http.SecretParameters;

/** Text from clients and origins made fit for a log: no secrets of a URL, no control characters. */
public final class LogText {
  private static final String HEX = "0123456789abcdef";

  private LogText() {}

  /**
   * The URL with its query and what looks like a secret in its path masked, and its odd characters
   * escaped.
   */
  public static String url(String url) {
    int query = url.indexOf('?');
    return query < 0 ? path(url) : path(url.substring(0, query)) + "?***";
  }

  private static String path(String path) {
    return escaped(SecretParameters.maskedInPath(path));
  }

  /** Everything but printable ASCII as {@code \xNN}, the backslash doubled. */
  public static String escaped(String text) {
    int at = 0;
    while (at < text.length() && isPlain(text.charAt(at))) {
      at++;
    }
    if (at == text.length()) {
      return text;
    }
    StringBuilder escaped = new StringBuilder(text.length() + 16).append(text, 0, at);
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      if (isPlain(c)) {
        escaped.append(c);
      } else if (c == '\\') {
        escaped.append("\\\\");
      } else if (c <= 0xff) {
        escaped.append("\\x").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      } else {
        escaped.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
          escaped.append(HEX.charAt(c >> shift & 15));
        }
      }
    }
    return escaped.toString();
  }

  private static boolean isPlain(char c) {
    return c >= 0x20 && c < 0x7f && c != '\\';
  }
}
