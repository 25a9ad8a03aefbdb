package dev.weir.edge;

import dev.weir.wire.RequestChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where Pekko HTTP's server layer meets the {@link ExchangeHandler}: takes the true head from the
 * guard's channel, hands on one exchange at a time, and gives Pekko a response of which only status
 * and entity count.
 *
 * <p>A handler that has answered already is answered without a hop to another thread.
 */
final class ExchangeStage extends GraphStage<FlowShape<HttpRequest, HttpResponse>> {
  private static final Logger LOG = LoggerFactory.getLogger(ExchangeStage.class);

  private final Inlet<HttpRequest> in = Inlet.create("ExchangeStage.in");
  private final Outlet<HttpResponse> out = Outlet.create("ExchangeStage.out");
  private final FlowShape<HttpRequest, HttpResponse> shape = FlowShape.of(in, out);

  private final EdgeContext context;
  private final ClientConnection connection;
  private final RequestChannel channel;

  ExchangeStage(EdgeContext context, ClientConnection connection, RequestChannel channel) {
    this.context = context;
    this.connection = connection;
    this.channel = channel;
  }

  @Override
  public FlowShape<HttpRequest, HttpResponse> shape() {
    return shape;
  }

  /** What came of one exchange. */
  private record Outcome(
      RequestChannel.Exchange exchange,
      @Nullable EdgeResponse response,
      @Nullable Throwable failure) {}

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private @Nullable AsyncCallback<Outcome> later;
    private boolean open;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              open = true;
              begin(grab(in));
            }

            // The client has said all it will; a running exchange is still answered.
            @Override
            public void onUpstreamFinish() {
              if (!open) {
                completeStage();
              }
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              if (!open && !isClosed(in) && !hasBeenPulled(in)) {
                pull(in);
              }
            }
          });
    }

    private void begin(HttpRequest request) {
      context.metrics().onRequest();
      RequestChannel.Exchange exchange = channel.current();
      CompletionStage<EdgeResponse> answer = handle(exchange, request);
      if (answer instanceof CompletableFuture<EdgeResponse> future
          && future.isDone()
          && !exchange.isHinted()
          && !future.isCompletedExceptionally()) {
        finish(new Outcome(exchange, future.join(), null));
        return;
      }
      AsyncCallback<Outcome> callback = later;
      if (callback == null) {
        callback = createAsyncCallback(this::finish);
        later = callback;
      }
      AsyncCallback<Outcome> done = callback;
      answer.whenComplete(
          (response, failure) -> {
            Outcome outcome = new Outcome(exchange, response, failure);
            if (exchange.isHinted()) {
              // Told from this connection's own thread it would go before what is in its queue.
              ForkJoinPool.commonPool().execute(() -> done.invoke(outcome));
            } else {
              done.invoke(outcome);
            }
          });
    }

    private CompletionStage<EdgeResponse> handle(
        RequestChannel.Exchange exchange, HttpRequest request) {
      try {
        if (exchange.facts().isConnect()) {
          return CompletableFuture.completedFuture(context.connectWithin(exchange, connection));
        }
        RequestMapping mapping = context.mapping();
        FirstBytes.Refuse refused = mapping.refusal(exchange.facts(), connection);
        if (refused != null) {
          context.metrics().onRefuse();
          return CompletableFuture.completedFuture(Problem.of(refused, context.newId()).response());
        }
        return context
            .handler()
            .handle(
                new EdgeRequest(
                    mapping.mapped(exchange.head(), connection),
                    UncancelledEntity.of(request.entity()),
                    connection,
                    exchange.gone(),
                    exchange::interim,
                    exchange::requestTrailers));
      } catch (RuntimeException broken) {
        return CompletableFuture.failedFuture(broken);
      }
    }

    private void finish(Outcome outcome) {
      open = false;
      EdgeResponse response = outcome.response();
      HttpResponse rendered;
      try {
        rendered =
            response == null
                ? render(outcome.exchange(), failed(outcome.failure()))
                : render(outcome.exchange(), response);
      } catch (IllegalArgumentException noHead) {
        rendered = render(outcome.exchange(), failed(noHead));
      }
      if (isClosed(in)) {
        emit(out, rendered, this::completeStage);
      } else {
        push(out, rendered);
      }
    }
  }

  private EdgeResponse failed(@Nullable Throwable failure) {
    context.metrics().onFailedHandler();
    String id = context.newId();
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    LOG.error("exchange failed, answered 500 with id {}", id, cause);
    return new Problem(500, "Internal Server Error", "The request could not be handled.", id)
        .response();
  }

  private static HttpResponse render(RequestChannel.Exchange exchange, EdgeResponse response) {
    exchange.respond(response.head());
    return switch (response) {
      case EdgeResponse.Full full -> {
        if (full.closeAfter()) {
          exchange.closeAfterThis();
        }
        exchange.trail(full.trailers());
        yield HttpResponse.create()
            .withStatus(status(full.head().status()))
            .withEntity(full.entity());
      }
      case EdgeResponse.Switch raw -> RawSwitch.to(raw.bytes());
    };
  }

  /** Pekko only has to know whether there is a body; the true status is in the guard's channel. */
  private static StatusCode status(int status) {
    return switch (status) {
      case 204 -> StatusCodes.NO_CONTENT;
      case 304 -> StatusCodes.NOT_MODIFIED;
      default -> StatusCodes.OK;
    };
  }
}
