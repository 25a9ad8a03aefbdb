package dev.weir.http;

import java.util.OptionalLong;

/** If-Range (RFC 9110 13.1.5): a range is only good for the very representation it began with. */
public final class IfRange {
  private IfRange() {}

  /**
   * Whether the condition holds or there is none: the same strong entity tag, or exactly the
   * Last-Modified if that is strong.
   */
  public static boolean holds(Headers request, StoredResponse stored) {
    String condition = request.first("If-Range");
    if (condition == null) {
      return true;
    }
    OptionalLong asked = HttpDates.parse(condition);
    if (asked.isPresent()) {
      OptionalLong modified = HttpDates.parse(stored.headers().first("Last-Modified"));
      return modified.isPresent()
          && modified.getAsLong() == asked.getAsLong()
          && StrongValidator.isStrongLastModified(stored.headers());
    }
    EntityTag tag = EntityTag.parse(condition);
    return tag != null && tag.strongEquals(EntityTag.parse(stored.headers().first("ETag")));
  }
}
