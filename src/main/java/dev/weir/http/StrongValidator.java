package dev.weir.http;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What names one representation byte for byte (RFC 9110 8.8.1), so that parts of two responses that
 * have it belong together, and the rest of one may be asked for by If-Range (13.1.5).
 *
 * @param fieldValue a strong entity tag or, where there is no tag at all, a Last-Modified that is
 *     strong; as it stands in the field
 */
public record StrongValidator(String fieldValue) {
  /**
   * How much older than the Date a Last-Modified must be (8.8.2.2): what changed once more within
   * the second of its Last-Modified was, that first time, sent with a Date of that second.
   */
  private static final long STRONG_AFTER_MILLIS = 1000;

  /** Of the response with these fields; null if it has none. */
  public static @Nullable StrongValidator of(Headers fields) {
    String tag = fields.first("ETag");
    if (tag != null) {
      EntityTag parsed = EntityTag.parse(tag);
      return parsed == null || parsed.weak() ? null : new StrongValidator(tag.strip());
    }
    String modified = fields.first("Last-Modified");
    return modified != null && isStrongLastModified(fields) ? new StrongValidator(modified) : null;
  }

  /** Whether the Last-Modified in these fields is strong, whatever else there is. */
  static boolean isStrongLastModified(Headers fields) {
    OptionalLong modified = HttpDates.parse(fields.first("Last-Modified"));
    OptionalLong date = HttpDates.parse(fields.first("Date"));
    return modified.isPresent()
        && date.isPresent()
        && date.getAsLong() - modified.getAsLong() >= STRONG_AFTER_MILLIS;
  }

  /** Whether the response with these fields has it too, and so holds bytes of the same whole. */
  public boolean isOf(Headers fields) {
    return equals(of(fields));
  }

  /** Whether two responses have the same one. */
  public static boolean isShared(Headers one, Headers other) {
    StrongValidator validator = of(one);
    return validator != null && validator.isOf(other);
  }
}
