package dev.weir.proxy.filter;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A program that takes part in exchanges. Each method is a phase; all have a default that changes
 * nothing, and a phase that no filter overrides costs nothing. Filters are asked in their order;
 * each gets what those before it have made; where a decision ends a phase, the first one that
 * decides does. {@code docs/filters.md} tells the order of phases and what a failure in each does.
 *
 * <p>One filter serves all exchanges, so its methods are called by many threads at once; what
 * belongs to one exchange is kept in its context. A phase that returns a value must not block: it
 * runs where bytes are moved. A phase that returns a stage may take its time, up to {@code
 * weir.filters.phase-timeout}, on threads of the filter's own. No method returns null.
 *
 * @param <C> what the filter keeps per exchange
 */
public interface Filter<C> extends AutoCloseable {
  /** The state of a new exchange; null for filters that have none. */
  default @Nullable C newContext() {
    return null;
  }

  /** The node stops. */
  @Override
  default void close() {}

  // --- the request

  /** The head has come in: before rules, key, and Weir's own pages. Must not block. */
  default RequestDecision earlyRequest(FilterExchange<C> exchange) {
    return RequestDecision.PROCEED;
  }

  /** Checks, authorises, limits, or answers. What it makes of the head is what rules see. */
  default CompletionStage<RequestDecision> request(FilterExchange<C> exchange) {
    return CompletableFuture.completedFuture(RequestDecision.PROCEED);
  }

  /** How the cache treats the request; {@code byRules} or another one. */
  default CachePolicy cachePolicy(FilterExchange<C> exchange, CachePolicy byRules) {
    return byRules;
  }

  /** The cache key. Must be the same for the same request on all nodes, today and tomorrow. */
  default FilterKey key(FilterExchange<C> exchange, FilterKey byRules) {
    return byRules;
  }

  /** Whether the request is no request but a purge of its key. Check who asks. */
  default boolean purge(FilterExchange<C> exchange) {
    return false;
  }

  /** The answer to a purge. */
  default FilterResponse purgeAnswer(
      FilterExchange<C> exchange, PurgeOutcome outcome, FilterResponse usual) {
    return usual;
  }

  /** The request's Range, or another one, or none; before anything is looked up. */
  default Optional<String> range(FilterExchange<C> exchange, String asked) {
    return Optional.of(asked);
  }

  /**
   * What this filter does with bodies in this exchange, before anything of them is known; asked
   * only of filters that have a phase of bodies. Must be the same for all requests of one key where
   * {@link #upstreamBody} changes what is stored.
   */
  default BodyUse bodies(FilterExchange<C> exchange) {
    return BodyUse.CHANGE;
  }

  // --- the cache

  /** Before anything is looked up. */
  default LookupDecision lookup(FilterExchange<C> exchange) {
    return LookupDecision.LOOK;
  }

  /**
   * The fields that choose among variants: what a request's values count as. Called whenever a
   * variant is looked for and when one is stored, so it must be a function of its arguments.
   *
   * @param names what stored responses vary by, lower case
   * @param fields the request's
   */
  default Headers vary(FilterExchange<C> exchange, List<String> names, Headers fields) {
    return fields;
  }

  /** Something is stored, fresh or stale. May be asked again if another entry takes its place. */
  default CompletionStage<HitDecision> hit(FilterExchange<C> exchange, StoredView stored) {
    return CompletableFuture.completedFuture(HitDecision.AS_JUDGED);
  }

  /** Nothing usable is stored: this request fetches, or reads along with one that does. */
  default MissDecision miss(FilterExchange<C> exchange) {
    return MissDecision.FETCH;
  }

  /** Whether the client gets a 304, having the response already. */
  default boolean notModified(FilterExchange<C> exchange, ResponseHead response, boolean judged) {
    return judged;
  }

  /** Whether a stale response is served. */
  default StaleDecision serveStale(FilterExchange<C> exchange, StaleCause cause, boolean judged) {
    return StaleDecision.AS_JUDGED;
  }

  // --- upstream

  /** The origin is about to be asked, for this request or through it: limits and access, late. */
  default CompletionStage<UpstreamDecision> beforeUpstream(FilterExchange<C> exchange) {
    return CompletableFuture.completedFuture(UpstreamDecision.PROCEED);
  }

  /** Filters the body that the client sends, if there is one. */
  default Optional<BodyFilter> requestBody(FilterExchange<C> exchange, RequestHead request) {
    return Optional.empty();
  }

  /** Where the request is sent; before each attempt. */
  default CompletionStage<UpstreamTarget> chooseUpstream(
      FilterExchange<C> exchange, UpstreamTarget usual) {
    return CompletableFuture.completedFuture(usual);
  }

  /** What is sent; before each attempt. Framing and Host fields are written by Weir. */
  default CompletionStage<RequestHead> upstreamRequest(
      FilterExchange<C> exchange, RequestHead request) {
    return CompletableFuture.completedFuture(request);
  }

  /** A connection is there. */
  default void connected(FilterExchange<C> exchange, UpstreamConnection connection) {}

  /** There was no connection; nothing was sent. */
  default CompletionStage<RetryDecision> connectFailed(
      FilterExchange<C> exchange, UpstreamFailure failure) {
    return CompletableFuture.completedFuture(RetryDecision.AS_USUAL);
  }

  /**
   * The connection was there and no response came of it. Another attempt is made only for a request
   * without a body whose method may be repeated (RFC 9110 9.2.2).
   */
  default CompletionStage<RetryDecision> upstreamError(
      FilterExchange<C> exchange, UpstreamFailure failure) {
    return CompletableFuture.completedFuture(RetryDecision.AS_USUAL);
  }

  /** A 1xx response (never 100 or 101), on its way to the client; empty to keep it back. */
  default Optional<ResponseHead> interim(FilterExchange<C> exchange, ResponseHead response) {
    return Optional.of(response);
  }

  /** The origin's head, a 304 among them, before the cache sees it. */
  default CompletionStage<ResponseHead> upstreamResponse(
      FilterExchange<C> exchange, ResponseHead response) {
    return CompletableFuture.completedFuture(response);
  }

  /** Filters the origin's body before the cache: what comes out is stored. */
  default Optional<BodyFilter> upstreamBody(FilterExchange<C> exchange, ResponseHead response) {
    return Optional.empty();
  }

  /**
   * Whether the response is stored.
   *
   * @param judged whether it would be
   */
  default Cacheability cacheable(
      FilterExchange<C> exchange, ResponseHead response, boolean judged) {
    return Cacheability.AS_JUDGED;
  }

  // --- the response

  /**
   * Filters the body on its way to this client, whether it comes from the store or the origin; what
   * is stored stays as it is. Asked with the head before {@link #response} sees it.
   */
  default Optional<BodyFilter> responseBody(FilterExchange<C> exchange, ResponseHead response) {
    return Optional.empty();
  }

  /** The head that the client gets. Framing and Weir's own fields are written after this. */
  default ResponseHead response(FilterExchange<C> exchange, ResponseHead response) {
    return response;
  }

  /** The page for a client whose request came to nothing upstream. */
  default FilterResponse failToProxy(
      FilterExchange<C> exchange, UpstreamFailure failure, FilterResponse usual) {
    return usual;
  }

  // --- the end

  /**
   * Whether a failure of this exchange is left out of the error log. It is counted all the same.
   */
  default boolean suppressErrorLog(FilterExchange<C> exchange, String failure) {
    return false;
  }

  /** What error lines say of the request beside its id; nothing secret. */
  default Optional<String> requestSummary(FilterExchange<C> exchange) {
    return Optional.empty();
  }

  /** The exchange has ended; always called, last. */
  default void logging(FilterExchange<C> exchange, ExchangeSummary summary) {}
}
