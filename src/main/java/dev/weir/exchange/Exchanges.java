package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.edge.ClientConnection;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.ExchangeHandler;
import dev.weir.fill.Repairs;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.FilterRun;
import dev.weir.filters.Filters;
import dev.weir.filters.Incoming;
import dev.weir.filters.Phase;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.http.Headers;
import dev.weir.http.MaxForwards;
import dev.weir.http.RequestDirectives;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Via;
import dev.weir.log.ExchangeRecord;
import dev.weir.log.ServeReason;
import dev.weir.origin.EgressVerdict;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginSteps;
import dev.weir.origin.Origins;
import dev.weir.policy.Effect;
import dev.weir.policy.Entrance;
import dev.weir.policy.Limits;
import dev.weir.policy.PolicyTable;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.LookupDecision;
import dev.weir.proxy.filter.RequestDecision;
import dev.weir.store.Bodies;
import dev.weir.store.WholeObjects;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A request's life above the edge.
 *
 * <pre>
 *   our own hosts ─ loop ─ policy and key ─┬─ past the cache: method, body, upgrade, NoCache, no-store
 *                                          └─ near table ─ decision ─ keeper ─ verdict ─ answer
 * </pre>
 *
 * <p>Any thread; nothing here blocks.
 */
public final class Exchanges implements ExchangeHandler {
  /** Pages of our own hosts. */
  @FunctionalInterface
  public interface Onboarding {
    /** The answer if the request is for one of our own hosts, else null. Never blocks. */
    @Nullable CompletionStage<Page> answer(RequestHead request, ClientConnection connection);
  }

  /** A page of our own; for HEAD its body is empty and its Content-Length told. */
  public record Page(int status, Headers headers, ByteString body) {}

  private static final String RELAYED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

  private final ExchangeSettings settings;
  private final Clock clock;
  private final Onboarding onboarding;
  private final Throttle throttle;
  private final RequestIds ids = new RequestIds();
  private final Routes routes;
  private final Answers answers;
  private final Failures failures;
  private final OwnStore ownStore;
  private final Origins origins;
  private final Purging purging;
  private final Passing passing;
  private final OwnCredentials lookup;
  private final Filters filters;
  private final Materializer materializer;

  /** Without filters. */
  public Exchanges(
      Supplier<PolicyTable> rules,
      UnaryOperator<RequestHead> seenByRules,
      Cache cache,
      Bodies bodies,
      Origins origins,
      Onboarding onboarding,
      ExchangeSettings settings,
      Clock clock,
      Consumer<ExchangeRecord> log,
      WholeObjects whole,
      Materializer materializer) {
    this(
        rules,
        seenByRules,
        cache,
        bodies,
        origins,
        onboarding,
        settings,
        clock,
        log,
        whole,
        Filters.NONE,
        materializer);
  }

  /**
   * @param rules as they are now; each request is served by those of its arrival
   * @param seenByRules the request that rules are to judge, from the one that came
   * @param onboarding answers for our own hosts
   * @param log told of each exchange once its body has ended
   * @param whole bodies that clients may fetch from the object store
   * @param given the chain of filters; the caller closes it
   * @param materializer of the data system: bodies that must be let go are run with it
   */
  public Exchanges(
      Supplier<PolicyTable> rules,
      UnaryOperator<RequestHead> seenByRules,
      Cache cache,
      Bodies bodies,
      Origins origins,
      Onboarding onboarding,
      ExchangeSettings settings,
      Clock clock,
      Consumer<ExchangeRecord> log,
      WholeObjects whole,
      Filters given,
      Materializer materializer) {
    this.materializer = materializer;
    this.filters =
        settings.allowPolicyHeader()
            ? given.before(
                PolicyHeaderFilter.NAME, new PolicyHeaderFilter(settings.policyHeaderClients()))
            : given;
    this.settings = settings;
    this.throttle = new Throttle(settings, System::nanoTime);
    this.clock = clock;
    this.onboarding = onboarding;
    this.origins = origins;
    this.ownStore = new OwnStore(settings.ownStore());
    routes = new Routes(rules, seenByRules, settings);
    answers = new Answers(settings, clock, log, materializer);
    failures = new Failures(answers);
    OriginHeads heads = new OriginHeads(settings.pseudonym());
    Repairs repairs =
        new Repairs(bodies, origins, materializer, settings.repairs(), settings.repairChunks());
    Mending mending = new Mending(repairs, heads, cache);
    Hits hits = new Hits(bodies, answers, cache::drop, mending::mend, settings, whole);
    Parts parts =
        new Parts(
            settings,
            clock,
            cache,
            origins,
            routes,
            new Signatures(settings),
            heads,
            answers,
            hits,
            mending,
            failures,
            new Fallback(hits, clock),
            x -> x.inBackground(x.filters.inBackground(), materializer),
            materializer);
    purging = new Purging(cache, answers);
    passing = new Passing(parts);
    lookup = new OwnCredentials(parts, new Lookup(parts, passing));
  }

  @Override
  public CompletionStage<EdgeResponse> handle(EdgeRequest request) {
    return handle(request, Entrance.PROXY);
  }

  /** What handles the requests that come by that entrance. */
  public ExchangeHandler through(Entrance entrance) {
    return request -> handle(request, entrance);
  }

  private CompletionStage<EdgeResponse> handle(EdgeRequest request, Entrance entrance) {
    String id = ids.next();
    long startMillis = clock.millis();
    long startNanos = System.nanoTime();
    return filters.isEmpty()
        ? served(
            exchange(
                request, entrance, id, startMillis, startNanos, request.head(), FilterRun.NONE),
            entrance)
        : filtered(new Arrival(request, entrance, id, startMillis, startNanos));
  }

  /** The filters round a request that no exchange of this node has made; null if there are none. */
  public @Nullable OriginSteps stepsOfOthers(OriginRequest request) {
    if (!filters.isUpstream()) {
      return null;
    }
    InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    FilterRun run =
        filters.begin(new Incoming(ids.next(), request.head(), nobody, nobody, new Object(), true));
    run.askBodies();
    return new UpstreamFilters(run, materializer);
  }

  /** A request that came in where there are filters. */
  private record Arrival(
      EdgeRequest edge, Entrance entrance, String id, long startMillis, long startNanos) {
    Incoming incoming() {
      ClientConnection connection = edge.connection();
      return new Incoming(
          id, edge.head(), connection.remote(), connection.local(), connection, false);
    }
  }

  /** The phases of filters before rules and key; then as usual. */
  private CompletionStage<EdgeResponse> filtered(Arrival arrival) {
    FilterRun run;
    RequestDecision early;
    try {
      run = filters.begin(arrival.incoming());
      early = run.earlyRequest();
    } catch (FilterFailure failed) {
      return CompletableFuture.completedFuture(
          failures.internal(exchange(arrival, arrival.edge.head(), FilterRun.NONE), failed));
    }
    boolean done =
        early instanceof RequestDecision.Answer
            || !run.has(Phase.REQUEST)
            || page(arrival.edge, run.requestHead(), arrival.entrance) != null;
    return (done ? CompletableFuture.completedFuture(early) : run.onRequest())
        .handle(
            (decision, failed) -> {
              Exchange plain = exchange(arrival, run.requestHead(), run);
              return failed != null
                  ? CompletableFuture.completedFuture(failures.internal(plain, failed))
                  : decision instanceof RequestDecision.Answer(FilterResponse response)
                      ? CompletableFuture.completedFuture(made(plain, response))
                      : routed(plain, run, arrival.entrance);
            })
        .thenCompose(stage -> stage);
  }

  private EdgeResponse made(Exchange x, FilterResponse response) {
    try {
      return answers.made(x, response, Told.own(ServeReason.FILTER_ANSWER));
    } catch (RuntimeException e) {
      return failures.internal(x, e);
    }
  }

  private CompletionStage<EdgeResponse> routed(Exchange plain, FilterRun run, Entrance entrance) {
    try {
      run.askBodies();
      RequestHead head = FilteredRoutes.ranged(run, plain.head);
      Route route = FilteredRoutes.route(run, plain.route, head, entrance.realm(), settings);
      return served(plain.with(head, route), entrance);
    } catch (RuntimeException e) {
      return CompletableFuture.completedFuture(failures.internal(plain, e));
    }
  }

  private @Nullable CompletionStage<Page> page(
      EdgeRequest request, RequestHead head, Entrance entrance) {
    return entrance.equals(Entrance.PROXY) ? onboarding.answer(head, request.connection()) : null;
  }

  private CompletionStage<EdgeResponse> served(Exchange x, Entrance entrance) {
    CompletionStage<EdgeResponse> answer;
    try {
      CompletionStage<Page> page = page(x.edge, x.head, entrance);
      answer =
          page != null
              ? page.thenApply(made -> ownPage(x, made))
              : entrance.open() ? judged(x) : begin(x);
    } catch (RuntimeException e) {
      return CompletableFuture.completedFuture(failures.internal(x, e));
    }
    if (answer instanceof CompletableFuture<EdgeResponse> future
        && future.isDone()
        && !future.isCompletedExceptionally()) {
      return future;
    }
    return answer.exceptionally(failure -> failures.internal(x, failure));
  }

  private Exchange exchange(Arrival arrival, RequestHead head, FilterRun run) {
    return exchange(
        arrival.edge,
        arrival.entrance,
        arrival.id,
        arrival.startMillis,
        arrival.startNanos,
        head,
        run);
  }

  private Exchange exchange(
      EdgeRequest request,
      Entrance entrance,
      String id,
      long startMillis,
      long startNanos,
      RequestHead head,
      FilterRun run) {
    RequestHead received = head;
    Route route = routes.of(received, request.connection(), entrance);
    String scheme = entrance.open() ? route.effects().get(Effect.MIRROR_SCHEME) : null;
    if (scheme != null && !scheme.equals(received.scheme())) {
      received = Entrances.by(scheme, received);
      route = routes.of(received, request.connection(), entrance);
    }
    return new Exchange(
        request,
        id,
        startMillis,
        startNanos,
        received.withHeaders(Entrances.carried(received.headers(), entrance, route.effects())),
        route,
        RequestDirectives.of(received.headers()),
        run,
        run.isUpstream() ? new UpstreamFilters(run, materializer) : null);
  }

  /**
   * Where the client chose the host, what is stored of it may be there for others, who may go where
   * this client may not. A name that has no address just now leads nowhere: what is stored may be
   * served.
   */
  private CompletionStage<EdgeResponse> judged(Exchange x) {
    return origins
        .judge(x.route.terms().manner().gate(), x.head.authority())
        .exceptionally(unresolved -> null)
        .thenCompose(
            verdict ->
                verdict instanceof EgressVerdict.Refused refused
                    ? CompletableFuture.completedFuture(
                        failures.origin(
                            x, refused.failure(x.head.authority().host()), Forward.BYPASS))
                    : begin(x));
  }

  private CompletionStage<EdgeResponse> begin(Exchange x) {
    Integer denied = x.route.effects().get(Effect.DENY);
    if (denied != null) {
      return CompletableFuture.completedFuture(failures.denied(x, denied));
    }
    Limits limits = x.route.effects().get(Effect.LIMITS);
    if (limits != null) {
      switch (throttle.admit(limits, x.edge.connection().remote().getAddress())) {
        case Throttle.Admission.Admitted(Runnable ended) -> x.whenEnded(ended);
        case Throttle.Admission.Refused(long seconds) -> {
          return CompletableFuture.completedFuture(failures.throttled(x, seconds));
        }
      }
    }
    if (Via.hasPassed(x.head.headers(), settings.pseudonym())) {
      return CompletableFuture.completedFuture(failures.loop(x));
    }
    if (MaxForwards.of(x.edge.head()) instanceof MaxForwards.Reached) {
      return CompletableFuture.completedFuture(endOfTheLine(x));
    }
    if (x.filters.has(Phase.PURGE) && x.filters.isPurge()) {
      return purging.purge(x);
    }
    if (ownStore.isAskedBy(x.head)) {
      return passing.pass(x, new Passing.Cause(ServeReason.PASS_OWN_STORE, Forward.BYPASS));
    }
    // A mirror passes on what it knows, and bytes that it cannot look into are not of that kind.
    boolean byMirror = x.route.terms().manner().byMirror();
    String protocols = byMirror ? null : upgrade(x.edge.head().headers());
    if (protocols != null) {
      return passing.upgrade(x, protocols);
    }
    Passing.Cause cause = pastTheCache(x);
    return cause == null ? lookup.look(x) : passing.pass(x, cause);
  }

  private Passing.@Nullable Cause pastTheCache(Exchange x) {
    if (!x.head.isGet() && !x.head.isHead()) {
      return new Passing.Cause(ServeReason.PASS_METHOD, Forward.METHOD);
    }
    if (!x.edge.entity().isKnownEmpty()) {
      // A body may change what GET means, and no key holds it.
      return new Passing.Cause(ServeReason.PASS_METHOD, Forward.METHOD, "request-body", null);
    }
    if (!x.route.policy().usesCache()) {
      return new Passing.Cause(ServeReason.PASS_POLICY, Forward.BYPASS);
    }
    if (x.filters.has(Phase.LOOKUP)
        && x.filters.lookup() instanceof LookupDecision.Bypass(String why)) {
      return new Passing.Cause(ServeReason.PASS_FILTER, Forward.BYPASS, why, null);
    }
    boolean secret = x.directives.noStore() && x.route.serving().freshnessOverrideMillis() == 0;
    return secret ? new Passing.Cause(ServeReason.PASS_NO_STORE, Forward.REQUEST) : null;
  }

  private EdgeResponse ownPage(Exchange x, Page page) {
    return answers.strict(
        x,
        new ResponseHead(page.status(), "", page.headers()),
        page.body(),
        Told.own(ServeReason.ONBOARDING));
  }

  /**
   * The answer to OPTIONS and TRACE that go no further (RFC 9110 9.3.7, 9.3.8). A TRACE is not
   * echoed: servers before this one may have added what its sender must not see.
   */
  private EdgeResponse endOfTheLine(Exchange x) {
    boolean trace = "TRACE".equals(x.head.method());
    return answers.bodiless(
        x,
        new ResponseHead(
            trace ? 405 : 204,
            trace ? "Method Not Allowed" : "No Content",
            Headers.of("Allow", RELAYED_METHODS, "Cache-Control", "no-store")),
        Told.own(ServeReason.MAX_FORWARDS));
  }

  /** The protocols a client would change to, or null. Cleartext HTTP/2 never is one (smuggling). */
  private static @Nullable String upgrade(Headers headers) {
    String protocols = headers.combined("Upgrade");
    if (protocols == null) {
      return null;
    }
    String connection = headers.combined("Connection");
    if (connection == null || !connection.toLowerCase(Locale.ROOT).contains("upgrade")) {
      return null;
    }
    return protocols.toLowerCase(Locale.ROOT).contains("h2c") ? null : protocols;
  }
}
