package dev.weir.fill;

import dev.weir.entry.Grant;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginRequest;
import org.jspecify.annotations.Nullable;

/**
 * What a fill is to do.
 *
 * @param grant the keeper's permission, or null: then it streams but never commits
 * @param request the origin request, ready to send
 * @param judge decides what becomes of the response; pure, called once
 * @param url for the entry and the log
 * @param rangeStarted whether a Range request started it: it then finishes without readers
 */
public record FillPlan(
    @Nullable Grant grant, OriginRequest request, Judge judge, String url, boolean rangeStarted) {

  /** From the final head of a response to what is to become of it. */
  @FunctionalInterface
  public interface Judge {
    FillIntent judge(ResponseHead head, long requestTimeMillis, long responseTimeMillis);
  }
}
