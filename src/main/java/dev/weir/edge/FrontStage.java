package dev.weir.edge;

import dev.weir.http.Authority;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The outermost stage of a client connection: finds out from the first bytes what is spoken,
 * answers CONNECT, and then joins the bytes to what speaks that. The decisions are in {@link
 * FrontLogic}.
 */
final class FrontStage extends GraphStage<FlowShape<ByteString, ByteString>> {
  private final Inlet<ByteString> in = Inlet.create("Front.in");
  private final Outlet<ByteString> out = Outlet.create("Front.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);

  private final EdgeContext context;
  private final ClientConnection connection;
  private final @Nullable Authority tunnel;
  private final @Nullable CompletableFuture<Done> ended;

  private FrontStage(
      EdgeContext context,
      ClientConnection connection,
      @Nullable Authority tunnel,
      @Nullable CompletableFuture<Done> ended) {
    this.context = context;
    this.connection = connection;
    this.tunnel = tunnel;
    this.ended = ended;
  }

  /** What a listener joins to each connection it accepts; completes {@code ended} at its end. */
  static Flow<ByteString, ByteString, NotUsed> accepted(
      EdgeContext context, ClientConnection connection, CompletableFuture<Done> ended) {
    return Flow.fromGraph(new FrontStage(context, connection, null, ended));
  }

  /** The inside of a CONNECT that another HTTP layer has answered. */
  static Flow<ByteString, ByteString, NotUsed> insideTunnel(
      EdgeContext context, ClientConnection connection, Authority tunnel) {
    return Flow.fromGraph(new FrontStage(context, connection, tunnel, null));
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("Front");
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new FrontLogic(shape, context, connection, tunnel, ended);
  }
}
