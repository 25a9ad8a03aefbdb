package dev.weir.wire;

import dev.weir.http.Authority;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The framing guard of a client connection (RFC 9112), between its bytes and Pekko HTTP's server
 * layer. Requests are parsed strictly; Pekko sees a minimal head with a strictly framed body, the
 * true head goes round it through the {@link RequestChannel}. What {@link AtOnce} has an answer for
 * never gets there. Bad input is answered in order and the connection closed.
 *
 * <pre>
 *              +------+
 *  in1  Pekko ~&gt;|      |~&gt; out1 client
 *  out2 Pekko &lt;~|      |&lt;~ in2  client
 *              +------+
 * </pre>
 *
 * <p>One instance serves one connection, as its channel does. A response that fails (upstream
 * failure of in1) fails out1, so that the connection is aborted visibly.
 */
public final class RequestGuard
    extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {
  final Inlet<ByteString> fromPekko = Inlet.create("RequestGuard.fromPekko");
  final Outlet<ByteString> toClient = Outlet.create("RequestGuard.toClient");
  final Inlet<ByteString> fromClient = Inlet.create("RequestGuard.fromClient");
  final Outlet<ByteString> toPekko = Outlet.create("RequestGuard.toPekko");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      new BidiShape<>(fromPekko, toClient, fromClient, toPekko);

  final GuardSettings settings;
  final RequestChannel channel;
  final String scheme;
  final @Nullable Authority tunnel;
  final BooleanSupplier misdirected;
  final Supplier<String> idSource;
  final GuardEvents events;
  final AtOnce atOnce;

  /**
   * @param scheme {@code https} behind TLS, else {@code http}
   * @param tunnel the authority of the CONNECT this connection is inside of: other authorities are
   *     answered 421; null outside tunnels
   * @param misdirected asked at each request: true (the TLS name differed from the tunnel's)
   *     answers 421
   * @param idSource makes the ids that stand in refusals
   * @param atOnce asked for an answer before Pekko HTTP is
   */
  public RequestGuard(
      GuardSettings settings,
      RequestChannel channel,
      String scheme,
      @Nullable Authority tunnel,
      BooleanSupplier misdirected,
      Supplier<String> idSource,
      GuardEvents events,
      AtOnce atOnce) {
    this.settings = settings;
    this.channel = channel;
    this.scheme = scheme;
    this.tunnel = tunnel;
    this.misdirected = misdirected;
    this.idSource = idSource;
    this.events = events;
    this.atOnce = atOnce;
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("RequestGuard");
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    return new RequestGuardLogic(this);
  }
}
