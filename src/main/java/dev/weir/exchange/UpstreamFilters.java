package dev.weir.exchange;

import dev.weir.filters.BodyFilters;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.FilterRun;
import dev.weir.filters.Phase;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginSteps;
import dev.weir.origin.OriginTimeouts;
import dev.weir.origin.Upstream;
import dev.weir.proxy.filter.RetryDecision;
import dev.weir.proxy.filter.UpstreamConnection;
import dev.weir.proxy.filter.UpstreamFailure;
import dev.weir.proxy.filter.UpstreamTarget;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;

/**
 * The filters of one exchange on the way to its origin and back: where it is sent, what is sent,
 * another attempt after a failure, and the response before the cache sees it. A filter that fails
 * here fails the request as an origin would, and nothing is stored.
 */
final class UpstreamFilters implements OriginSteps {
  /** Fields that frame a message or belong to one connection: never a filter's. */
  private static final List<String> FRAMING =
      List.of(
          "Content-Length",
          "Transfer-Encoding",
          "Connection",
          "TE",
          "Trailer",
          "Upgrade",
          "Expect",
          "Host");

  private static final List<String> RESPONSE_FRAMING =
      List.of("Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade");

  private final FilterRun run;
  private final Materializer materializer;

  /** The head that was sent last. */
  private volatile @Nullable RequestHead sent;

  UpstreamFilters(FilterRun run, Materializer materializer) {
    this.run = run;
    this.materializer = materializer;
  }

  /** The head as it was sent, or that one if nothing was. */
  RequestHead sent(RequestHead otherwise) {
    RequestHead last = sent;
    return last == null ? otherwise : last;
  }

  @Override
  public void connected(InetSocketAddress address, boolean reused, long waitedNanos) {
    if (run.has(Phase.CONNECTED)) {
      run.connected(new UpstreamConnection(address, reused, Duration.ofNanos(waitedNanos)));
    }
  }

  @Override
  public CompletionStage<OriginResponse> around(
      OriginRequest request, Function<OriginRequest, CompletionStage<OriginResponse>> send) {
    return attempt(request, send, null, 1);
  }

  /** The request as it is to go out, to be sent by other means. */
  CompletionStage<OriginRequest> outgoing(OriginRequest request) {
    return outgoing(request, null);
  }

  private CompletionStage<OriginResponse> attempt(
      OriginRequest request,
      Function<OriginRequest, CompletionStage<OriginResponse>> send,
      @Nullable UpstreamTarget given,
      int tries) {
    run.attempted();
    return outgoing(request, given)
        .thenCompose(send)
        .handle(
            (response, failed) ->
                response != null
                    ? incoming(request, response)
                    : failed(request, send, tries, failure(failed)))
        .thenCompose(stage -> stage);
  }

  // --- out

  private CompletionStage<OriginRequest> outgoing(
      OriginRequest request, @Nullable UpstreamTarget given) {
    UpstreamTarget usual = usual(request);
    CompletionStage<UpstreamTarget> target =
        given != null
            ? CompletableFuture.completedFuture(given)
            : run.has(Phase.CHOOSE_UPSTREAM)
                ? run.chooseUpstream(usual)
                : CompletableFuture.completedFuture(usual);
    RequestHead whole = whole(request.head());
    CompletionStage<RequestHead> head =
        run.has(Phase.UPSTREAM_REQUEST)
            ? target
                .thenCompose(chosen -> run.upstreamRequest(whole))
                .thenApply(changed -> framed(whole, changed))
            : CompletableFuture.completedFuture(whole);
    return target.thenCombine(
        head,
        (chosen, now) -> {
          sent = now;
          return aimed(request, now, usual, chosen);
        });
  }

  private static OriginRequest aimed(
      OriginRequest request, RequestHead head, UpstreamTarget usual, UpstreamTarget chosen) {
    OriginRequest aimed =
        new OriginRequest(
            head,
            request.body(),
            request.bodyLength(),
            timeouts(chosen),
            request.interim(),
            request.trailers(),
            request.terms());
    boolean elsewhere =
        !chosen.scheme().equals(usual.scheme()) || !chosen.authority().equals(usual.authority());
    return elsewhere
        ? aimed.on(request.terms().to(new Upstream(chosen.scheme(), chosen.authority())))
        : aimed;
  }

  /** Filters of bodies see them whole: no range is asked for. */
  private RequestHead whole(RequestHead head) {
    return run.changesUpstream() && head.headers().has("Range")
        ? head.withHeaders(head.headers().without("Range").without("If-Range"))
        : head;
  }

  private static RequestHead framed(RequestHead before, RequestHead now) {
    if (now.equals(before)) {
      return before;
    }
    if (!now.method().equals(before.method())) {
      throw new IllegalArgumentException("a filter upstream has changed the method");
    }
    return now.withHeaders(framed(before.headers(), now.headers(), FRAMING));
  }

  private static Headers framed(Headers before, Headers now, List<String> framing) {
    Headers.Builder fields = now.toBuilder();
    for (String name : framing) {
      fields.remove(name);
      before.all(name).forEach(value -> fields.add(name, value));
    }
    return fields.build();
  }

  private static UpstreamTarget usual(OriginRequest request) {
    OriginTimeouts timeouts = request.timeouts();
    Upstream other = request.terms().upstream();
    return new UpstreamTarget(
        other == null ? request.head().scheme() : other.scheme(),
        other == null ? request.head().authority() : other.authority(),
        Duration.ofMillis(timeouts.connectMillis()),
        Duration.ofMillis(timeouts.readMillis()),
        Duration.ofMillis(timeouts.totalMillis()));
  }

  private static OriginTimeouts timeouts(UpstreamTarget target) {
    return new OriginTimeouts(
        target.connectTimeout().toMillis(),
        target.readTimeout().toMillis(),
        target.totalTimeout().toMillis());
  }

  // --- back

  private CompletionStage<OriginResponse> incoming(OriginRequest request, OriginResponse response) {
    CompletionStage<ResponseHead> head =
        run.has(Phase.UPSTREAM_RESPONSE)
            ? run.upstreamResponse(response.head())
            : CompletableFuture.completedFuture(response.head());
    return head.thenApply(changed -> filtered(request, response, changed))
        .exceptionallyCompose(
            failed -> {
              response.body().runWith(Sink.cancelled(), materializer);
              return CompletableFuture.failedStage(failure(failed));
            });
  }

  private OriginResponse filtered(
      OriginRequest request, OriginResponse response, ResponseHead changed) {
    Headers fields = framed(response.head().headers(), changed.headers(), RESPONSE_FRAMING);
    ResponseHead head = changed.withHeaders(fields);
    if (!run.has(Phase.UPSTREAM_BODY)) {
      return with(response, head);
    }
    boolean changes = run.changesUpstream();
    if (head.status() == 304) {
      return with(response, changes ? head.withHeaders(ChangedBody.weakened(fields)) : head);
    }
    if (head.status() == 206 && changes) {
      throw new OriginFailure(
          OriginFailure.Kind.BAD_RESPONSE, "The origin sent a part that was not asked for.", null);
    }
    BodyFilters body = run.upstreamBody(head);
    if (body == null) {
      return with(response, head);
    }
    boolean none = request.head().isHead() || head.status() == 204;
    if (none) {
      body.closeUnread();
    }
    return new OriginResponse(
        body.changesBytes() ? ChangedBody.head(head) : head,
        none ? response.body() : response.body().via(body.flow(response.arrivedTrailers())),
        body.changesBytes() && !none ? OptionalLong.empty() : response.bodyLength(),
        response.closeDelimited(),
        none ? response.trailers() : body.trailersLater());
  }

  private static OriginResponse with(OriginResponse response, ResponseHead head) {
    return new OriginResponse(
        head,
        response.body(),
        response.bodyLength(),
        response.closeDelimited(),
        response.trailers());
  }

  // --- once more

  private CompletionStage<OriginResponse> failed(
      OriginRequest request,
      Function<OriginRequest, CompletionStage<OriginResponse>> send,
      int tries,
      OriginFailure failure) {
    boolean connecting = neverConnected(failure.kind());
    boolean repeatable = request.body() == null && isIdempotent(request.head().method());
    Phase phase = connecting ? Phase.CONNECT_FAILED : Phase.UPSTREAM_ERROR;
    if (failure.kind() == OriginFailure.Kind.FILTER || !run.has(phase)) {
      return CompletableFuture.failedStage(failure);
    }
    UpstreamFailure told = told(failure);
    boolean may = tries < run.terms().maxAttempts() && (connecting || repeatable);
    return (connecting ? run.connectFailed(told) : run.upstreamError(told))
        .thenCompose(
            decision ->
                switch (decision) {
                  case RetryDecision.Retry ignored when may ->
                      attempt(request, send, null, tries + 1);
                  case RetryDecision.FailOver(UpstreamTarget target) when may ->
                      attempt(request, send, target, tries + 1);
                  case RetryDecision ignored -> CompletableFuture.failedStage(failure);
                });
  }

  static UpstreamFailure told(OriginFailure failure) {
    String said = failure.getMessage();
    return new UpstreamFailure(
        failure.kind().label(),
        failure.status(),
        said == null ? "The origin failed." : said,
        failure.reusedConnection());
  }

  /** Whether nothing of the request can have been written. */
  private static boolean neverConnected(OriginFailure.Kind kind) {
    return switch (kind) {
      case EGRESS_DENIED,
          LOOP,
          CIRCUIT_OPEN,
          OVER_LIMIT,
          RESOLVE,
          CONNECT,
          CONNECT_TIMEOUT,
          TLS,
          OVERLOADED,
          FILTER ->
          true;
      case HEAD_TIMEOUT, IDLE_TIMEOUT, BAD_RESPONSE, CLOSED, TRUNCATED -> false;
    };
  }

  /** RFC 9110 9.2.2. */
  private static boolean isIdempotent(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE" -> true;
      default -> false;
    };
  }

  private static OriginFailure failure(Throwable failed) {
    OriginFailure known = Failures.originFailure(failed);
    if (known != null) {
      return known;
    }
    Throwable cause =
        failed instanceof CompletionException && failed.getCause() != null
            ? failed.getCause()
            : failed;
    String said =
        cause instanceof FilterFailure filter
            ? "Filter '" + filter.filter() + "' failed in " + filter.phase().label() + "."
            : "A filter failed.";
    return new OriginFailure(OriginFailure.Kind.FILTER, said, cause);
  }
}
