package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.edge.EdgeResponse;
import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.filters.BodyFilters;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.Phase;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.NamedDigest;
import dev.weir.http.OriginTrouble;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
import dev.weir.log.ServeReason;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginTerms;
import dev.weir.origin.Origins;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.UpstreamDecision;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Requests that go to their origin alone: streamed both ways, nothing stored. The request body is
 * not touched before the origin asks for it, so that {@code 100-continue} means what it says.
 */
final class Passing {
  /** Why, and what may stand in: {@code held} is served where the policy allows it. */
  record Cause(ServeReason reason, Forward why, String note, @Nullable Entry held) {
    Cause(ServeReason reason, Forward why) {
      this(reason, why, "", null);
    }

    Told told() {
      return Told.forward(reason, why, note);
    }
  }

  private static final Headers NO_FIELDS = Headers.EMPTY;

  private final Origins origins;
  private final OriginHeads heads;
  private final Answers answers;
  private final Failures failures;
  private final Fallback fallback;
  private final Cache cache;
  private final Routes routes;
  private final Signatures signatures;
  private final Materializer materializer;
  private final ByTheWay byTheWay;
  private final long invalidationWaitMillis;

  Passing(Parts parts) {
    this.origins = parts.origins();
    this.heads = parts.heads();
    this.answers = parts.answers();
    this.failures = parts.failures();
    this.fallback = parts.fallback();
    this.cache = parts.cache();
    this.routes = parts.routes();
    this.signatures = parts.signatures();
    this.materializer = parts.materializer();
    this.byTheWay = new ByTheWay(parts);
    this.invalidationWaitMillis = parts.settings().invalidationWaitMillis();
  }

  CompletionStage<EdgeResponse> pass(Exchange x, Cause cause) {
    return x.filters.has(Phase.BEFORE_UPSTREAM)
        ? x.filters
            .beforeUpstream()
            .thenCompose(
                decision ->
                    switch (decision) {
                      case UpstreamDecision.Proceed ignored -> sent(x, cause);
                      case UpstreamDecision.Answer(FilterResponse response) ->
                          CompletableFuture.completedFuture(
                              answers.made(x, response, Told.own(ServeReason.FILTER_ANSWER)));
                    })
        : sent(x, cause);
  }

  private CompletionStage<EdgeResponse> sent(Exchange x, Cause cause) {
    boolean unsafe = !isSafe(x.head.method());
    RequestEntity entity = x.edge.entity();
    boolean empty = entity.isKnownEmpty();
    RequestHead head = heads.passing(x.head);
    OriginTerms terms = x.terms();
    if (cause.reason() == ServeReason.PASS_OWN_STORE) {
      terms = terms.forStrangers(); // there a client goes as itself, whatever rules say
    } else {
      head = x.credited(head);
    }
    if (entity.isStrict()) {
      // The body is here already: nothing is gained by asking for leave to send it.
      head = head.withHeaders(head.headers().without("Expect"));
    }
    OriginRequest request =
        uploading(
            x,
            new OriginRequest(
                head,
                empty ? null : entity.getDataBytes(),
                empty ? OptionalLong.empty() : entity.getContentLengthOption(),
                x.route.timeouts(),
                answers.interim(x),
                Trailers.ofRequest(x.head.headers(), x.edge.trailers()),
                terms));
    int changes = unsafe ? cache.changes(x.route.key()) : 0;
    return origins
        .fetch(request)
        .handle(
            (response, failed) ->
                response == null
                    ? failed(x, cause, failed)
                    : unsafe && mayHaveActed(response.head().status())
                        ? acted(x, cause, response, changes)
                        : answered(x, cause, response))
        .thenCompose(stage -> stage);
  }

  /** The request with its body through the filters, if any is for it. */
  private static OriginRequest uploading(Exchange x, OriginRequest request) {
    Source<ByteString, ?> body = request.body();
    BodyFilters filtering =
        body != null && x.filters.has(Phase.REQUEST_BODY)
            ? x.filters.requestBody(request.head())
            : null;
    if (body == null || filtering == null) {
      return request;
    }
    x.filterRequestBody(filtering);
    Trailers sent = request.trailers();
    return new OriginRequest(
        request.head(),
        body.via(filtering.flow(sent.arrived())),
        filtering.changesBytes() ? OptionalLong.empty() : request.bodyLength(),
        request.timeouts(),
        request.interim(),
        new Trailers(sent.announced(), filtering::trailers),
        request.terms());
  }

  /**
   * The client may ask again as soon as it has this answer: by then it must be forgotten. The
   * answer is not kept where the target was changed or purged after the request, as for any fill.
   */
  private CompletionStage<EdgeResponse> acted(
      Exchange x, Cause cause, OriginResponse response, int changesBefore) {
    return invalidate(x, response.head())
        .thenCompose(
            forgotten ->
                cache.changes(x.route.key()) == changesBefore + 1
                    ? byTheWay.kept(x, cause.told(), response, () -> relayed(x, cause, response))
                    : CompletableFuture.completedFuture(relayed(x, cause, response)));
  }

  private CompletionStage<EdgeResponse> answered(Exchange x, Cause cause, OriginResponse response) {
    ResponseHead head = response.head();
    OriginTrouble trouble = head.status() >= 400 ? new OriginTrouble.Answered(head.status()) : null;
    AtomicBoolean lost = new AtomicBoolean();
    CompletionStage<EdgeResponse> stored =
        fallback.serve(
            x,
            cause.held(),
            trouble,
            "origin-" + head.status(),
            () -> {
              lost.set(true); // what should stand in cannot be read: the answer as it came
              return CompletableFuture.completedFuture(relayed(x, cause, response));
            });
    if (stored != null) {
      return stored.whenComplete(
          (served, failed) -> {
            if (!lost.get()) {
              response.body().runWith(Sink.cancelled(), materializer);
            }
          });
    }
    if (head.status() < 400) {
      signatures.accepted(x.route);
    }
    return x.head.isHead()
        ? byTheWay.updated(x, cause.held(), head).thenApply(done -> relayed(x, cause, response))
        : CompletableFuture.completedFuture(relayed(x, cause, response));
  }

  private EdgeResponse relayed(Exchange x, Cause cause, OriginResponse response) {
    ResponseHead head = response.head().withHeaders(HopByHop.strip(response.head().headers()));
    try {
      x.askBodyFilters(head, response.arrivedTrailers());
    } catch (FilterFailure failed) {
      response.body().runWith(Sink.cancelled(), materializer);
      return answers.filterFailed(x, failed);
    }
    Told told = cause.told();
    told = told.with(told.status().withForwardedStatus(head.status()));
    boolean empty = response.bodyLength().orElse(-1) == 0;
    if (empty || x.head.isHead() || head.status() == 304 || head.status() == 204) {
      response.body().runWith(Sink.ignore(), materializer); // empty: keeps the connection
      return answers.bodiless(x, head, told);
    }
    return answers.streamed(
        x,
        head.withHeaders(head.headers().without("Content-Length")),
        response.bodyLength(),
        response.body(),
        Trailers.ofResponse(
            x.head.headers(), response.head().headers(), response.arrivedTrailers()),
        Answers.Hold.NOTHING,
        told);
  }

  private CompletionStage<EdgeResponse> failed(Exchange x, Cause cause, Throwable failed) {
    OriginFailure failure = Failures.originFailure(failed);
    if (failure == null) {
      x.forgetBodyFilters();
      return CompletableFuture.completedFuture(failures.internal(x, failed));
    }
    if (!isSafe(x.head.method()) && wasSent(failure)) {
      // The origin may have acted on it though its answer was lost.
      return forget(x.route.key()).thenApply(forgotten -> failures.origin(x, failure, cause.why()));
    }
    CompletionStage<EdgeResponse> stored =
        fallback.serve(
            x,
            cause.held(),
            Failures.trouble(failure),
            failure.kind().label(),
            () -> CompletableFuture.completedFuture(failures.origin(x, failure, cause.why())));
    if (stored != null) {
      return stored;
    }
    boolean resendable =
        failure.kind() == OriginFailure.Kind.CLOSED
            && (x.head.isGet() || x.head.isHead())
            && x.edge.entity().isKnownEmpty();
    return resendable && x.mayResend()
        ? pass(x, cause)
        : CompletableFuture.completedFuture(failures.origin(x, failure, cause.why()));
  }

  /**
   * After a change: the target, and what the answer says has changed too (RFC 9111 4.4). Completes
   * when nobody serves them any more, or after the time allowed.
   */
  private CompletionStage<?> invalidate(Exchange x, ResponseHead head) {
    List<CompletableFuture<?>> forgotten = new ArrayList<>(4);
    forgotten.add(forget(x.route.key()));
    if (NamedDigest.of(x.head.target()) != null) {
      forgotten.add(forget(x.route.withCredentials().key()));
    }
    for (String name : List.of("Location", "Content-Location")) {
      RequestHead other = Targets.sameOrigin(x.head, head.headers().first(name));
      if (other != null) {
        PrimaryKey key = routes.of(other.withHeaders(NO_FIELDS), null).key();
        if (!key.equals(x.route.key())) {
          forgotten.add(forget(key));
        }
      }
    }
    return CompletableFuture.allOf(forgotten.toArray(CompletableFuture[]::new));
  }

  private CompletableFuture<Boolean> forget(PrimaryKey key) {
    return cache
        .invalidate(key)
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(false, invalidationWaitMillis, TimeUnit.MILLISECONDS)
        .exceptionally(failure -> false);
  }

  /** A request to change protocols: on 101 raw bytes, else as any other. */
  CompletionStage<EdgeResponse> upgrade(Exchange x, String protocols) {
    Cause cause = new Cause(ServeReason.PASS_UPGRADE, Forward.BYPASS);
    OriginRequest request =
        new OriginRequest(
                x.credited(heads.upgrading(x.head, protocols)),
                null,
                OptionalLong.empty(),
                x.route.timeouts(),
                answers.interim(x))
            .on(x.terms());
    return x.outgoing(request)
        .thenCompose(origins::upgrade)
        .handle(
            (outcome, failed) ->
                switch (outcome) {
                  case Origins.Upgraded.Switched(var head, var bytes) ->
                      CompletableFuture.completedFuture(
                          answers.switched(x, head, bytes, cause.told()));
                  case Origins.Upgraded.Refused(var response) -> answered(x, cause, response);
                  case null -> failed(x, cause, failed);
                })
        .thenCompose(stage -> stage);
  }

  /**
   * Whether the answer to an unsafe request calls for invalidation: no error (RFC 9111 4.4), or one
   * of a gateway that does not know what became of the request behind it.
   */
  private static boolean mayHaveActed(int status) {
    return status < 400 || status == 502 || status == 504;
  }

  private static boolean wasSent(OriginFailure failure) {
    return switch (failure.kind()) {
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
          false;
      case HEAD_TIMEOUT, IDLE_TIMEOUT, BAD_RESPONSE, CLOSED, TRUNCATED -> true;
    };
  }

  private static boolean isSafe(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "REPORT", "SEARCH" -> true;
      default -> false;
    };
  }
}
