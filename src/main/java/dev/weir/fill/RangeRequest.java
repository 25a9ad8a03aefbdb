package dev.weir.fill;

import dev.weir.http.Conditional;
import dev.weir.http.PartialContent;
import dev.weir.http.RequestHead;
import dev.weir.http.StrongValidator;
import dev.weir.origin.OriginResponse;

/**
 * A request for one range of a body of which the rest is known, under If-Range (RFC 9110 13.1.5,
 * 14.2), and the one answer to it that may be put together with that rest.
 *
 * @param end the offset after the last byte that is asked for
 * @param validator of the whole, which the answer must have too
 */
record RangeRequest(long first, long end, long totalBytes, StrongValidator validator) {

  long lengthBytes() {
    return end - first;
  }

  /** Its head, made from that of the request for the whole. */
  RequestHead head(RequestHead whole) {
    return whole.withHeaders(
        Conditional.unconditional(whole.headers()).toBuilder()
            .set("Range", PartialContent.rangeOf(first, end, totalBytes))
            .set("If-Range", validator.fieldValue())
            .build());
  }

  /** Whether the answer has exactly these bytes, of the same whole. */
  boolean isAnsweredBy(OriginResponse answer) {
    return isPart(answer) || isWhole(answer);
  }

  /** An origin may answer a range of all bytes as it would without one (RFC 9110 14.2). */
  private boolean isWhole(OriginResponse answer) {
    return lengthBytes() == totalBytes
        && answer.head().status() == 200
        && answer.bodyLength().orElse(-1) == totalBytes
        && validator.isOf(answer.head().headers());
  }

  private boolean isPart(OriginResponse answer) {
    PartialContent part = PartialContent.of(answer.head());
    return part != null
        && part.totalBytes() == totalBytes
        && part.range().first() == first
        && part.range().last() == end - 1
        && answer.bodyLength().orElse(lengthBytes()) == lengthBytes()
        && !answer.closeDelimited()
        && validator.isOf(answer.head().headers());
  }
}
