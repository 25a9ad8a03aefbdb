package dev.weir.respond;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Passes a response body on unchanged, counts it, and says how it ended. Once the client has closed
 * its side, a body that takes no byte for the grace time is cut: it may wait for an origin that has
 * nothing to say, for nobody. For one materialisation.
 *
 * <p>A client that knows the length closes as soon as it has the last byte, often before the end of
 * the stream has come here: a body of known length is complete with its last byte.
 */
public final class BodyMeter extends GraphStage<FlowShape<ByteString, ByteString>> {

  /** Is told of one body. Called once each, from the stream. */
  public interface Listener {
    void started();

    /** Afterwards nothing moves. {@code complete}: the body reached its end. */
    void ended(long bytes, boolean complete);
  }

  /** The client went away. */
  public static final class ClientGone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClientGone() {
      super("the client has gone", null, false, false);
    }
  }

  private static final String GRACE = "grace";

  private final Inlet<ByteString> in = Inlet.create("BodyMeter.in");
  private final Outlet<ByteString> out = Outlet.create("BodyMeter.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final Listener listener;
  private final OptionalLong length;
  private final CompletionStage<Done> gone;
  private final long graceMillis;

  /**
   * @param length of the body, if it was announced to the client
   * @param gone completes when the client has closed its side
   */
  public BodyMeter(
      Listener listener, OptionalLong length, CompletionStage<Done> gone, long graceMillis) {
    this.listener = listener;
    this.length = length;
    this.gone = gone;
    this.graceMillis = graceMillis;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private long bytes;
    private long bytesAtTick;
    private boolean complete;

    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              ByteString piece = grab(in);
              bytes += piece.size();
              push(out, piece);
            }

            @Override
            public void onPull() {
              pull(in);
            }

            @Override
            public void onUpstreamFinish() {
              complete = true;
              completeStage();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              complete = isWhole();
              cancelStage(cause);
            }
          });
    }

    private boolean isWhole() {
      return length.isPresent() && bytes == length.getAsLong();
    }

    @Override
    public void preStart() {
      listener.started();
      AsyncCallback<Done> left = createAsyncCallback(done -> watch());
      gone.whenComplete((done, failure) -> left.invoke(Done.getInstance()));
    }

    private void watch() {
      bytesAtTick = bytes;
      scheduleWithFixedDelay(
          GRACE, Duration.ofMillis(graceMillis), Duration.ofMillis(Math.max(1, graceMillis)));
    }

    @Override
    public void onTimer(Object timer) {
      if (bytes == bytesAtTick) {
        complete = isWhole();
        failStage(new ClientGone());
      }
      bytesAtTick = bytes;
    }

    @Override
    public void postStop() {
      listener.ended(bytes, complete);
    }
  }
}
