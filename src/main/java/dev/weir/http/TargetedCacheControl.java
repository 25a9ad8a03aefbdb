package dev.weir.http;

import dev.weir.http.StructuredDictionary.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Cache directives for one class of caches (RFC 9213), as {@code CDN-Cache-Control}: where a cache
 * is of that class, the first such field of its list that can be read replaces {@code
 * Cache-Control} and {@code Expires}. The field itself is stored and passed on like any other: the
 * next cache may be of the same class.
 *
 * <p>These fields are dictionaries of structured fields: unlike {@code Cache-Control}, one error
 * makes the whole field unreadable, and it then counts as absent, as an empty one does. A directive
 * whose value is of another type than its own is not there; a time below 0 is 0.
 */
public final class TargetedCacheControl {
  private TargetedCacheControl() {}

  /**
   * The directives that count for a cache of these classes, or null if no targeted field applies
   * and the ordinary fields do.
   */
  public static @Nullable CacheControl of(Headers response, List<String> targets) {
    for (int i = 0; i < targets.size(); i++) {
      String field = response.combined(targets.get(i));
      if (field != null) {
        CacheControl directives = parse(field);
        if (directives != null) {
          return directives;
        }
      }
    }
    return null;
  }

  /** The directives of one field, or null if it is empty or no dictionary. */
  static @Nullable CacheControl parse(String field) {
    Map<String, Value> members = StructuredDictionary.parse(field);
    if (members == null || members.isEmpty()) {
      return null;
    }
    StringBuilder plain = new StringBuilder(field.length());
    members.forEach(
        (name, value) -> {
          String directive = directive(name, value);
          if (directive != null) {
            plain.append(plain.isEmpty() ? "" : ",").append(directive);
          }
        });
    return CacheControl.parse(plain.toString());
  }

  /** As {@code Cache-Control} would have it, or null if it does not count. */
  private static @Nullable String directive(String name, Value value) {
    boolean timed =
        switch (name) {
          case "max-age", "s-maxage", "stale-while-revalidate", "stale-if-error" -> true;
          default -> false;
        };
    return switch (value) {
      case Value.Whole(long number) -> timed ? name + "=" + Math.max(0, number) : null;
      case Value.Truth(boolean there) -> there && !timed ? name : null;
      case Value.Text(String text) when name.equals("no-cache") || name.equals("private") ->
          text.indexOf('"') < 0 && text.indexOf('\\') < 0 ? name + "=\"" + text + '"' : name;
      case Value.Text ignored -> null;
      case Value.Other ignored -> null;
    };
  }
}
