package dev.weir.origin;

import dev.weir.http.Authority;
import dev.weir.http.ResponseHead;
import dev.weir.http.Vary;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Origins over Pekko: each request passes the circuit breaker, the egress gate and the pool of its
 * origin, in this order. One instance serves the process.
 */
public final class PekkoOrigins implements Origins {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final OriginSettings settings;
  private final EgressGates gates;
  private final LongSupplier nanoTime;
  private final @Nullable Upstream upstream;
  private final CircuitBreakers breakers;
  private final Paces paces;
  private final Materializer materializer;
  private final OriginMetrics metrics = new OriginMetrics();
  private final Dialer dialer;
  private final Tunnels tunnels;
  private final RegistryTokens tokens;
  private volatile Function<OriginRequest, @Nullable OriginSteps> stepsOfOthers = request -> null;
  private final ConcurrentHashMap<LaneKey, OriginLane> lanes = new ConcurrentHashMap<>();

  /**
   * @param system whose materializer and I/O carry the connections (the data system)
   * @param guard limits of the framing guard on responses
   * @param nanoTime a monotonic clock in nanoseconds
   */
  public PekkoOrigins(
      ActorSystem system,
      OriginSettings settings,
      GuardSettings guard,
      GuardEvents events,
      ClientEngines engines,
      EgressGate gate,
      LongSupplier nanoTime) {
    this(system, settings, guard, events, engines, EgressGates.of(gate), nanoTime, null);
  }

  /**
   * @param gates who judges where requests may go
   * @param upstream where every request goes, whatever authority it asks for; null for that
   *     authority
   */
  public PekkoOrigins(
      ActorSystem system,
      OriginSettings settings,
      GuardSettings guard,
      GuardEvents events,
      ClientEngines engines,
      EgressGates gates,
      LongSupplier nanoTime,
      @Nullable Upstream upstream) {
    this.upstream = upstream;
    this.settings = settings;
    this.gates = gates;
    this.nanoTime = nanoTime;
    this.breakers = new CircuitBreakers(settings.breaker(), nanoTime);
    this.paces = new Paces(settings.counted(), nanoTime);
    this.materializer = SystemMaterializer.get(system).materializer();
    ConnectionLayers layers =
        new ConnectionLayers(
            system, engines, settings.tls(), settings.egressProxy(), guard, events);
    this.dialer = new Dialer(layers, settings, metrics, engines, materializer, nanoTime);
    this.tokens = new RegistryTokens(settings.tokens(), nanoTime, materializer);
    this.tunnels = new Tunnels(layers, dialer, settings, metrics, materializer);
  }

  public OriginMetrics metrics() {
    return metrics;
  }

  /** The circuit breakers, for showing. */
  public CircuitBreakers breakers() {
    return breakers;
  }

  @Override
  public CompletionStage<OriginResponse> fetch(OriginRequest request) {
    OriginSteps own = request.terms().steps();
    if (own != null) {
      return own.around(request, this::entitled);
    }
    OriginSteps steps;
    try {
      steps = stepsOfOthers.apply(request);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(Failures.other(e));
    }
    return steps == null
        ? entitled(request)
        : steps.around(request.on(request.terms().through(steps)), this::entitled);
  }

  /**
   * What stands round requests that have no steps of their own, such as those of a fill whose
   * leader was lost on another node; null for nothing.
   */
  public void stepsOfOthers(Function<OriginRequest, @Nullable OriginSteps> steps) {
    stepsOfOthers = steps;
  }

  private CompletionStage<OriginResponse> entitled(OriginRequest request) {
    return RegistryForms.concerns(request)
        ? RegistryTags.fetch(request, this::asked, materializer).thenApply(RegistryForms::varied)
        : asked(request);
  }

  private CompletionStage<OriginResponse> asked(OriginRequest request) {
    // Behind a reverse listener there is one server: it does not send us elsewhere.
    boolean asItComes =
        request.terms().redirects() == 0 && request.terms().manner().relaysRedirects();
    return asItComes || upstream != null
        ? titled(request, sent -> {})
        : followed(request, new Redirects(request));
  }

  /**
   * With a registry's token, where one is asked for. Within each hop: where a redirect leads to,
   * the word of a stranger must not decide whom the credentials are shown to.
   *
   * @param noted is told of each request that goes out; a redirect answers the last of them
   */
  private CompletionStage<OriginResponse> titled(
      OriginRequest request, Consumer<OriginRequest> noted) {
    Function<OriginRequest, CompletionStage<OriginResponse>> once =
        sent -> {
          noted.accept(sent);
          return send(sent, null);
        };
    return tokens.concerns(request) ? tokens.fetch(request, once) : once.apply(request);
  }

  /** Each hop passes breaker, gate and pool of its own origin. */
  private CompletionStage<OriginResponse> followed(OriginRequest request, Redirects redirects) {
    AtomicReference<OriginRequest> last = new AtomicReference<>(request);
    return titled(request, last::set)
        .thenCompose(
            response ->
                switch (redirects.step(last.get(), response.head())) {
                  case Redirects.Step.Answer answer ->
                      CompletableFuture.completedStage(
                          redirects.haveLed() ? varying(response) : response);
                  case Redirects.Step.On(OriginRequest next) -> {
                    response.body().runWith(Sink.cancelled(), materializer);
                    yield followed(next, redirects);
                  }
                  case Redirects.Step.Astray(OriginFailure failure) -> {
                    response.body().runWith(Sink.cancelled(), materializer);
                    yield CompletableFuture.failedStage(failure);
                  }
                });
  }

  /** What a redirect led to answers those alone for whom redirects are followed. */
  private static OriginResponse varying(OriginResponse response) {
    ResponseHead head = response.head();
    return new OriginResponse(
        head.withHeaders(head.headers().plus("Vary", Vary.REDIRECTS)),
        response.body(),
        response.bodyLength(),
        response.closeDelimited(),
        response.trailers());
  }

  @Override
  public CompletionStage<EgressVerdict> judge(String gate, Authority destination) {
    return gates.of(gate).judge(destination);
  }

  @Override
  public CompletionStage<Upgraded> upgrade(OriginRequest request) {
    CompletableFuture<Source<ByteString, NotUsed>> outgoing = new CompletableFuture<>();
    return send(request, Source.completionStageSource(outgoing))
        .thenApply(
            response ->
                response.head().status() == 101
                    ? new Upgraded.Switched(
                        response.head(), tunnels.switched(outgoing, response.body()))
                    : new Upgraded.Refused(response));
  }

  /** Counts against the limits of its rules, if it has any. */
  private CompletableFuture<OriginResponse> paced(
      OriginTerms.@Nullable Pace pace,
      String origin,
      Supplier<CompletableFuture<OriginResponse>> work) {
    if (pace == null) {
      return work.get();
    }
    return switch (paces.admit(pace, origin)) {
      case Paces.Admission.Refused(OriginFailure failure) -> {
        metrics.failed(failure.kind());
        yield CompletableFuture.failedFuture(failure);
      }
      case Paces.Admission.Admitted(Runnable ended) -> {
        CompletableFuture<OriginResponse> outcome = new CompletableFuture<>();
        Outcomes.of(
            work.get(),
            response -> outcome.complete(response.whenEnded(ended, unclaimedMillis())),
            thrown -> {
              ended.run();
              outcome.completeExceptionally(thrown);
            });
        yield outcome;
      }
    };
  }

  /** A body that nobody has begun to read by then is over. */
  private long unclaimedMillis() {
    return settings.body().unclaimedMillis() + 1000;
  }

  private CompletableFuture<OriginResponse> send(
      OriginRequest request, @Nullable Source<ByteString, ?> upgrade) {
    Upstream chosen = request.terms().upstream();
    Upstream server = chosen == null ? upstream : chosen;
    String scheme = server == null ? request.head().scheme() : server.scheme();
    Authority authority = server == null ? request.head().authority() : server.authority();
    String origin = scheme + "://" + authority.text(scheme);
    long startNanos = nanoTime.getAsLong();
    return paced(
        request.terms().pace(),
        origin,
        () ->
            admitted(
                origin,
                request.terms().circuit(),
                () ->
                    allowed(
                            gates.of(request.terms().manner().gate()),
                            authority,
                            request.timeouts().connectMillis())
                        .thenCompose(
                            addresses -> {
                              PendingFetch fetch =
                                  new PendingFetch(
                                      request,
                                      origin,
                                      addresses,
                                      startNanos,
                                      upgrade,
                                      settings.connect().maxAttempts());
                              if (upgrade == null) {
                                submit(scheme, authority, fetch);
                              } else {
                                alone(scheme, authority, fetch);
                              }
                              return fetch.answer;
                            })));
  }

  /** Asks the breaker, and tells it how the work went. */
  private <T> CompletableFuture<T> admitted(
      String origin, CircuitTerms circuit, Supplier<CompletionStage<T>> work) {
    return switch (breakers.admit(origin, circuit)) {
      case CircuitBreakers.Admission.Stopped(OriginFailure failure) -> {
        metrics.failed(failure.kind());
        yield CompletableFuture.failedFuture(failure);
      }
      case CircuitBreakers.Admission.Go(boolean probe) -> {
        CompletableFuture<T> outcome = new CompletableFuture<>();
        Outcomes.of(
            work.get(),
            value -> {
              breakers.succeeded(origin);
              outcome.complete(value);
            },
            thrown -> {
              OriginFailure failure = Failures.other(thrown);
              metrics.failed(failure.kind());
              breakers.failed(origin, failure, circuit);
              if (probe) {
                breakers.abandoned(origin);
              }
              outcome.completeExceptionally(failure);
            });
        yield outcome;
      }
    };
  }

  /** The addresses that may be dialled; looking them up counts as connecting. */
  private CompletableFuture<List<InetSocketAddress>> allowed(
      EgressGate gate, Authority authority, long connectMillis) {
    CompletableFuture<EgressVerdict> judged = gate.judge(authority).toCompletableFuture();
    if (!judged.isDone() && connectMillis > 0) {
      judged = judged.orTimeout(connectMillis, TimeUnit.MILLISECONDS);
    }
    return judged.handle(
        (verdict, thrown) -> {
          if (verdict instanceof EgressVerdict.Allowed(List<InetSocketAddress> addresses)) {
            return addresses;
          }
          if (verdict instanceof EgressVerdict.Refused refused) {
            throw refused.failure(authority.host());
          }
          throw thrown != null && Failures.unwrapped(thrown) instanceof TimeoutException
              ? new OriginFailure(
                  OriginFailure.Kind.CONNECT_TIMEOUT,
                  "Looking up " + authority.host() + " took too long.",
                  thrown)
              : Failures.other(thrown == null ? new IllegalStateException() : thrown);
        });
  }

  private void submit(String scheme, Authority authority, PendingFetch fetch) {
    LaneKey key = new LaneKey(fetch.origin, fetch.request.terms().connection());
    boolean sent = false;
    while (!sent) {
      OriginLane lane = lane(scheme, authority, key);
      if (lane == null) {
        fetch.answer.completeExceptionally(
            new OriginFailure(
                OriginFailure.Kind.OVERLOADED, "Too many origins are in use at once.", null));
        return;
      }
      sent = lane.submit(fetch);
      if (!sent) {
        lanes.remove(key, lane);
      }
    }
  }

  private @Nullable OriginLane lane(String scheme, Authority authority, LaneKey key) {
    OriginLane known = lanes.get(key);
    if (known != null) {
      return known;
    }
    int limit = settings.pool().maxOrigins();
    if (lanes.size() >= limit - limit / 4) {
      // Idle connections are closed before new origins are turned away.
      lanes.values().forEach(OriginLane::closeIdle);
      if (lanes.size() >= limit) {
        return null;
      }
    }
    return lanes.computeIfAbsent(
        key,
        fresh ->
            new OriginLane(
                scheme,
                authority,
                fresh.terms(),
                new OriginPool(fresh.origin(), settings.pool(), metrics),
                dialer,
                metrics,
                nanoTime,
                lane -> lanes.remove(fresh, lane)));
  }

  /** On a connection of its own, which serves nothing after. */
  private void alone(String scheme, Authority authority, PendingFetch fetch) {
    long left = fetch.connectLeftNanos(nanoTime.getAsLong());
    Outcomes.of(
        dialer.connect(
            scheme,
            authority,
            fetch.addresses,
            left,
            fetch.request.terms().connection(),
            new SoleOwner(metrics)),
        connection -> {
          fetch.connected(connection.address(), false, nanoTime.getAsLong());
          connection.send(fetch);
        },
        thrown -> fetch.answer.completeExceptionally(Failures.other(thrown)));
  }

  @Override
  public CompletionStage<Flow<ByteString, ByteString, NotUsed>> tunnel(Authority destination) {
    long connectMillis = settings.connect().tunnelMillis();
    long startNanos = nanoTime.getAsLong();
    return admitted(
        "tcp://" + destination.host() + ":" + destination.port(),
        CircuitTerms.DEFAULT,
        () ->
            allowed(gates.of(""), destination, connectMillis)
                .thenCompose(
                    addresses ->
                        tunnels.open(destination, addresses, left(connectMillis, startNanos))));
  }

  @Override
  public CompletionStage<Boolean> warm(String scheme, Authority destination) {
    long connectMillis = settings.connect().tunnelMillis();
    long startNanos = nanoTime.getAsLong();
    String origin = scheme + "://" + destination.text(scheme);
    return admitted(
        origin,
        // What a rule says of the way there is not known yet: a failure may be ours.
        CircuitTerms.UNCOUNTED,
        () ->
            allowed(gates.of(""), destination, connectMillis)
                .thenCompose(
                    addresses -> {
                      OriginLane lane =
                          lane(scheme, destination, new LaneKey(origin, ConnectionTerms.USUAL));
                      return lane == null
                          ? CompletableFuture.completedFuture(false)
                          : lane.warm(addresses, left(connectMillis, startNanos));
                    }));
  }

  private long left(long limitMillis, long startNanos) {
    return limitMillis == 0
        ? Long.MAX_VALUE
        : limitMillis * NANOS_PER_MILLI - (nanoTime.getAsLong() - startNanos);
  }
}
