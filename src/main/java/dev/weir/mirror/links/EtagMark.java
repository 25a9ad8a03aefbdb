package dev.weir.mirror.links;

import dev.weir.http.Headers;
import org.jspecify.annotations.Nullable;

/**
 * The entity tag of a rewritten document: the origin's and what was done, so that a client's
 * If-None-Match becomes one that the origin understands, and holds no longer once links would be
 * written otherwise.
 */
record EtagMark(String mark) {
  /** Stands for everything that decides how links are written. */
  static EtagMark of(Object... deciding) {
    return new EtagMark("+" + Integer.toHexString(java.util.Arrays.deepHashCode(deciding)));
  }

  /** {@code "a"} becomes {@code "a+mark"}; a weak one stays weak. Null if there is none. */
  @Nullable String marked(@Nullable String tag) {
    return tag == null || !tag.endsWith("\"")
        ? null
        : tag.substring(0, tag.length() - 1) + mark + "\"";
  }

  /** The request as the origin is asked: without tags of documents that were written otherwise. */
  Headers unmarked(Headers fields) {
    String tags = fields.combined("If-None-Match");
    if (tags == null || tags.strip().equals("*")) {
      return fields;
    }
    String ending = mark + "\"";
    StringBuilder known = new StringBuilder();
    for (String tag : tags.split(",", -1)) {
      String one = tag.strip();
      if (one.endsWith(ending)) {
        known.append(known.isEmpty() ? "" : ", ");
        known.append(one, 0, one.length() - ending.length()).append('"');
      }
    }
    return known.isEmpty()
        ? fields.without("If-None-Match").without("If-Modified-Since")
        : fields.with("If-None-Match", known.toString());
  }
}
