package dev.weir.respond;

import dev.weir.http.ByteRanges;
import dev.weir.http.Conditional;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import java.util.List;
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

  /** 206 with several parts, in the order asked for. */
  record Parts(List<ByteRanges.Part> ranges, long totalBytes) implements Reply {
    public Parts {
      ranges = List.copyOf(ranges);
    }
  }

  /** 416. */
  record Unsatisfiable(long totalBytes) implements Reply {}

  Reply WHOLE = new Whole();

  /** Ranges this near to each other are sent as one: a part of its own has a head of this size. */
  long PART_HEAD_BYTES = 80;

  /**
   * Chooses. More ranges than {@code maxRanges}, and any range of a body whose length is not known
   * yet, get the whole: a server may always ignore Range.
   */
  static Reply choose(
      RequestHead request, StoredResponse stored, OptionalLong length, int maxRanges) {
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
    return byRange(ByteRanges.select(request, stored, length.getAsLong(), maxRanges), length);
  }

  private static Reply byRange(ByteRanges.Selection selection, OptionalLong length) {
    long total = length.orElse(0);
    return switch (selection) {
      case ByteRanges.Selection.Whole ignored -> WHOLE;
      case ByteRanges.Selection.Unsatisfiable ignored -> new Unsatisfiable(total);
      case ByteRanges.Selection.Parts parts -> {
        List<ByteRanges.Part> joined = parts.joinedWithin(PART_HEAD_BYTES).parts();
        yield joined.size() == 1 ? new Part(joined.getFirst(), total) : new Parts(joined, total);
      }
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
