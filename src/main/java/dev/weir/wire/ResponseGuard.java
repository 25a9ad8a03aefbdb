package dev.weir.wire;

import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * The framing guard of a connection to an origin (RFC 9112), between Pekko HTTP's client layer and
 * the origin's bytes. The true request head takes the place of Pekko's minimal one; responses are
 * parsed strictly, Pekko sees a minimal head and a strictly framed body, the true head goes round
 * it through the {@link OriginChannel}.
 *
 * <pre>
 *              +------+
 *  in1  Pekko ~&gt;|      |~&gt; out1 origin
 *  out2 Pekko &lt;~|      |&lt;~ in2  origin
 *              +------+
 * </pre>
 *
 * <p>What breaks the rules fails the stage with a {@link GuardViolation}, and so Pekko's response
 * or its entity: {@code CLOSED} before a head, {@code TRUNCATED} within a message, any other reason
 * for a response that must not be used. One instance serves one connection. It keeps no time;
 * timers are its user's.
 */
public final class ResponseGuard
    extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {
  final Inlet<ByteString> fromPekko = Inlet.create("ResponseGuard.fromPekko");
  final Outlet<ByteString> toOrigin = Outlet.create("ResponseGuard.toOrigin");
  final Inlet<ByteString> fromOrigin = Inlet.create("ResponseGuard.fromOrigin");
  final Outlet<ByteString> toPekko = Outlet.create("ResponseGuard.toPekko");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      new BidiShape<>(fromPekko, toOrigin, fromOrigin, toPekko);

  final GuardSettings settings;
  final OriginChannel channel;
  final GuardEvents events;

  public ResponseGuard(GuardSettings settings, OriginChannel channel, GuardEvents events) {
    this.settings = settings;
    this.channel = channel;
    this.events = events;
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("ResponseGuard");
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    return new ResponseGuardLogic(this);
  }
}
