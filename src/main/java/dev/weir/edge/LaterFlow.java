package dev.weir.edge;

import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * A flow that is materialised when its first bytes come. Pekko's HTTP layer takes as long to
 * materialise as a small hit, and a connection whose requests are all answered at once needs none.
 */
final class LaterFlow extends GraphStage<FlowShape<ByteString, ByteString>> {
  private final Inlet<ByteString> in = Inlet.create("Later.in");
  private final Outlet<ByteString> out = Outlet.create("Later.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final Flow<ByteString, ByteString, NotUsed> flow;

  LaterFlow(Flow<ByteString, ByteString, NotUsed> flow) {
    this.flow = flow;
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("Later");
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends JoiningLogic {
    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              join(flow, grab(in));
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              // Answers come after requests.
            }
          });
    }

    @Override
    public void preStart() {
      pull(in);
    }
  }
}
