package dev.weir.edge;

import dev.weir.wire.RequestChannel;
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

/**
 * Where Pekko HTTP's server layer meets the {@link ExchangeHandler}, by its {@link Calls}: takes
 * the true head from the guard's channel, hands on one exchange at a time, and gives Pekko a
 * response of which only status and entity count.
 *
 * <p>A handler that has answered already is answered without a hop to another thread.
 */
final class ExchangeStage extends GraphStage<FlowShape<HttpRequest, HttpResponse>> {
  private final Inlet<HttpRequest> in = Inlet.create("ExchangeStage.in");
  private final Outlet<HttpResponse> out = Outlet.create("ExchangeStage.out");
  private final FlowShape<HttpRequest, HttpResponse> shape = FlowShape.of(in, out);

  private final Calls calls;
  private final RequestChannel channel;

  ExchangeStage(Calls calls, RequestChannel channel) {
    this.calls = calls;
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
      RequestChannel.Exchange exchange = channel.current();
      CompletionStage<EdgeResponse> answer = calls.of(exchange, request.entity());
      EdgeResponse ready = Calls.ready(exchange, answer);
      if (ready != null) {
        finish(new Outcome(exchange, ready, null));
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

    private void finish(Outcome outcome) {
      open = false;
      EdgeResponse response = outcome.response();
      HttpResponse rendered;
      try {
        rendered =
            response == null
                ? render(outcome.exchange(), calls.failed(outcome.failure()))
                : render(outcome.exchange(), response);
      } catch (IllegalArgumentException noHead) {
        rendered = render(outcome.exchange(), calls.failed(noHead));
      }
      if (isClosed(in)) {
        emit(out, rendered, this::completeStage);
      } else {
        push(out, rendered);
      }
    }
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
