package dev.weir.fill;

import dev.weir.http.Headers;
import dev.weir.http.PartialContent;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginFailure;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a body whose connection broke may be continued: by a range under If-Range (RFC 9110 13.1.5,
 * 14.2), and only where the answer provably is the rest of the same representation.
 *
 * @param validator the strong validator for If-Range: an entity tag, or a Last-Modified that is
 *     strong by RFC 9110 8.8.2.2
 * @param totalBytes length of the whole body
 */
record Resumption(String validator, long totalBytes) {
  /** A Last-Modified is strong if it is at least this much older than the Date. */
  private static final long STRONG_AFTER_SECONDS = 60;

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})", Pattern.CASE_INSENSITIVE);

  /** Empty if the response cannot be resumed. */
  static Optional<Resumption> of(ResponseHead head, OptionalLong length) {
    Headers headers = head.headers();
    String ranges = headers.combined("Accept-Ranges");
    boolean refused = ranges != null && ranges.toLowerCase(Locale.ROOT).contains("none");
    String validator = strongValidator(headers);
    if (head.status() != 200 || length.isEmpty() || refused || validator == null) {
      return Optional.empty();
    }
    return Optional.of(new Resumption(validator, length.getAsLong()));
  }

  /** Whether the origin says that it gives parts. */
  static boolean offersRanges(ResponseHead head) {
    String ranges = head.headers().combined("Accept-Ranges");
    return ranges != null && ranges.toLowerCase(Locale.ROOT).contains("bytes");
  }

  /** Whether that failure is one of the connection, not of the origin or of ours. */
  static boolean mends(Throwable failure) {
    return failure instanceof OriginFailure origin
        && switch (origin.kind()) {
          case TRUNCATED, CLOSED, IDLE_TIMEOUT -> true;
          default -> false;
        };
  }

  RequestHead request(RequestHead first, long fromByte) {
    return request(first, fromByte, totalBytes);
  }

  /** For the bytes up to but excluding {@code endByte}. */
  RequestHead request(RequestHead first, long fromByte, long endByte) {
    Headers headers =
        first.headers().toBuilder()
            .remove("If-None-Match")
            .remove("If-Modified-Since")
            .set("Range", PartialContent.rangeOf(fromByte, endByte, totalBytes))
            .set("If-Range", validator)
            .build();
    return first.withHeaders(headers);
  }

  /** Whether the answer is exactly the missing rest of the same representation. */
  boolean continues(ResponseHead answer, OptionalLong length, long fromByte) {
    String range = answer.headers().combined("Content-Range");
    if (answer.status() != 206 || range == null) {
      return false;
    }
    Matcher parts = CONTENT_RANGE.matcher(range.strip());
    return parts.matches()
        && Long.parseLong(parts.group(1)) == fromByte
        && Long.parseLong(parts.group(2)) == totalBytes - 1
        && Long.parseLong(parts.group(3)) == totalBytes
        && (length.isEmpty() || length.getAsLong() == totalBytes - fromByte)
        && isValidatorOf(answer);
  }

  boolean isValidatorOf(ResponseHead answer) {
    return validator.equals(strongValidator(answer.headers()));
  }

  private static @Nullable String strongValidator(Headers headers) {
    String tag = headers.first("ETag");
    if (tag != null) {
      return tag.length() >= 2 && tag.startsWith("\"") && tag.endsWith("\"") ? tag : null;
    }
    String modified = headers.first("Last-Modified");
    Optional<Instant> changed = date(modified);
    Optional<Instant> sent = date(headers.first("Date"));
    boolean strong =
        changed.isPresent()
            && sent.isPresent()
            && !sent.get().isBefore(changed.get().plusSeconds(STRONG_AFTER_SECONDS));
    return strong ? modified : null;
  }

  private static Optional<Instant> date(@Nullable String text) {
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException notADate) {
      return Optional.empty();
    }
  }
}
