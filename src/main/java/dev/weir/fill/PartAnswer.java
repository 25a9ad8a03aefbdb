package dev.weir.fill;

import dev.weir.http.PartialContent;
import dev.weir.origin.OriginResponse;

/** What an origin's answer to a request for a part of a body is good for. */
enum PartAnswer {
  /** Exactly that part of exactly that body. */
  PART,
  /** No part now; perhaps later, or with fewer requests. */
  BUSY,
  /** No part of that body any more, or never. */
  REFUSED;

  static PartAnswer of(OriginResponse answer, SpoolGrid.Claim asked, Resumption whole) {
    int status = answer.head().status();
    if (status == 206) {
      PartialContent part = PartialContent.of(answer.head());
      long length = asked.end() - asked.from();
      boolean fits =
          part != null
              && part.range().first() == asked.from()
              && part.range().last() == asked.end() - 1
              && part.totalBytes() == whole.totalBytes()
              && answer.bodyLength().orElse(length) == length
              && !answer.closeDelimited()
              && whole.isValidatorOf(answer.head());
      return fits ? PART : REFUSED;
    }
    return status == 429 || status == 408 || status >= 500 ? BUSY : REFUSED;
  }
}
