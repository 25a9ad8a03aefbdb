package dev.weir.filters;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.BodyFilter;
import dev.weir.proxy.filter.BodyUse;
import dev.weir.proxy.filter.CachePolicy;
import dev.weir.proxy.filter.Cacheability;
import dev.weir.proxy.filter.ExchangeSummary;
import dev.weir.proxy.filter.FilterKey;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.HitDecision;
import dev.weir.proxy.filter.LookupDecision;
import dev.weir.proxy.filter.MissDecision;
import dev.weir.proxy.filter.PurgeOutcome;
import dev.weir.proxy.filter.RequestDecision;
import dev.weir.proxy.filter.RetryDecision;
import dev.weir.proxy.filter.StaleCause;
import dev.weir.proxy.filter.StaleDecision;
import dev.weir.proxy.filter.StoredView;
import dev.weir.proxy.filter.UpstreamConnection;
import dev.weir.proxy.filter.UpstreamDecision;
import dev.weir.proxy.filter.UpstreamFailure;
import dev.weir.proxy.filter.UpstreamTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One exchange on its way through the chain. Each method is a phase: it asks the filters that have
 * it and says what came of it, or throws (fails with) {@link FilterFailure} where {@link
 * Phase#onFailure} says that the exchange cannot go on. Callers ask {@link #has} first.
 */
public final class FilterRun {
  /** Of an exchange without filters. */
  public static final FilterRun NONE = new FilterRun(Filters.NONE, null);

  private final Filters chain;
  private final @Nullable Incoming incoming;
  private final FilterView[] views;
  private final @Nullable BodyUse[] uses;
  private final Asking asking;
  private volatile @Nullable RequestHead request;
  private final AtomicInteger attempts = new AtomicInteger();

  FilterRun(Filters chain, @Nullable Incoming incoming) {
    this.chain = chain;
    this.incoming = incoming;
    this.request = incoming == null ? null : incoming.head();
    this.views = new FilterView[chain.all().length];
    this.uses = new BodyUse[chain.all().length];
    this.asking = new Asking(chain, views);
    for (Link link : chain.all()) {
      Object context =
          link.has(Phase.NEW_CONTEXT)
              ? asking.alone(link, Phase.NEW_CONTEXT, link.filter::newContext)
              : null;
      views[link.index] = new FilterView(this, link, context);
    }
  }

  public boolean isEmpty() {
    return chain.isEmpty();
  }

  /** Whether any filter takes part in that phase. */
  public boolean has(Phase phase) {
    return chain.has(phase);
  }

  public FilterTerms terms() {
    return chain.terms();
  }

  /** Another one for what goes on with the same request while nobody waits. */
  public FilterRun inBackground() {
    Incoming from = incoming;
    RequestHead now = request;
    return from == null || now == null
        ? NONE
        : chain.begin(
            new Incoming(from.id(), now, from.client(), from.listener(), from.connection(), true));
  }

  Filters chain() {
    return chain;
  }

  Incoming incoming() {
    return Objects.requireNonNull(incoming);
  }

  RequestHead request() {
    return Objects.requireNonNull(request);
  }

  int attempts() {
    return attempts.get();
  }

  /** It goes upstream once more. */
  public void attempted() {
    attempts.incrementAndGet();
  }

  /** Whether any filter takes part in what is done round a request upstream. */
  public boolean isUpstream() {
    return chain.isUpstream();
  }

  // --- the request

  public RequestDecision earlyRequest() {
    return asking.first(
        Phase.EARLY_REQUEST,
        RequestDecision.PROCEED,
        (filter, view) -> taken(filter.earlyRequest(view)),
        RequestDecision.Answer.class::isInstance);
  }

  public CompletionStage<RequestDecision> onRequest() {
    return asking.firstLater(
        Phase.REQUEST,
        RequestDecision.PROCEED,
        (filter, view) -> filter.request(view),
        this::taken,
        RequestDecision.Answer.class::isInstance);
  }

  private RequestDecision taken(RequestDecision decision) {
    if (decision instanceof RequestDecision.ProceedWith(RequestHead changed)) {
      request = Checked.request(changed);
    } else if (decision instanceof RequestDecision.Answer(FilterResponse response)) {
      var _ = Checked.answer(response);
    }
    return decision;
  }

  /** The request as filters have left it. */
  public RequestHead requestHead() {
    return request();
  }

  public CachePolicy cachePolicy(CachePolicy byRules) {
    return asking.through(
        Phase.CACHE_POLICY, byRules, (filter, view, policy) -> filter.cachePolicy(view, policy));
  }

  public FilterKey key(FilterKey byRules) {
    return asking.through(Phase.KEY, byRules, (filter, view, key) -> filter.key(view, key));
  }

  public boolean isPurge() {
    return asking.first(
        Phase.PURGE, false, (filter, view) -> filter.purge(view), Boolean::booleanValue);
  }

  public FilterResponse purgeAnswer(PurgeOutcome outcome, FilterResponse usual) {
    return asking.through(
        Phase.PURGE_ANSWER,
        usual,
        (filter, view, answer) -> Checked.answer(filter.purgeAnswer(view, outcome, answer)));
  }

  public Optional<String> range(String asked) {
    return asking.through(
        Phase.RANGE,
        Optional.of(asked),
        (filter, view, range) -> range.isPresent() ? filter.range(view, range.get()) : range);
  }

  // --- the cache

  public LookupDecision lookup() {
    return asking.first(
        Phase.LOOKUP,
        LookupDecision.LOOK,
        (filter, view) -> filter.lookup(view),
        LookupDecision.Bypass.class::isInstance);
  }

  /** Fails where a filter does; the caller then has a variant that is nobody else's. */
  public Headers vary(List<String> names, Headers fields) {
    return asking.through(
        Phase.VARY, fields, (filter, view, seen) -> filter.vary(view, names, seen));
  }

  public CompletionStage<HitDecision> hit(StoredView stored) {
    return asking
        .firstLater(
            Phase.HIT,
            HitDecision.AS_JUDGED,
            (filter, view) -> filter.hit(view, stored),
            decision -> decision,
            decision -> !(decision instanceof HitDecision.AsJudged))
        .exceptionally(failed -> HitDecision.MISS);
  }

  /** A filter that fails has the request pass. */
  public MissDecision miss() {
    try {
      return asking.first(
          Phase.MISS,
          MissDecision.FETCH,
          (filter, view) -> filter.miss(view),
          MissDecision.Pass.class::isInstance);
    } catch (FilterFailure failed) {
      return new MissDecision.Pass("filter-failed");
    }
  }

  public boolean notModified(ResponseHead response, boolean judged) {
    return asking.through(
        Phase.NOT_MODIFIED,
        judged,
        (filter, view, verdict) -> filter.notModified(view, response, verdict));
  }

  /** Whether stale content is served, by filters or, where they leave it, as judged. */
  public boolean serveStale(StaleCause cause, boolean judged) {
    StaleDecision decision =
        asking.first(
            Phase.SERVE_STALE,
            StaleDecision.AS_JUDGED,
            (filter, view) -> filter.serveStale(view, cause, judged),
            said -> !(said instanceof StaleDecision.AsJudged));
    return switch (decision) {
      case StaleDecision.AsJudged ignored -> judged;
      case StaleDecision.Allow ignored -> true;
      case StaleDecision.Forbid ignored -> false;
    };
  }

  // --- upstream

  public CompletionStage<UpstreamDecision> beforeUpstream() {
    return asking.firstLater(
        Phase.BEFORE_UPSTREAM,
        UpstreamDecision.PROCEED,
        (filter, view) -> filter.beforeUpstream(view),
        FilterRun::checked,
        UpstreamDecision.Answer.class::isInstance);
  }

  private static UpstreamDecision checked(UpstreamDecision decision) {
    if (decision instanceof UpstreamDecision.Answer(FilterResponse response)) {
      var _ = Checked.answer(response);
    }
    return decision;
  }

  public @Nullable BodyFilters requestBody(RequestHead head) {
    return bodies(Phase.REQUEST_BODY, (filter, view) -> filter.requestBody(view, head));
  }

  public CompletionStage<UpstreamTarget> chooseUpstream(UpstreamTarget usual) {
    return asking.throughLater(
        Phase.CHOOSE_UPSTREAM,
        usual,
        (filter, view, target) -> filter.chooseUpstream(view, target));
  }

  public CompletionStage<RequestHead> upstreamRequest(RequestHead head) {
    return asking.throughLater(
        Phase.UPSTREAM_REQUEST,
        head,
        (filter, view, sent) -> filter.upstreamRequest(view, sent).thenApply(Checked::request));
  }

  public void connected(UpstreamConnection connection) {
    asking.tell(Phase.CONNECTED, (filter, view) -> filter.connected(view, connection));
  }

  public CompletionStage<RetryDecision> connectFailed(UpstreamFailure failure) {
    return asking.firstLater(
        Phase.CONNECT_FAILED,
        RetryDecision.AS_USUAL,
        (filter, view) -> filter.connectFailed(view, failure),
        decision -> decision,
        decision -> !(decision instanceof RetryDecision.AsUsual));
  }

  public CompletionStage<RetryDecision> upstreamError(UpstreamFailure failure) {
    return asking.firstLater(
        Phase.UPSTREAM_ERROR,
        RetryDecision.AS_USUAL,
        (filter, view) -> filter.upstreamError(view, failure),
        decision -> decision,
        decision -> !(decision instanceof RetryDecision.AsUsual));
  }

  /** Empty also where a filter fails. */
  public Optional<ResponseHead> interim(ResponseHead response) {
    try {
      return asking.through(
          Phase.INTERIM,
          Optional.of(response),
          (filter, view, head) ->
              head.isPresent()
                  ? filter.interim(view, head.get()).map(now -> Checked.changed(head.get(), now))
                  : head);
    } catch (FilterFailure failed) {
      return Optional.empty();
    }
  }

  public CompletionStage<ResponseHead> upstreamResponse(ResponseHead response) {
    return asking.throughLater(
        Phase.UPSTREAM_RESPONSE,
        response,
        (filter, view, head) ->
            filter.upstreamResponse(view, head).thenApply(now -> Checked.changed(head, now)));
  }

  public @Nullable BodyFilters upstreamBody(ResponseHead response) {
    return bodies(Phase.UPSTREAM_BODY, (filter, view) -> filter.upstreamBody(view, response));
  }

  /** A filter that fails is one that says no. */
  public Cacheability cacheable(ResponseHead response, boolean judged) {
    try {
      return asking.first(
          Phase.CACHEABLE,
          Cacheability.AS_JUDGED,
          (filter, view) -> filter.cacheable(view, response, judged),
          said -> !(said instanceof Cacheability.AsJudged));
    } catch (FilterFailure failed) {
      return new Cacheability.No("filter-failed");
    }
  }

  // --- the response

  public @Nullable BodyFilters responseBody(ResponseHead response) {
    return bodies(Phase.RESPONSE_BODY, (filter, view) -> filter.responseBody(view, response));
  }

  public ResponseHead response(ResponseHead response) {
    return asking.through(
        Phase.RESPONSE,
        response,
        (filter, view, head) -> Checked.changed(head, filter.response(view, head)));
  }

  public FilterResponse failToProxy(UpstreamFailure failure, FilterResponse usual) {
    return asking.through(
        Phase.FAIL_TO_PROXY,
        usual,
        (filter, view, page) -> Checked.answer(filter.failToProxy(view, failure, page)));
  }

  // --- the end

  public boolean suppressErrorLog(String failure) {
    return asking.first(
        Phase.SUPPRESS_ERROR_LOG,
        false,
        (filter, view) -> filter.suppressErrorLog(view, failure),
        Boolean::booleanValue);
  }

  /** What filters say of the request, joined; empty if nothing. */
  public String requestSummary() {
    List<String> texts = new ArrayList<>(1);
    asking.tell(
        Phase.REQUEST_SUMMARY, (filter, view) -> filter.requestSummary(view).ifPresent(texts::add));
    return String.join(" ", texts);
  }

  public void logging(ExchangeSummary summary) {
    asking.tell(Phase.LOGGING, (filter, view) -> filter.logging(view, summary));
  }

  /** Has the filters of bodies say what they do with them, before anything of it matters. */
  public void askBodies() {
    for (Phase phase : Phase.OF_BODIES) {
      for (Link link : chain.links(phase)) {
        var _ = use(link);
      }
    }
  }

  /** Whether the bytes of responses may be changed, so that there can be no ranges of them. */
  public boolean changesResponses() {
    return changes(Phase.RESPONSE_BODY) || changes(Phase.UPSTREAM_BODY);
  }

  /** Whether what comes from upstream may be changed before it is stored. */
  public boolean changesUpstream() {
    return changes(Phase.UPSTREAM_BODY);
  }

  private boolean changes(Phase phase) {
    for (Link link : chain.links(phase)) {
      if (use(link) == BodyUse.CHANGE) {
        return true;
      }
    }
    return false;
  }

  /** What the filter has said of bodies; it is asked once. */
  private BodyUse use(Link link) {
    BodyUse known = uses[link.index];
    if (known == null) {
      known =
          link.has(Phase.BODIES)
              ? asking.alone(link, Phase.BODIES, () -> link.filter.bodies(views[link.index]))
              : BodyUse.CHANGE;
      uses[link.index] = known;
    }
    return known;
  }

  private @Nullable BodyFilters bodies(Phase phase, Asking.Ask<Optional<BodyFilter>> ask) {
    List<BodyFilters.One> found = new ArrayList<>(chain.links(phase).length);
    try {
      asking.each(
          phase,
          (link, filter, view) -> {
            BodyUse use = use(link);
            if (use != BodyUse.NONE) {
              ask.ask(filter, view)
                  .ifPresent(
                      body -> found.add(new BodyFilters.One(link, body, use == BodyUse.CHANGE)));
            }
          });
    } catch (FilterFailure failed) {
      found.forEach(one -> one.filter().closed());
      throw failed;
    }
    return found.isEmpty() ? null : new BodyFilters(phase, found, chain.terms());
  }
}
