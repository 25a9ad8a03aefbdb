package dev.weir.origin;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Stands between a response body and its reader: the origin's silence is timed only while the
 * reader wants more, the end frees the connection, a reader that cancels closes it, and every
 * failure becomes an {@link OriginFailure}.
 */
final class BodyWatch extends GraphStage<FlowShape<ByteString, ByteString>> {
  private static final String SILENCE = "silence";
  private static final String TOTAL = "total";

  private final Inlet<ByteString> in = Inlet.create("BodyWatch.in");
  private final Outlet<ByteString> out = Outlet.create("BodyWatch.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final ResponseBody body;
  private final LongSupplier nanoTime;

  BodyWatch(ResponseBody body, LongSupplier nanoTime) {
    this.body = body;
    this.nanoTime = nanoTime;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("originBody");
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private long askedNanos;
    private boolean timing;

    Logic() {
      super(shape);
      setHandler(in, new Incoming());
      setHandler(out, new Outgoing());
    }

    @Override
    public void preStart() {
      if (!body.claim()) {
        failStage(body.failure(Failures.unclaimed()));
        return;
      }
      long left = body.totalLeftNanos(nanoTime.getAsLong());
      if (left != Long.MAX_VALUE) {
        scheduleOnce(TOTAL, Duration.ofNanos(Math.max(1, left)));
      }
    }

    @Override
    public void onTimer(Object key) {
      long readMillis = body.timeouts().readMillis();
      if (TOTAL.equals(key)) {
        give(Failures.total(body.timeouts().totalMillis()));
        return;
      }
      timing = false;
      if (!hasBeenPulled(in)) {
        return;
      }
      long waited = nanoTime.getAsLong() - askedNanos;
      if (waited >= readMillis * 1_000_000) {
        give(Failures.silent(readMillis));
      } else {
        timing = true;
        scheduleOnce(SILENCE, Duration.ofNanos(readMillis * 1_000_000 - waited));
      }
    }

    private void give(OriginFailure failure) {
      body.abort(failure);
      failStage(failure);
    }

    private final class Incoming extends AbstractInHandler {
      @Override
      public void onPush() {
        ByteString piece = grab(in);
        body.count(piece.size());
        push(out, piece);
      }

      @Override
      public void onUpstreamFinish() {
        body.ended();
        completeStage();
      }

      @Override
      public void onUpstreamFailure(Throwable thrown) {
        OriginFailure failure = body.failure(thrown);
        body.abort(failure);
        failStage(failure);
      }
    }

    private final class Outgoing extends AbstractOutHandler {
      @Override
      public void onPull() {
        long readMillis = body.timeouts().readMillis();
        if (readMillis > 0) {
          askedNanos = nanoTime.getAsLong();
          if (!timing) {
            timing = true;
            scheduleOnce(SILENCE, Duration.ofMillis(readMillis));
          }
        }
        pull(in);
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        body.cancelled(cause);
        cancelStage(cause);
      }
    }
  }
}
