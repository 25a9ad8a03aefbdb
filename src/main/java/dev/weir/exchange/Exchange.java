package dev.weir.exchange;

import dev.weir.edge.EdgeRequest;
import dev.weir.entry.VariantKey;
import dev.weir.filters.BodyFilters;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.FilterRun;
import dev.weir.filters.Phase;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.RefreshRule;
import dev.weir.http.RequestDirectives;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Sha224;
import dev.weir.http.Vary;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginTerms;
import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.VaryRules;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.pekko.stream.Materializer;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the phases: what is fixed when it arrives, or, as its route may
 * be, before the cache is asked, and how often it has come round. Its phases follow one another, so
 * it is never used by two threads at once.
 */
final class Exchange {
  private static final String ONE_VARIANT = Sha224.hex("no field counts");

  final EdgeRequest edge;
  final String id;
  final long startMillis;
  final long startNanos;
  final RequestHead head;
  Route route;
  final RequestDirectives directives;
  final boolean authorized;
  final FilterRun filters;

  private final @Nullable UpstreamFilters upstream;
  private @Nullable BodyFilters responseBody;
  private volatile @Nullable BodyFilters requestBody;
  private Supplier<Headers> bodyTrailers = () -> Headers.EMPTY;
  private volatile boolean varyFailed;

  private final AtomicReference<@Nullable Runnable> onEnd = new AtomicReference<>();

  /** How often the cache was asked. */
  private int rounds;

  private boolean resent;

  /** A variant of the key was seen that is not this request's. */
  boolean variantMissed;

  /** The whole is known to be too large for a fill that a range starts: its Range is sent on. */
  boolean forwardsRange;

  /** It has waited for a part that was about to be stored. */
  boolean awaitedPart;

  /** Its entry could not be read. */
  boolean bodyLost;

  /** What the client gets is told by us alone: a filter has failed at it. */
  boolean unfiltered;

  Exchange(
      EdgeRequest edge,
      String id,
      long startMillis,
      long startNanos,
      RequestHead head,
      Route route,
      RequestDirectives directives,
      FilterRun filters,
      @Nullable UpstreamFilters upstream) {
    this.edge = edge;
    this.id = id;
    this.startMillis = startMillis;
    this.startNanos = startNanos;
    this.head = head;
    this.route = route;
    this.directives =
        route.storage().overrules(RefreshRule.Directive.CLIENT)
            ? directives.withoutReload()
            : directives;
    this.authorized = head.headers().has("Authorization");
    this.filters = filters;
    this.upstream = upstream;
  }

  /** The same with what filters made of it; nothing has been done with it yet. */
  Exchange with(RequestHead otherHead, Route otherRoute) {
    return otherHead.equals(head) && otherRoute.equals(route)
        ? this
        : new Exchange(
            edge,
            id,
            startMillis,
            startNanos,
            otherHead,
            otherRoute,
            directives,
            filters,
            upstream);
  }

  /** The same request going on while nobody waits: its filters begin anew. */
  Exchange inBackground(FilterRun run, Materializer materializer) {
    if (filters.isEmpty()) {
      return this;
    }
    run.askBodies();
    return new Exchange(
        edge,
        id,
        startMillis,
        startNanos,
        head,
        route,
        directives,
        run,
        run.isUpstream() ? new UpstreamFilters(run, materializer) : null);
  }

  /** What rules and filters have to do on the way to the origin. */
  OriginTerms terms() {
    return upstream == null ? route.terms() : route.terms().through(upstream);
  }

  /** That request with what filters change of it, for other ways than fetching. */
  CompletionStage<OriginRequest> outgoing(OriginRequest request) {
    return upstream == null
        ? CompletableFuture.completedFuture(request)
        : upstream.outgoing(request);
  }

  /** The head that went to the origin, or the planned one if none has. */
  RequestHead upstreamSent(RequestHead planned) {
    return upstream == null ? planned : upstream.sent(planned);
  }

  // --- bodies through filters

  /** Asks who filters the body of that response; what was found for another one is let go. */
  void askBodyFilters(ResponseHead whole, Supplier<Headers> trailers) {
    BodyFilters before = responseBody;
    if (before != null) {
      before.closeUnread();
      responseBody = null;
    }
    if (filters.has(Phase.RESPONSE_BODY)) {
      responseBody = filters.responseBody(whole);
      bodyTrailers = trailers;
    }
  }

  boolean changesBody() {
    BodyFilters body = responseBody;
    return body != null && body.changesBytes();
  }

  @Nullable BodyFilters responseBody() {
    return responseBody;
  }

  Supplier<Headers> bodyTrailers() {
    return bodyTrailers;
  }

  /** The answer is another one than asked for. */
  void forgetBodyFilters() {
    BodyFilters body = responseBody;
    responseBody = null;
    if (body != null) {
      body.closeUnread();
    }
  }

  void filterRequestBody(@Nullable BodyFilters body) {
    requestBody = body;
  }

  boolean varyFailed() {
    return varyFailed;
  }

  /** This request's secondary key among responses that vary by these fields. */
  VariantKey variant(List<String> names) {
    if (names.isEmpty()) {
      return VariantKey.NONE;
    }
    VaryRules rules = route.effects().get(Effect.VARY);
    List<String> counting = rules == null ? names : rules.counting(names);
    if (filters.has(Phase.VARY)) {
      return filteredVariant(counting);
    }
    return variantOf(counting, choosing());
  }

  /** Of fields that do not count there is one variant, which is another thing than none. */
  private VariantKey variantOf(List<String> counting, Headers fields) {
    Headers all = followsRedirects() ? fields.with(Vary.REDIRECTS, "followed") : fields;
    return new VariantKey(counting.isEmpty() ? ONE_VARIANT : Vary.digest(counting, all));
  }

  /**
   * By what an origin can choose a response: not by fields that Connection names, which it never
   * sees; with them one client could have another's variant filled with what is not for it.
   */
  private Headers choosing() {
    return HopByHop.strip(head.headers());
  }

  /** Whether redirects are followed for it, and not its client's affair. */
  boolean followsRedirects() {
    return route.terms().redirects() > 0;
  }

  /** By filters; if one fails, a variant that is nobody's, and that is not stored. */
  private VariantKey filteredVariant(List<String> counting) {
    try {
      return variantOf(counting, filters.vary(counting, choosing()));
    } catch (FilterFailure failed) {
      varyFailed = true;
      return new VariantKey(Sha224.hex("failed " + id));
    }
  }

  /** What goes to the origin, with the operator's credentials where a rule has some. */
  RequestHead credited(RequestHead sent) {
    Credentials ours = route.effects().get(Effect.CREDENTIALS);
    // In the clear everybody on the way could read them.
    return ours == null || !"https".equals(sent.scheme())
        ? sent
        : sent.withHeaders(sent.headers().with(ours.field(), ours.value()));
  }

  /** Its answer has ended; also where it is told twice. */
  void ended() {
    BodyFilters uploaded = requestBody;
    if (uploaded != null) {
      uploaded.closeUnread();
    }
    Runnable admitted = onEnd.getAndSet(null);
    if (admitted != null) {
      admitted.run();
    }
  }

  /** What is to be run when its answer has ended. */
  void whenEnded(Runnable admitted) {
    onEnd.set(admitted);
  }

  /** Counts a round; false when there have been enough. */
  boolean mayGoRound(int maxRounds) {
    return ++rounds <= maxRounds;
  }

  /** Whether it may be sent once more after a connection died under it; true once. */
  boolean mayResend() {
    boolean first = !resent;
    resent = true;
    return first;
  }

  /** Whether other requests' answers may be waited for (RFC 9111 3.5). */
  boolean mayWait() {
    return !authorized || route.storage().storeAuthorized();
  }
}
