package dev.weir.origin;

import dev.weir.wire.OriginChannel;
import java.time.Duration;
import java.util.OptionalLong;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The running side of {@link OriginPort}.
 *
 * <pre>
 *   Idle ──wake──▶ Taken ──demand──▶ Sent ──head──▶ Receiving ──end of body──▶ Idle
 *                                      └───────── whole response ─────────────▶ Idle
 * </pre>
 *
 * In every phase but Idle the connection's end is the request's failure; in Taken nothing has been
 * written, so the request moves to another connection.
 */
final class OriginPortLogic extends TimerGraphStageLogic implements OriginConnection.Port {
  private static final String HEAD = "head";
  private static final String TOTAL = "total";
  private static final String UNCLAIMED = "unclaimed";
  private static final String IDLE = "idle";

  private sealed interface Phase {
    record Idle() implements Phase {}

    record Taken(PendingFetch fetch) implements Phase {}

    record Sent(PendingFetch fetch, OriginChannel.Exchange exchange, boolean reused)
        implements Phase {}

    record Receiving(PendingFetch fetch, ResponseBody body) implements Phase {}
  }

  private static final Phase IDLE_PHASE = new Phase.Idle();

  private final OriginPort stage;
  private final Inlet<HttpResponse> in;
  private final Outlet<HttpRequest> out;
  private final OriginConnection connection;
  private final OriginChannel channel;
  private final AsyncCallback<Runnable> events = createAsyncCallback(Runnable::run);

  private Phase phase = IDLE_PHASE;
  private long served;
  private @Nullable Throwable givenUp;

  OriginPortLogic(OriginPort stage) {
    super(stage.shape());
    this.stage = stage;
    this.in = stage.in;
    this.out = stage.out;
    this.channel = stage.channel;
    this.connection =
        new OriginConnection(stage.address, stage.nanoTime.getAsLong(), stage.owner, this);
    setHandler(in, new Incoming());
    setHandler(
        out,
        new AbstractOutHandler() {
          @Override
          public void onPull() {
            sendTaken();
          }

          @Override
          public void onDownstreamFinish(Throwable cause) {
            // The layer below ends both ways; what it has to say comes by the inlet.
          }
        });
  }

  OriginConnection connection() {
    return connection;
  }

  @Override
  public void preStart() {
    pull(in);
    watchIdle();
  }

  // From the handle, on any thread.

  @Override
  public void wake() {
    events.invoke(this::take);
  }

  @Override
  public void bodyEnded() {
    events.invoke(this::finish);
  }

  @Override
  public void abort(Throwable reason) {
    events.invoke(() -> giveUp(reason));
  }

  @Override
  public void retire() {
    events.invoke(this::completeStage);
  }

  @Override
  public boolean reusable() {
    return channel.reusable();
  }

  // On the connection's thread.

  private void take() {
    PendingFetch fetch = connection.takeNext();
    if (fetch == null) {
      return;
    }
    if (!(phase instanceof Phase.Idle)) {
      throw new IllegalStateException("a request on a busy connection");
    }
    cancelTimer(IDLE);
    phase = new Phase.Taken(fetch);
    if (isAvailable(out)) {
      sendTaken();
    }
  }

  private void sendTaken() {
    if (!(phase instanceof Phase.Taken(PendingFetch fetch))) {
      return;
    }
    if (!channel.reusable()) {
      // It ended since it was kept: nothing is written, the request moves on.
      completeStage();
      return;
    }
    long now = stage.nanoTime.getAsLong();
    long left = fetch.totalLeftNanos(now);
    if (left <= 0) {
      phase = IDLE_PHASE;
      fetch.answer.completeExceptionally(Failures.total(fetch.request.timeouts().totalMillis()));
      watchIdle();
      connection.free();
      return;
    }
    boolean reused = served++ > 0;
    stage.metrics.requests.increment();
    if (reused) {
      stage.metrics.reused.increment();
    }
    long read = fetch.request.timeouts().readMillis();
    if (read > 0) {
      scheduleOnce(HEAD, Duration.ofMillis(read));
    }
    if (left != Long.MAX_VALUE) {
      scheduleOnce(TOTAL, Duration.ofNanos(left));
    }
    fetch.uploadNanos = now;
    OriginChannel.Exchange exchange = MinimalRequests.begin(channel, fetch, stage.nanoTime);
    phase = new Phase.Sent(fetch, exchange, reused);
    push(out, MinimalRequests.of(fetch, exchange, stage.nanoTime));
  }

  private void receive(HttpResponse response, Phase.Sent sent) {
    cancelTimer(HEAD);
    cancelTimer(TOTAL);
    PendingFetch fetch = sent.fetch;
    OriginChannel.Exchange exchange = sent.exchange;
    OriginTimeouts timeouts = exchange.switched() ? OriginTimeouts.NONE : fetch.request.timeouts();
    ResponseBody body = new ResponseBody(fetch, timeouts, connection, stage.metrics);
    phase = new Phase.Receiving(fetch, body);
    Source<ByteString, ?> bytes = Source.empty();
    OptionalLong length = exchange.bodyLength();
    if (response.entity() instanceof HttpEntity.Strict strict) {
      ByteString whole = strict.getData();
      body.count(whole.size());
      bytes = whole.isEmpty() ? bytes : Source.single(whole);
      finish();
      connection.free();
    } else if (length.orElse(-1) == 0) {
      finish();
      connection.free();
    } else {
      // The layer below may end before the reader has had the last of the body.
      setKeepGoing(true);
      bytes = response.entity().getDataBytes().via(new BodyWatch(body, stage.nanoTime));
      scheduleOnce(UNCLAIMED, Duration.ofMillis(stage.settings.body().unclaimedMillis()));
    }
    fetch.answer.complete(
        new OriginResponse(
            exchange.response(), bytes, length, exchange.closeDelimited(), exchange.trailers()));
  }

  /** The response is complete; who says so has freed the connection, or does next. */
  private void finish() {
    if (!(phase instanceof Phase.Receiving)) {
      return;
    }
    cancelTimer(UNCLAIMED);
    setKeepGoing(false);
    phase = IDLE_PHASE;
    if (channel.reusable()) {
      watchIdle();
    } else {
      completeStage();
    }
  }

  private void watchIdle() {
    long idleMillis = stage.settings.pool().idleMillis();
    if (idleMillis > 0 && phase instanceof Phase.Idle) {
      scheduleOnce(IDLE, Duration.ofMillis(idleMillis));
    }
  }

  @Override
  public void onTimer(Object key) {
    switch (phase) {
      case Phase.Sent(PendingFetch fetch, var exchange, var reused) when HEAD.equals(key) ->
          headTimer(fetch);
      case Phase.Sent(PendingFetch fetch, var exchange, var reused) when TOTAL.equals(key) ->
          giveUp(Failures.total(fetch.request.timeouts().totalMillis()));
      case Phase.Receiving(var fetch, ResponseBody body)
          when UNCLAIMED.equals(key) && !body.isClaimed() ->
          giveUp(Failures.unclaimed());
      case Phase.Idle idle when IDLE.equals(key) -> {
        if (stage.owner.takeIdle(connection)) {
          completeStage();
        }
      }
      case Phase any -> {
        // A timer that fired as its reason went away.
      }
    }
  }

  /** The silence before the head starts when the request is out: sending it is no silence. */
  private void headTimer(PendingFetch fetch) {
    long readMillis = fetch.request.timeouts().readMillis();
    long left = readMillis * 1_000_000 - (stage.nanoTime.getAsLong() - fetch.uploadNanos);
    if (left > 0) {
      scheduleOnce(HEAD, Duration.ofNanos(left));
    } else {
      giveUp(Failures.head(readMillis));
    }
  }

  private void giveUp(Throwable reason) {
    if (givenUp == null) {
      givenUp = reason;
    }
    if (phase instanceof Phase.Receiving receiving) {
      receiving.body.connectionGivenUp(Failures.other(reason));
    }
    failStage(reason);
  }

  @Override
  public void postStop() {
    Throwable reason = givenUp;
    switch (phase) {
      case Phase.Idle idle -> {
        // Nobody waits.
      }
      case Phase.Taken(PendingFetch fetch) -> stage.owner.notWritten(connection, fetch);
      case Phase.Sent(PendingFetch fetch, var exchange, boolean reused) -> {
        OriginFailure failure = failureBeforeHead(fetch, reason, reused);
        if (failure.reusedConnection()) {
          stage.owner.diedOnReuse(connection);
        }
        fetch.answer.completeExceptionally(failure);
      }
      case Phase.Receiving(var fetch, ResponseBody body) ->
          body.connectionGivenUp(Failures.ofBody(reason == null ? Failures.unclaimed() : reason));
    }
    connection.end();
  }

  private OriginFailure failureBeforeHead(
      PendingFetch fetch, @Nullable Throwable reason, boolean reused) {
    return fetch.uploadFailed ? OriginFailure.uploadEnded(reason) : Failures.ofHead(reason, reused);
  }

  private final class Incoming extends AbstractInHandler {
    @Override
    public void onPush() {
      HttpResponse response = grab(in);
      pull(in);
      if (phase instanceof Phase.Sent sent) {
        receive(response, sent);
      } else {
        giveUp(
            new OriginFailure(
                OriginFailure.Kind.BAD_RESPONSE, "The origin answered unasked.", null));
      }
    }

    @Override
    public void onUpstreamFinish() {
      if (!(phase instanceof Phase.Receiving)) {
        completeStage();
      }
    }

    @Override
    public void onUpstreamFailure(Throwable thrown) {
      givenUp = givenUp == null ? thrown : givenUp;
      if (!(phase instanceof Phase.Receiving)) {
        completeStage();
      }
    }
  }
}
