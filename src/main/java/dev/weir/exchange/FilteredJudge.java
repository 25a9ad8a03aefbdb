package dev.weir.exchange;

import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.Unstored;
import dev.weir.filters.FilterRun;
import dev.weir.filters.Phase;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.Cacheability;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * Whether a response is stored, with what filters say of it. What they have added to the request
 * counts as well: credentials of theirs are credentials (RFC 9111 3.5).
 *
 * @param usual the judgement of an answer to that request
 * @param planned the request before filters
 */
record FilteredJudge(Exchange x, RequestHead planned, Function<RequestHead, FillPlan.Judge> usual)
    implements FillPlan.Judge {
  /** The judge of an exchange: the usual one where its filters have no say. */
  static FillPlan.Judge of(
      Exchange x, RequestHead planned, Function<RequestHead, FillPlan.Judge> usual) {
    FilterRun run = x.filters;
    return run.has(Phase.CACHEABLE) || run.has(Phase.UPSTREAM_REQUEST) || run.has(Phase.VARY)
        ? new FilteredJudge(x, planned, usual)
        : usual.apply(planned);
  }

  @Override
  public FillIntent judge(ResponseHead head, long requestTimeMillis, long responseTimeMillis) {
    FillPlan.Judge judge = usual.apply(sent());
    FillIntent judged = judge.judge(head, requestTimeMillis, responseTimeMillis);
    boolean stores = judged instanceof FillIntent.Store || judged instanceof FillIntent.StorePart;
    if (stores && x.varyFailed()) {
      return new FillIntent.Relay(Unstored.Cause.VARY_FAILED);
    }
    if (head.status() == 304 || !x.filters.has(Phase.CACHEABLE)) {
      return judged;
    }
    return switch (x.filters.cacheable(head, stores)) {
      case Cacheability.AsJudged ignored -> judged;
      case Cacheability.No(String reason) -> stores ? new FillIntent.Relay(reason) : judged;
      case Cacheability.For(Duration lifetime) ->
          judge.judge(lasting(head, lifetime), requestTimeMillis, responseTimeMillis);
    };
  }

  /** As it went out, or as it was planned but for credentials of filters. */
  private RequestHead sent() {
    RequestHead last = x.upstreamSent(planned);
    String credentials = last.headers().first("Authorization");
    return credentials == null || planned.headers().has("Authorization")
        ? planned
        : planned.withHeaders(planned.headers().with("Authorization", credentials));
  }

  /** Said to this cache alone where there is a field for that (RFC 9213). */
  private ResponseHead lasting(ResponseHead head, Duration lifetime) {
    List<String> targets = x.route.storage().targets();
    Headers.Builder fields = head.headers().toBuilder();
    String field = targets.isEmpty() ? "Cache-Control" : targets.getFirst();
    targets.forEach(fields::remove);
    fields.set(field, "public, max-age=" + Math.max(0, lifetime.toSeconds()));
    return head.withHeaders(fields.build());
  }
}
