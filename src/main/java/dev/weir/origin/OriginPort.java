package dev.weir.origin;

import dev.weir.wire.OriginChannel;
import java.net.InetSocketAddress;
import java.util.function.LongSupplier;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.GraphStageLogic;

/**
 * The near end of one origin connection: requests handed to its {@link OriginConnection} go out,
 * the responses come in and complete them. It lives as long as the connection.
 */
final class OriginPort
    extends AbstractGraphStageWithMaterializedValue<
        FlowShape<HttpResponse, HttpRequest>, OriginConnection> {
  final Inlet<HttpResponse> in = Inlet.create("OriginPort.in");
  final Outlet<HttpRequest> out = Outlet.create("OriginPort.out");
  private final FlowShape<HttpResponse, HttpRequest> shape = FlowShape.of(in, out);

  final InetSocketAddress address;
  final OriginChannel channel;
  final OriginConnection.Owner owner;
  final OriginSettings settings;
  final OriginMetrics metrics;
  final LongSupplier nanoTime;

  OriginPort(
      InetSocketAddress address,
      OriginChannel channel,
      OriginConnection.Owner owner,
      OriginSettings settings,
      OriginMetrics metrics,
      LongSupplier nanoTime) {
    this.address = address;
    this.channel = channel;
    this.owner = owner;
    this.settings = settings;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
  }

  @Override
  public FlowShape<HttpResponse, HttpRequest> shape() {
    return shape;
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("originPort");
  }

  @Override
  public Pair<GraphStageLogic, OriginConnection> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    OriginPortLogic logic = new OriginPortLogic(this);
    return Pair.create(logic, logic.connection());
  }
}
