package dev.weir.fill;

import dev.weir.entry.Grant;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginTerms;
import org.jspecify.annotations.Nullable;

/**
 * What a fill is to do.
 *
 * @param grant the keeper's permission, or null: then it streams but never commits
 * @param request the origin request, ready to send
 * @param judge decides what becomes of the response; pure, called once
 * @param url for the entry and the log
 * @param rangeStarted whether a Range request started it: it then finishes without readers
 * @param answer a response that came to another request and is of this resource all the same: it is
 *     taken in place of asking; null to ask the origin
 * @param maxObjectBytes the largest body that is stored; what turns out to be larger streams on
 *     unstored
 * @param completion how to fetch only what is missing of a body, or null to fetch it all
 * @param accelerate whether a large body may be fetched in several parts at once
 */
public record FillPlan(
    @Nullable Grant grant,
    OriginRequest request,
    Judge judge,
    String url,
    boolean rangeStarted,
    @Nullable Completion completion,
    @Nullable OriginResponse answer,
    long maxObjectBytes,
    boolean accelerate) {

  /** A plan that asks the origin for everything. */
  public FillPlan(
      @Nullable Grant grant, OriginRequest request, Judge judge, String url, boolean rangeStarted) {
    this(grant, request, judge, url, rangeStarted, null, null, Long.MAX_VALUE, true);
  }

  /**
   * For a fill that another node leads: what this node asks if it is to go on in its place.
   *
   * @param terms of this node, on which it asks
   */
  static FillPlan following(FillNote note, OriginTerms terms) {
    return new FillPlan(
        null,
        OriginRequest.of(note.request(), note.timeouts()).on(terms),
        (head, requestTimeMillis, responseTimeMillis) ->
            new FillIntent.Relay(Unstored.Cause.FOLLOWED),
        note.url(),
        false);
  }

  /** The same under that grant. */
  public FillPlan under(Grant given) {
    return new FillPlan(
        given, request, judge, url, rangeStarted, completion, answer, maxObjectBytes, accelerate);
  }

  /** From the final head of a response to what is to become of it. */
  @FunctionalInterface
  public interface Judge {
    FillIntent judge(ResponseHead head, long requestTimeMillis, long responseTimeMillis);
  }
}
