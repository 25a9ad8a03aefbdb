package dev.weir.edge;

import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.scaladsl.model.HttpEntity;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;

/**
 * A request body whose reader may stop early without harm. Pekko's server layer fails the whole
 * connection when a body is cancelled before it is answered, and with it the response that an
 * origin sent early; here cancelling only stops the reading, and the connection ends after that
 * response as it does for every body that was not read to its end.
 */
final class UncancelledEntity {
  private UncancelledEntity() {}

  static RequestEntity of(RequestEntity entity) {
    return switch (entity) {
      case HttpEntity.Default sized ->
          HttpEntity.Default$.MODULE$.apply(
              sized.contentType(), sized.contentLength(), sized.data().via(new Hold<>()));
      case HttpEntity.Chunked chunked ->
          HttpEntity.Chunked$.MODULE$.apply(
              chunked.contentType(), chunked.chunks().via(new Hold<>()));
      default -> entity;
    };
  }

  private static final class Hold<T> extends GraphStage<FlowShape<T, T>> {
    private final Inlet<T> in = Inlet.create("UncancelledEntity.in");
    private final Outlet<T> out = Outlet.create("UncancelledEntity.out");
    private final FlowShape<T, T> shape = FlowShape.of(in, out);

    @Override
    public FlowShape<T, T> shape() {
      return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
      return new Logic();
    }

    private final class Logic extends GraphStageLogic {
      Logic() {
        super(shape);
        setHandler(in, new Arriving());
        setHandler(out, new Wanted());
      }

      private final class Arriving extends AbstractInHandler {
        @Override
        public void onPush() {
          if (!isClosed(out)) {
            push(out, grab(in));
          }
        }
      }

      private final class Wanted extends AbstractOutHandler {
        @Override
        public void onPull() {
          pull(in);
        }

        @Override
        public void onDownstreamFinish(Throwable cause) {
          // Nothing more is pulled; the body ends with the connection.
        }
      }
    }
  }
}
