package dev.weir.fill;

import dev.weir.http.ResponseHead;
import dev.weir.http.StrongValidator;
import dev.weir.origin.OriginFailure;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a body whose connection broke may be continued: by a range of the same representation.
 *
 * @param validator what the rest must have too
 * @param totalBytes length of the whole body
 */
record Resumption(StrongValidator validator, long totalBytes) {
  /** Empty if the response cannot be resumed. */
  static Optional<Resumption> of(ResponseHead head, OptionalLong length) {
    StrongValidator validator = StrongValidator.of(head.headers());
    return head.status() != 200
            || length.isEmpty()
            || saysOfRanges(head, "none")
            || validator == null
        ? Optional.empty()
        : Optional.of(new Resumption(validator, length.getAsLong()));
  }

  /** Whether the origin says that it gives parts. */
  static boolean offersRanges(ResponseHead head) {
    return saysOfRanges(head, "bytes");
  }

  private static boolean saysOfRanges(ResponseHead head, String unit) {
    String ranges = head.headers().combined("Accept-Ranges");
    return ranges != null && ranges.toLowerCase(Locale.ROOT).contains(unit);
  }

  /** Whether that failure is one of the connection, not of the origin or of ours. */
  static boolean mends(Throwable failure) {
    return failure instanceof OriginFailure origin
        && switch (origin.kind()) {
          case TRUNCATED, CLOSED, IDLE_TIMEOUT -> true;
          default -> false;
        };
  }

  /** For all bytes from there. */
  RangeRequest rest(long first) {
    return part(first, totalBytes);
  }

  /** For the bytes up to but excluding {@code end}. */
  RangeRequest part(long first, long end) {
    return new RangeRequest(first, end, totalBytes, validator);
  }
}
