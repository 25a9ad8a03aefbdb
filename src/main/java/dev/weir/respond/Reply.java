package dev.weir.respond;

import dev.weir.http.ByteRanges;
import dev.weir.http.Conditional;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import java.util.OptionalLong;

/**
 * What of a stored (or arriving) response one request gets: a pure choice by its preconditions and
 * its Range (RFC 9110 13.2.2, 14.2).
 */
public sealed interface Reply {
  /** The response as it is; for HEAD without its body. */
  record Whole() implements Reply {}

  /** 304. */
  record NotModified() implements Reply {}

  /** 412. */
  record PreconditionFailed() implements Reply {}

  /** 206 with one part. */
  record Part(ByteRanges.Part range, long totalBytes) implements Reply {}

  /** 416. */
  record Unsatisfiable(long totalBytes) implements Reply {}

  Reply WHOLE = new Whole();

  /**
   * Chooses. Several ranges that do not make one, and any range of a body whose length is not known
   * yet, get the whole: a server may always ignore Range.
   */
  static Reply choose(RequestHead request, StoredResponse stored, OptionalLong length) {
    if (!isSelective(request)) {
      return WHOLE;
    }
    Reply byCondition =
        switch (Conditional.evaluate(request, stored)) {
          case NOT_MODIFIED -> new NotModified();
          case PRECONDITION_FAILED -> new PreconditionFailed();
          case PROCEED -> WHOLE;
        };
    if (!(byCondition instanceof Whole) || length.isEmpty()) {
      return byCondition;
    }
    return byRange(request, stored, length.getAsLong());
  }

  private static Reply byRange(RequestHead request, StoredResponse stored, long length) {
    return switch (ByteRanges.select(request, stored, length, ByteRanges.DEFAULT_MAX_RANGES)) {
      case ByteRanges.Selection.Whole ignored -> WHOLE;
      case ByteRanges.Selection.Unsatisfiable ignored -> new Unsatisfiable(length);
      case ByteRanges.Selection.Parts parts ->
          parts.parts().size() == 1 ? new Part(parts.parts().getFirst(), length) : WHOLE;
    };
  }

  /** Whether any field could make the answer another one: almost no request has one. */
  private static boolean isSelective(RequestHead request) {
    for (int i = 0; i < request.headers().size(); i++) {
      String name = request.headers().name(i);
      if (name.regionMatches(true, 0, "If-", 0, 3) || name.equalsIgnoreCase("Range")) {
        return true;
      }
    }
    return false;
  }
}
