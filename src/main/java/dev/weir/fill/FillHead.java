package dev.weir.fill;

import dev.weir.entry.Entry;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginFailure;
import java.util.OptionalLong;

/** How a fill began: the first thing readers of it learn. */
public sealed interface FillHead {
  /**
   * A response with a body to read.
   *
   * @param responseTimeMillis when the head arrived, our clock
   */
  record Streaming(
      ResponseHead head,
      OptionalLong length,
      FillIntent intent,
      long requestTimeMillis,
      long responseTimeMillis)
      implements FillHead {}

  record Refreshed(Entry entry) implements FillHead {}

  record Failed(OriginFailure failure) implements FillHead {}
}
