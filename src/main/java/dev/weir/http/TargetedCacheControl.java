package dev.weir.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cache directives for one class of caches (RFC 9213), as {@code CDN-Cache-Control}: where a cache
 * is of that class, the first such field of its list that can be read replaces {@code
 * Cache-Control} and {@code Expires}. A forward proxy is of no such class and has an empty list; a
 * cache that stands before an origin on its owner's behalf may be.
 *
 * <p>These fields are dictionaries of structured fields (RFC 8941): unlike {@code Cache-Control},
 * one error makes the whole field unreadable, and it then counts as absent.
 */
public final class TargetedCacheControl {
  private TargetedCacheControl() {}

  /**
   * The directives that count for a cache of these classes, or null if no targeted field applies
   * and the ordinary fields do.
   */
  public static @Nullable CacheControl of(Headers response, List<String> targets) {
    for (String target : targets) {
      String field = response.combined(target);
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
    StringBuilder plain = new StringBuilder(field.length());
    boolean[] readable = {true};
    FieldSyntax.directives(
        field,
        (name, value) -> {
          readable[0] &= isKey(name) && (value == null || isItem(value));
          String bare = withoutParameters(value);
          if (!"?0".equals(bare)) { // a directive that is false is not there
            plain.append(plain.isEmpty() ? "" : ",").append(name);
            plain.append(bare == null || "?1".equals(bare) ? "" : "=" + bare);
          }
        });
    boolean dangling = field.strip().endsWith(",");
    return readable[0] && !dangling && !field.isBlank()
        ? CacheControl.parse(plain.toString())
        : null;
  }

  private static @Nullable String withoutParameters(@Nullable String value) {
    int semicolon = value == null ? -1 : value.indexOf(';');
    return value == null || semicolon < 0 ? value : value.substring(0, semicolon).strip();
  }

  private static boolean isKey(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || c == '*';
      if (!letter && (i == 0 || "0123456789_-.".indexOf(c) < 0)) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  /** An integer, a boolean, a token or what was a string. */
  private static boolean isItem(String value) {
    return !value.isEmpty() && value.chars().allMatch(c -> c >= ' ' && c <= '~');
  }
}
