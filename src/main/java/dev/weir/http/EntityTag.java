package dev.weir.http;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An entity tag (RFC 9110 8.8.3): the opaque text with its quotes, and whether it is weak. Tags
 * without quotes, which some origins send, are taken as they are and count as weak, so that they
 * never join bytes of two responses.
 */
public record EntityTag(boolean weak, String opaque) {

  /** The tag in a field value, or null if there is none. */
  public static @Nullable EntityTag parse(@Nullable String value) {
    if (value == null) {
      return null;
    }
    String text = value.strip();
    boolean weak = text.startsWith("W/");
    String opaque = weak ? text.substring(2) : text;
    if (opaque.isEmpty()) {
      return null;
    }
    return isQuoted(opaque) ? new EntityTag(weak, opaque) : new EntityTag(true, opaque);
  }

  /** The tags of an If-Match or If-None-Match list; what cannot be read is left out. */
  public static List<EntityTag> parseList(String list) {
    List<EntityTag> tags = new ArrayList<>(2);
    int at = 0;
    while (at < list.length()) {
      int end = tagEnd(list, at);
      EntityTag tag = parse(list.substring(at, end));
      if (tag != null) {
        tags.add(tag);
      }
      at = end + 1;
    }
    return tags;
  }

  /** Both strong and the same (RFC 9110 8.8.3.2). */
  public boolean strongEquals(@Nullable EntityTag other) {
    return other != null && !weak && !other.weak && opaque.equals(other.opaque);
  }

  /** The same but for weakness (RFC 9110 8.8.3.2). */
  public boolean weakEquals(@Nullable EntityTag other) {
    return other != null && opaque.equals(other.opaque);
  }

  /** The next comma outside quotes; a backslash means nothing in an entity tag. */
  private static int tagEnd(String list, int from) {
    boolean quoted = false;
    for (int i = from; i < list.length(); i++) {
      char c = list.charAt(i);
      quoted ^= c == '"';
      if (c == ',' && !quoted) {
        return i;
      }
    }
    return list.length();
  }

  private static boolean isQuoted(String text) {
    int last = text.length() - 1;
    return last > 0
        && text.charAt(0) == '"'
        && text.charAt(last) == '"'
        && text.indexOf('"', 1) == last;
  }
}
