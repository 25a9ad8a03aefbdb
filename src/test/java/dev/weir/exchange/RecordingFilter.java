package dev.weir.exchange;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.BodyFilter;
import dev.weir.proxy.filter.BodyStep;
import dev.weir.proxy.filter.BodyUse;
import dev.weir.proxy.filter.CachePolicy;
import dev.weir.proxy.filter.Cacheability;
import dev.weir.proxy.filter.ExchangeSummary;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
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
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes part in every phase, changes nothing, and writes down in which order it was asked. */
class RecordingFilter implements Filter<List<String>> {
  /** Of the exchanges that have ended, in the order of their ends. */
  final List<List<String>> ended = new CopyOnWriteArrayList<>();

  /** What is done while nobody waits. */
  final List<String> background = new CopyOnWriteArrayList<>();

  final void note(FilterExchange<List<String>> exchange, String phase) {
    (exchange.background() ? background : exchange.context()).add(phase);
  }

  @Override
  public List<String> newContext() {
    return new CopyOnWriteArrayList<>();
  }

  @Override
  public RequestDecision earlyRequest(FilterExchange<List<String>> exchange) {
    note(exchange, "earlyRequest");
    return RequestDecision.PROCEED;
  }

  @Override
  public CompletionStage<RequestDecision> request(FilterExchange<List<String>> exchange) {
    note(exchange, "request");
    return Filter.super.request(exchange);
  }

  @Override
  public CachePolicy cachePolicy(FilterExchange<List<String>> exchange, CachePolicy byRules) {
    note(exchange, "cachePolicy");
    return byRules;
  }

  @Override
  public FilterKey key(FilterExchange<List<String>> exchange, FilterKey byRules) {
    note(exchange, "key");
    return byRules;
  }

  @Override
  public boolean purge(FilterExchange<List<String>> exchange) {
    note(exchange, "purge");
    return exchange.request().method().equals("PURGE");
  }

  @Override
  public FilterResponse purgeAnswer(
      FilterExchange<List<String>> exchange, PurgeOutcome outcome, FilterResponse usual) {
    note(exchange, "purgeAnswer " + outcome);
    return usual;
  }

  @Override
  public Optional<String> range(FilterExchange<List<String>> exchange, String asked) {
    note(exchange, "range");
    return Optional.of(asked);
  }

  @Override
  public BodyUse bodies(FilterExchange<List<String>> exchange) {
    note(exchange, "bodies");
    return BodyUse.WATCH;
  }

  @Override
  public LookupDecision lookup(FilterExchange<List<String>> exchange) {
    note(exchange, "lookup");
    return LookupDecision.LOOK;
  }

  @Override
  public Headers vary(FilterExchange<List<String>> exchange, List<String> names, Headers fields) {
    // Asked as often as a variant is looked for: left out of the order, unless a test notes it.
    return fields;
  }

  @Override
  public CompletionStage<HitDecision> hit(
      FilterExchange<List<String>> exchange, StoredView stored) {
    note(exchange, stored.isFresh() ? "hit" : "hit stale");
    return Filter.super.hit(exchange, stored);
  }

  @Override
  public MissDecision miss(FilterExchange<List<String>> exchange) {
    note(exchange, "miss");
    return MissDecision.FETCH;
  }

  @Override
  public boolean notModified(
      FilterExchange<List<String>> exchange, ResponseHead response, boolean judged) {
    note(exchange, "notModified");
    return judged;
  }

  @Override
  public StaleDecision serveStale(
      FilterExchange<List<String>> exchange, StaleCause cause, boolean judged) {
    note(exchange, "serveStale " + cause.getClass().getSimpleName());
    return StaleDecision.AS_JUDGED;
  }

  @Override
  public CompletionStage<UpstreamDecision> beforeUpstream(FilterExchange<List<String>> exchange) {
    note(exchange, "beforeUpstream");
    return Filter.super.beforeUpstream(exchange);
  }

  @Override
  public Optional<BodyFilter> requestBody(
      FilterExchange<List<String>> exchange, RequestHead request) {
    note(exchange, "requestBody");
    return Optional.of(new RecordingBody(exchange, "request"));
  }

  @Override
  public CompletionStage<UpstreamTarget> chooseUpstream(
      FilterExchange<List<String>> exchange, UpstreamTarget usual) {
    note(exchange, "chooseUpstream");
    return Filter.super.chooseUpstream(exchange, usual);
  }

  @Override
  public CompletionStage<RequestHead> upstreamRequest(
      FilterExchange<List<String>> exchange, RequestHead request) {
    note(exchange, "upstreamRequest");
    return Filter.super.upstreamRequest(exchange, request);
  }

  @Override
  public void connected(FilterExchange<List<String>> exchange, UpstreamConnection connection) {
    note(exchange, "connected");
  }

  @Override
  public CompletionStage<RetryDecision> connectFailed(
      FilterExchange<List<String>> exchange, UpstreamFailure failure) {
    note(exchange, "connectFailed " + failure.kind());
    return Filter.super.connectFailed(exchange, failure);
  }

  @Override
  public CompletionStage<RetryDecision> upstreamError(
      FilterExchange<List<String>> exchange, UpstreamFailure failure) {
    note(exchange, "upstreamError " + failure.kind());
    return Filter.super.upstreamError(exchange, failure);
  }

  @Override
  public Optional<ResponseHead> interim(
      FilterExchange<List<String>> exchange, ResponseHead response) {
    note(exchange, "interim " + response.status());
    return Optional.of(response);
  }

  @Override
  public CompletionStage<ResponseHead> upstreamResponse(
      FilterExchange<List<String>> exchange, ResponseHead response) {
    note(exchange, "upstreamResponse " + response.status());
    return Filter.super.upstreamResponse(exchange, response);
  }

  @Override
  public Optional<BodyFilter> upstreamBody(
      FilterExchange<List<String>> exchange, ResponseHead response) {
    note(exchange, "upstreamBody");
    return Optional.empty();
  }

  @Override
  public Cacheability cacheable(
      FilterExchange<List<String>> exchange, ResponseHead response, boolean judged) {
    note(exchange, "cacheable " + judged);
    return Cacheability.AS_JUDGED;
  }

  @Override
  public Optional<BodyFilter> responseBody(
      FilterExchange<List<String>> exchange, ResponseHead response) {
    note(exchange, "responseBody");
    return Optional.of(new RecordingBody(exchange, "response"));
  }

  @Override
  public ResponseHead response(FilterExchange<List<String>> exchange, ResponseHead response) {
    note(exchange, "response " + response.status());
    return response;
  }

  @Override
  public FilterResponse failToProxy(
      FilterExchange<List<String>> exchange, UpstreamFailure failure, FilterResponse usual) {
    note(exchange, "failToProxy " + failure.kind());
    return usual;
  }

  @Override
  public void logging(FilterExchange<List<String>> exchange, ExchangeSummary summary) {
    note(exchange, "logging " + summary.reason() + (summary.complete() ? "" : " cut"));
    ended.add(exchange.context());
  }

  /** Says when a body begins and ends. */
  private final class RecordingBody implements BodyFilter {
    private final FilterExchange<List<String>> exchange;
    private final String side;
    private boolean begun;

    RecordingBody(FilterExchange<List<String>> exchange, String side) {
      this.exchange = exchange;
      this.side = side;
    }

    @Override
    public BodyStep piece(ByteBuffer piece) {
      if (!begun) {
        begun = true;
        note(exchange, side + " begins");
      }
      return BodyStep.NOTHING; // it only watches: the bytes go on
    }

    @Override
    public BodyStep end(Headers trailers) {
      note(exchange, side + " ends");
      return BodyStep.NOTHING;
    }
  }
}
