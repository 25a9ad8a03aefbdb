package dev.weir.fill;

import dev.weir.origin.OriginResponse;

/** What an origin's answer to a request for a part of a body is good for. */
enum PartAnswer {
  /** Exactly that part of exactly that body. */
  PART,
  /** No part now; perhaps later, or with fewer requests. */
  BUSY,
  /** No part of that body any more, or never. */
  REFUSED;

  static PartAnswer of(OriginResponse answer, RangeRequest asked) {
    int status = answer.head().status();
    if (status == 206) {
      return asked.isAnsweredBy(answer) ? PART : REFUSED;
    }
    return status == 429 || status == 408 || status >= 500 ? BUSY : REFUSED;
  }
}
