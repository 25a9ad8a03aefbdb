package dev.weir.fill;

import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.SinkShape;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/** Moves an origin's body into a spool, no faster than the spool takes it. */
final class BodyPump extends GraphStage<SinkShape<ByteString>> {
  private final Inlet<ByteString> in = Inlet.create("pump.in");
  private final SinkShape<ByteString> shape = SinkShape.of(in);
  private final Target target;

  /** What is wanted after some bytes. */
  enum Demand {
    MORE,
    /** Nothing until {@code more} has been called. */
    WAIT,
    /** Nothing at all: the rest comes another way. The target hears no more of this stream. */
    ENOUGH
  }

  /** Where the body goes; called by one stream at a time. */
  interface Target {
    Demand bytes(ByteString bytes, Runnable more);

    void whole();

    void broken(Throwable cause);
  }

  BodyPump(Target target) {
    this.target = target;
  }

  @Override
  public SinkShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private final AsyncCallback<Boolean> more =
        createAsyncCallback(
            ignored -> {
              if (!hasBeenPulled(in) && !isClosed(in)) {
                pull(in);
              }
            });

    private boolean told;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              switch (target.bytes(grab(in), () -> more.invoke(true))) {
                case MORE -> pull(in);
                case WAIT -> {}
                case ENOUGH -> {
                  told = true;
                  completeStage();
                }
              }
            }

            @Override
            public void onUpstreamFinish() {
              told = true;
              target.whole();
              completeStage();
            }

            @Override
            public void onUpstreamFailure(Throwable cause) {
              told = true;
              target.broken(cause);
              failStage(cause);
            }
          });
    }

    @Override
    public void preStart() {
      pull(in);
    }

    /** A stream system that is shut down ends stages without a word. */
    @Override
    public void postStop() {
      if (!told) {
        target.broken(new IllegalStateException("the stream was stopped"));
      }
    }
  }
}
