package dev.weir.store;

import org.jspecify.annotations.Nullable;

/**
 * Text from outside made fit for a log line: control characters escaped, 512 characters at most.
 */
final class LogText {
  private static final int MAX_CHARS = 512;

  private LogText() {}

  static String escape(@Nullable String text) {
    if (text == null) {
      return "";
    }
    int length = Math.min(text.length(), MAX_CHARS);
    StringBuilder safe = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        safe.append(String.format("\\u%04x", (int) c));
      } else {
        safe.append(c);
      }
    }
    return safe.toString();
  }
}
