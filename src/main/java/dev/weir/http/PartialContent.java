package dev.weir.http;

import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a 206 with one part says of itself (RFC 9110 15.3.7.1), and when parts may be kept together
 * or completed (RFC 9111 3.3, 3.4): only where all have the same strong validator.
 *
 * @param totalBytes length of the whole representation
 */
public record PartialContent(ByteRanges.Part range, long totalBytes) {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})", Pattern.CASE_INSENSITIVE);

  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

  /** A Last-Modified is strong if it is at least this much older than the Date (9110 8.8.2.2). */
  private static final long STRONG_AFTER_MILLIS = 1000;

  /**
   * Null if it is no 206, holds several parts, does not tell the whole length, or contradicts
   * itself: then it is good for the client that asked and for nothing else.
   *
   * <p>One contradiction has a reading: a part that reaches the end of the whole, but announces a
   * shorter body. Its first byte and its length are believed, and the whole ends where it ends.
   * Under a strong validator there is no need to: the origin can be asked for the rest.
   */
  public static @Nullable PartialContent of(ResponseHead head) {
    List<String> ranges = head.headers().all("Content-Range");
    if (head.status() != 206 || ranges.size() != 1) {
      return null;
    }
    Matcher range = CONTENT_RANGE.matcher(ranges.getFirst().strip());
    if (!range.matches()) {
      return null;
    }
    long first = Long.parseLong(range.group(1));
    long last = Long.parseLong(range.group(2));
    long total = Long.parseLong(range.group(3));
    if (first > last || last >= total) {
      return null;
    }
    long length = announcedBytes(head, last - first + 1);
    boolean endsEarly = last == total - 1 && length > 0 && length < last - first + 1;
    return endsEarly && strongValidator(head.headers()) == null
        ? new PartialContent(new ByteRanges.Part(first, first + length - 1), first + length)
        : new PartialContent(new ByteRanges.Part(first, last), total);
  }

  /** The length of its body by the message itself; where that says nothing, as the range has it. */
  private static long announcedBytes(ResponseHead head, long rangeBytes) {
    String length = head.headers().first("Content-Length");
    boolean known = length != null && LENGTH.matcher(length).matches();
    return known ? Long.parseLong(length) : rangeBytes;
  }

  /**
   * The head of the whole that a 206 is a part of: what is stored, and what storing is judged by,
   * for the rules are those of a 200 (RFC 9111 3.3).
   */
  public static ResponseHead ofWhole(ResponseHead part) {
    return new ResponseHead(
        200, "OK", part.headers().without("Content-Range").without("Content-Length"));
  }

  /**
   * The validator under which the rest of a representation may be asked for by If-Range: a strong
   * entity tag, or without any tag a Last-Modified that is strong; as it stands in the field. Null
   * if there is none.
   */
  public static @Nullable String strongValidator(Headers fields) {
    String tag = fields.first("ETag");
    if (tag != null) {
      EntityTag parsed = EntityTag.parse(tag);
      return parsed == null || parsed.weak() ? null : tag.strip();
    }
    OptionalLong modified = HttpDates.parse(fields.first("Last-Modified"));
    OptionalLong date = HttpDates.parse(fields.first("Date"));
    boolean strong =
        modified.isPresent()
            && date.isPresent()
            && date.getAsLong() - modified.getAsLong() >= STRONG_AFTER_MILLIS;
    return strong ? fields.first("Last-Modified") : null;
  }

  /** Whether two responses have the same strong validator, and so bytes of the same whole. */
  public static boolean sameStrongValidator(Headers one, Headers other) {
    String validator = strongValidator(one);
    return validator != null
        && validator.equals(strongValidator(other))
        && one.has("ETag") == other.has("ETag");
  }

  /**
   * A Range for the bytes from {@code first} up to but excluding {@code end}; open where that is
   * the end of the whole.
   */
  public static String rangeOf(long first, long end, long totalBytes) {
    return "bytes=" + first + "-" + (end == totalBytes ? "" : end - 1);
  }
}
