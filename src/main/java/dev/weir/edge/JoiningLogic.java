package dev.weir.edge;

import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * A logic that looks at the first bytes itself and then joins its ports to a flow it has chosen,
 * which runs fused with it. Ends and failures pass both ways as they are: a failure of the joined
 * flow fails {@code out}, so that the connection is aborted and never looks ended.
 */
abstract class JoiningLogic extends TimerGraphStageLogic {
  final Inlet<ByteString> in;
  final Outlet<ByteString> out;

  private ByteString unsaid = ByteString.emptyByteString();
  private boolean lastWord;

  JoiningLogic(FlowShape<ByteString, ByteString> shape) {
    super(shape);
    in = shape.in();
    out = shape.out();
  }

  /** Sends bytes of the logic's own, before anything of a joined flow. */
  final void say(ByteString bytes) {
    if (isAvailable(out)) {
      push(out, bytes);
    } else {
      unsaid = unsaid.concat(bytes);
    }
  }

  /** Sends these bytes and ends what goes out. */
  final void sayLast(ByteString bytes) {
    say(bytes);
    lastWord = true;
    if (unsaid.isEmpty()) {
      complete(out);
    }
  }

  /** To be called at each pull of {@code out}; false if there was nothing to say. */
  final boolean sayRest() {
    if (unsaid.isEmpty()) {
      return false;
    }
    push(out, unsaid);
    unsaid = ByteString.emptyByteString();
    if (lastWord) {
      complete(out);
    }
    return true;
  }

  /** Joins the ports to that flow, which first gets {@code first} (may be empty). */
  void join(Flow<ByteString, ByteString, NotUsed> flow, ByteString first) {
    SubSourceOutlet<ByteString> source = new SubSourceOutlet<>("Front.joined.in");
    SubSinkInlet<ByteString> sink = new SubSinkInlet<>("Front.joined.out");
    Inbound inbound = new Inbound(source, first);
    source.setHandler(inbound.demand());
    setHandler(in, inbound);
    Outbound outbound = new Outbound(sink);
    sink.setHandler(outbound);
    setHandler(out, outbound.demand());
    Source.fromGraph(source.source())
        .via(flow)
        .runWith(Sink.fromGraph(sink.sink()), subFusingMaterializer());
    if (isAvailable(out)) {
      sink.pull();
    }
  }

  private final class Inbound extends AbstractInHandler {
    private final SubSourceOutlet<ByteString> source;
    private ByteString first;
    private boolean ended;

    Inbound(SubSourceOutlet<ByteString> source, ByteString first) {
      this.source = source;
      this.first = first;
    }

    AbstractOutHandler demand() {
      return new AbstractOutHandler() {
        @Override
        public void onPull() {
          if (!first.isEmpty()) {
            source.push(first);
            first = ByteString.emptyByteString();
            if (ended) {
              source.complete();
            }
          } else if (!isClosed(in) && !hasBeenPulled(in)) {
            pull(in);
          }
        }

        @Override
        public void onDownstreamFinish(Throwable cause) {
          cancel(in, cause);
        }
      };
    }

    @Override
    public void onPush() {
      source.push(grab(in));
    }

    @Override
    public void onUpstreamFinish() {
      ended = true;
      if (first.isEmpty()) {
        source.complete();
      }
    }

    @Override
    public void onUpstreamFailure(Throwable failure) {
      source.fail(failure);
    }
  }

  private final class Outbound extends AbstractInHandler {
    private final SubSinkInlet<ByteString> sink;

    Outbound(SubSinkInlet<ByteString> sink) {
      this.sink = sink;
    }

    AbstractOutHandler demand() {
      return new AbstractOutHandler() {
        @Override
        public void onPull() {
          if (!sayRest() && !sink.isClosed() && !sink.hasBeenPulled()) {
            sink.pull();
          }
        }

        @Override
        public void onDownstreamFinish(Throwable cause) {
          sink.cancel(cause);
        }
      };
    }

    @Override
    public void onPush() {
      push(out, sink.grab());
    }

    @Override
    public void onUpstreamFinish() {
      if (unsaid.isEmpty()) {
        complete(out);
      } else {
        lastWord = true;
      }
    }

    @Override
    public void onUpstreamFailure(Throwable failure) {
      fail(out, failure);
    }
  }
}
