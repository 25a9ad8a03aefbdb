package dev.weir.http;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a 206 with one part says of itself (RFC 9110 15.3.7.1). Parts may be kept together or
 * completed only where all have the same {@link StrongValidator} (RFC 9111 3.3, 3.4).
 *
 * @param totalBytes length of the whole representation
 */
public record PartialContent(ByteRanges.Part range, long totalBytes) {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})", Pattern.CASE_INSENSITIVE);

  private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

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
    return endsEarly && StrongValidator.of(head.headers()) == null
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
   * A Range for the bytes from {@code first} up to but excluding {@code end}; open where that is
   * the end of the whole.
   */
  public static String rangeOf(long first, long end, long totalBytes) {
    return "bytes=" + first + "-" + (end == totalBytes ? "" : end - 1);
  }
}
