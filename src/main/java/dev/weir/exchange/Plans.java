package dev.weir.exchange;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.fill.Completion;
import dev.weir.fill.FillPlan;
import dev.weir.http.ByteRanges;
import dev.weir.http.Conditional;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.Headers;
import dev.weir.http.NamedDigest;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginTimeouts;
import dev.weir.policy.Effect;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a leading request asks its origin for: the whole; what is missing of a body whose parts are
 * stored; or, where the whole would be too much, the client's own range.
 */
final class Plans {
  private final Parts parts;
  private final long rangeFillMaxBytes;

  Plans(Parts parts) {
    this.parts = parts;
    this.rangeFillMaxBytes = parts.settings().rangeFillMaxBytes();
  }

  FillPlan leading(Exchange x, Grant grant, Want want) {
    boolean ranged = x.head.headers().has("Range");
    if (forwards(x, want)) {
      return forwarding(x, grant, want);
    }
    Entry held = want.held();
    Completion completion =
        held != null && want.conditional() && parts.hits().lacks(x, held)
            ? parts.hits().completion(held, x.route.storage().targets(), parts.materializer())
            : null;
    long maxBytes = ranged ? rangeFillMaxBytes : Long.MAX_VALUE;
    Asking asking =
        new Asking(x.route.timeouts(), parts.answers().interim(x), ranged, maxBytes, completion);
    return plan(x, grant, want, asking);
  }

  /**
   * A validation nobody waits for; of what is stored in part it never fetches too large a whole.
   */
  FillPlan inBackground(Exchange x, Grant grant, Want want, OriginTimeouts timeouts) {
    Entry held = want.held();
    boolean bounded = held != null && !held.complete();
    long maxBytes = bounded ? rangeFillMaxBytes : Long.MAX_VALUE;
    // Its client has its answer: interim responses are for nobody.
    return plan(x, grant, want, new Asking(timeouts, interim -> {}, false, maxBytes, null));
  }

  /** How an origin is asked for a fill. */
  private record Asking(
      OriginTimeouts timeouts,
      Consumer<ResponseHead> interim,
      boolean ranged,
      long rangeFillMaxBytes,
      @Nullable Completion completion) {
    OriginRequest request(Exchange x, RequestHead head) {
      return new OriginRequest(head, null, OptionalLong.empty(), timeouts, interim).on(x.terms());
    }
  }

  private FillPlan plan(Exchange x, Grant grant, Want want, Asking asking) {
    Entry held = want.held();
    FreshnessInfo validators =
        want.conditional()
                && held != null
                && asking.completion == null
                && !parts.hits().lacks(x, held)
            ? parts.hits().freshness(x, held)
            : null;
    RequestHead sent = x.credited(parts.heads().validating(x.head, validators));
    FillPlan.Judge judge =
        FilteredJudge.of(
            x,
            sent,
            as ->
                (head, sentMillis, cameMillis) ->
                    usual(x, as, head, held, asking.rangeFillMaxBytes)
                        .judge(head, sentMillis, cameMillis));
    return new FillPlan(
        grant,
        asking.request(x, sent),
        hidesCookies(x) ? withoutCookies(judge) : judge,
        x.route.keyUrl(),
        asking.ranged,
        asking.completion,
        null,
        x.route.storage().maxObjectBytes(),
        x.route.effects().get(Effect.ACCELERATION, true));
  }

  /**
   * Through a mirror no cookie goes either way: what an origin sets, for nobody it knows, neither
   * makes its answer anybody's own nor is stored.
   */
  private static boolean hidesCookies(Exchange x) {
    return x.route.terms().manner().byMirror() && !x.head.headers().has("Cookie");
  }

  private static FillPlan.Judge withoutCookies(FillPlan.Judge judge) {
    return (head, requestTimeMillis, responseTimeMillis) ->
        judge.judge(
            head.withHeaders(head.headers().without("Set-Cookie")),
            requestTimeMillis,
            responseTimeMillis);
  }

  /** Some rules have their say only when the head is there. */
  private static Judgement usual(
      Exchange x, RequestHead sent, ResponseHead head, @Nullable Entry held, long maxBytes) {
    return new Judgement(
        sent, x.route.mode(), x.route.storage(head, held), x::variant, held, maxBytes);
  }

  private FillPlan forwarding(Exchange x, Grant grant, Want want) {
    Headers fields = x.head.headers();
    String range = fields.first("Range");
    RequestHead plain = x.credited(parts.heads().fetching(x.head));
    RequestHead sent =
        range == null ? plain : plain.withHeaders(plain.headers().with("Range", range));
    FillPlan.Judge judge =
        FilteredJudge.of(
            x,
            sent,
            as ->
                (head, sentMillis, cameMillis) ->
                    new PartJudgement(usual(x, as, head, want.held(), rangeFillMaxBytes))
                        .judge(head, sentMillis, cameMillis));
    Asking asking =
        new Asking(x.route.timeouts(), parts.answers().interim(x), true, rangeFillMaxBytes, null);
    return new FillPlan(
        grant,
        asking.request(x, sent),
        judge,
        x.route.keyUrl(),
        true,
        null,
        null,
        x.route.storage().maxObjectBytes(),
        x.route.effects().get(Effect.ACCELERATION, true));
  }

  /**
   * Whether this request's Range goes to the origin as it stands and the answer is kept as a part:
   * for what is known to be too large to be fetched whole, and for the last bytes of something
   * unknown, which a fetch from the first byte would bring last of all.
   */
  boolean forwards(Exchange x, Want want) {
    Entry held = want.held();
    if (!mayForward(x) || (held != null && held.complete())) {
      return false;
    }
    if (x.forwardsRange) {
      return true;
    }
    if (held != null) {
      return held.body().length() > rangeFillMaxBytes && parts.hits().lacks(x, held);
    }
    ByteRanges.SingleRange range = ByteRanges.single(x.head.headers().first("Range"));
    boolean last = range != null && range.first().isEmpty();
    // Parts of what its URL names by a digest are not kept: nobody can tell whether they are right.
    return startsBeyond(x) || (last && NamedDigest.of(x.head.target()) == null);
  }

  /** Whether it asks for bytes of what must be larger than is fetched whole. */
  boolean startsBeyond(Exchange x) {
    ByteRanges.SingleRange range = ByteRanges.single(x.head.headers().first("Range"));
    return range != null
        && range.first().isPresent()
        && range.first().getAsLong() >= rangeFillMaxBytes;
  }

  /** One range and no condition: conditions are this client's own, and answered to it alone. */
  static boolean mayForward(Exchange x) {
    Headers fields = x.head.headers();
    return x.head.isGet()
        && fields.all("Range").size() == 1
        && ByteRanges.single(fields.first("Range")) != null
        && !fields.has("If-Range")
        && !Conditional.isConditional(fields);
  }
}
