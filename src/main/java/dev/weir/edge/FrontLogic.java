package dev.weir.edge;

import dev.weir.edge.FirstBytes.Refuse;
import dev.weir.edge.FirstBytes.Verdict;
import dev.weir.http.Authority;
import dev.weir.wire.ProxyHeader;
import dev.weir.wire.RequestChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a connection until it is known what it speaks; {@link FirstBytes} decides.
 *
 * <pre>
 *   HEADED ─ PROXY header ─▶ OUTSIDE                       (from balancers that send one)
 *   OUTSIDE ─┬─ CONNECT ─ 200 ─▶ INSIDE ─┬─ TLS, HTTP ───▶ JOINED
 *            │                           └─ other, silent ─▶ OPENING ─▶ JOINED
 *            ├─ CONNECT to a pass-through host ─▶ OPENING ─ 200 ─▶ JOINED
 *            └─ TLS, HTTP ─▶ JOINED
 *   any ─ refused ─▶ ENDING (what still arrives is dropped for a while)
 * </pre>
 *
 * <p>One timer bounds each of these; once joined, the guard and the tunnel have their own.
 */
final class FrontLogic extends JoiningLogic implements LiveConnections.Live {
  private static final Logger LOG = LoggerFactory.getLogger(FrontLogic.class);

  private static final ByteString ESTABLISHED =
      ByteString.fromString("HTTP/1.1 200 Connection Established\r\n\r\n");

  private enum Phase {
    HEADED,
    OUTSIDE,
    INSIDE,
    OPENING,
    JOINED,
    ENDING
  }

  private enum Timer {
    FIRST_BYTES,
    SILENT_TUNNEL,
    OPENING,
    LINGER
  }

  private final EdgeContext context;
  private final boolean nested;
  private final @Nullable CompletableFuture<Done> ended;
  private final FirstBytes firstBytes;
  private final AsyncCallback<Boolean> lastCalls = createAsyncCallback(this::onLastCall);
  private final AsyncCallback<Boolean> drains = createAsyncCallback(this::onDrain);
  private final AsyncCallback<Boolean> cuts = createAsyncCallback(this::onCut);

  private ClientConnection connection;
  private boolean welcome;
  private @Nullable Authority tunnel;
  private @Nullable RequestChannel channel;
  private @Nullable TunnelOpening opening;
  private ByteString received = ByteString.emptyByteString();
  private Phase phase;

  FrontLogic(
      FlowShape<ByteString, ByteString> shape,
      EdgeContext context,
      ClientConnection connection,
      @Nullable Authority tunnel,
      @Nullable CompletableFuture<Done> ended) {
    super(shape);
    this.context = context;
    this.connection = connection;
    this.nested = tunnel != null;
    this.tunnel = tunnel;
    this.ended = ended;
    this.phase = nested ? Phase.INSIDE : isHeaded() ? Phase.HEADED : Phase.OUTSIDE;
    this.welcome = nested || isWelcome();
    this.firstBytes =
        new FirstBytes(context.role(), context.settings(), context.guard(), context.heads());
    setHandler(in, new Arriving());
    setHandler(out, new Leaving());
  }

  /** Whether a PROXY header comes first. */
  private boolean isHeaded() {
    return context.settings().proxyProtocolFrom().contains(connection.remote().getAddress());
  }

  private boolean isWelcome() {
    return context.settings().allowClients().contains(connection.remote().getAddress());
  }

  private final class Arriving extends AbstractInHandler {
    @Override
    public void onPush() {
      ByteString bytes = grab(in);
      if (phase == Phase.ENDING) {
        pull(in);
        return;
      }
      received = received.isEmpty() ? bytes : received.concat(bytes);
      advance();
    }

    /** Nothing has been promised yet that this would cut short. */
    @Override
    public void onUpstreamFinish() {
      completeStage();
    }
  }

  private final class Leaving extends AbstractOutHandler {
    @Override
    public void onPull() {
      sayRest();
    }
  }

  @Override
  public void preStart() {
    if (!nested) {
      context.metrics().onAccept();
    }
    context.connections().add(this);
    if (nested) {
      awaitTunnelBytes();
    } else {
      arm(Timer.FIRST_BYTES, context.settings().firstBytesTimeoutMillis());
    }
    pull(in);
  }

  @Override
  public void postStop() {
    if (opening != null) {
      opening.abandon();
    }
    context.connections().remove(this);
    if (!nested) {
      context.metrics().onClose();
    }
    if (ended != null) {
      ended.complete(Done.getInstance());
    }
  }

  private void arm(Timer timer, long millis) {
    scheduleOnce(timer, Duration.ofMillis(millis));
  }

  private void disarm() {
    for (Timer timer : Timer.values()) {
      cancelTimer(timer);
    }
  }

  @Override
  public void onTimer(Object timer) {
    switch ((Timer) timer) {
      case FIRST_BYTES, LINGER -> completeStage();
      case OPENING -> failStage(new TimeoutException("the tunnel was not opened in time"));
      case SILENT_TUNNEL -> {
        Authority destination = tunnel;
        if (phase == Phase.INSIDE && destination != null) {
          open(destination, true);
        }
      }
    }
  }

  // ---- acting on the verdict ----------------------------------------------------------------

  private void advance() {
    Authority destination = tunnel;
    if (phase == Phase.HEADED) {
      readHeader();
    } else if (phase == Phase.OUTSIDE) {
      act(firstBytes.outside(received.toArrayUnsafe(), welcome));
    } else if (phase == Phase.INSIDE && destination != null) {
      act(firstBytes.inside(destination, received.toArrayUnsafe()));
    }
  }

  /** The client that a balancer names is the client from here on, for every rule and every log. */
  private void readHeader() {
    int maxBytes = context.settings().proxyHeaderMaxBytes();
    switch (ProxyHeader.read(received.toArrayUnsafe(), maxBytes)) {
      case ProxyHeader.Incomplete incomplete -> pull(in);
      case ProxyHeader.Malformed malformed -> {
        context.metrics().onRefuse();
        LOG.info(
            "connection {} from {}: {} (proxy-protocol-from lists it)",
            connection.id(),
            connection.remote().getAddress().getHostAddress(),
            malformed.why());
        completeStage();
      }
      case ProxyHeader.Complete header -> {
        ProxyHeader.Addresses told = header.addresses();
        if (told != null) {
          connection =
              new ClientConnection(told.source(), told.destination(), null, connection.id());
          welcome = isWelcome();
        }
        received = received.drop(header.bytes());
        phase = Phase.OUTSIDE;
        if (received.isEmpty()) {
          pull(in);
        } else {
          advance();
        }
      }
    }
  }

  private void act(Verdict verdict) {
    switch (verdict) {
      case FirstBytes.More more -> awaitMore();
      case FirstBytes.Http http -> joined(context.http().plain(known(tunnel), openChannel()));
      case FirstBytes.Secure tls ->
          joined(context.http().secured(connection, openChannel(), tls.engines()));
      case FirstBytes.Connect connect -> onConnect(connect);
      case FirstBytes.PassThrough past -> {
        context.metrics().onConnect();
        received = received.drop(past.headBytes());
        open(past.authority(), false);
      }
      case FirstBytes.Intercept tls ->
          joined(
              context
                  .http()
                  .intercepted(
                      known(tls.authority()),
                      openChannel(),
                      tls.authority().host(),
                      tls.misdirected()));
      case FirstBytes.Tunnel blind -> open(blind.authority(), true);
      case Refuse refused -> refuse(refused);
      case FirstBytes.Close close -> {
        LOG.debug("connection {} closed: {}", connection.id(), close.why());
        context.metrics().onRefuse();
        completeStage();
      }
    }
  }

  /** Bytes have come, so this is no silent client; but it has to get to the point. */
  private void awaitMore() {
    cancelTimer(Timer.SILENT_TUNNEL);
    if (!isTimerActive(Timer.FIRST_BYTES)) {
      arm(Timer.FIRST_BYTES, context.settings().firstBytesTimeoutMillis());
    }
    pull(in);
  }

  private void onConnect(FirstBytes.Connect connect) {
    context.metrics().onConnect();
    received = received.drop(connect.headBytes());
    tunnel = connect.authority();
    phase = Phase.INSIDE;
    say(ESTABLISHED);
    context.onConnect().accept(connect.authority());
    awaitTunnelBytes();
    if (received.isEmpty()) {
      pull(in);
    } else {
      advance();
    }
  }

  private void awaitTunnelBytes() {
    Authority destination = tunnel;
    boolean silent =
        destination != null && context.settings().silentTunnelPorts().contains(destination.port());
    if (silent) {
      cancelTimer(Timer.FIRST_BYTES);
      arm(Timer.SILENT_TUNNEL, context.settings().silentTunnelDelayMillis());
    } else {
      arm(Timer.FIRST_BYTES, context.settings().firstBytesTimeoutMillis());
    }
  }

  private ClientConnection known(@Nullable Authority inside) {
    return inside == null
        ? connection
        : new ClientConnection(connection.remote(), connection.local(), inside, connection.id());
  }

  private RequestChannel openChannel() {
    RequestChannel opened = new RequestChannel();
    channel = opened;
    if (context.connections().isLastCall()) {
      opened.lastCall();
    }
    return opened;
  }

  private void joined(Flow<ByteString, ByteString, NotUsed> inner) {
    phase = Phase.JOINED;
    disarm();
    ByteString first = received;
    received = ByteString.emptyByteString();
    try {
      join(inner, first);
    } catch (RuntimeException refused) {
      // No leaf for this host, say: the client sees its handshake cut.
      LOG.info("connection {}: {}", connection.id(), String.valueOf(refused.getMessage()));
      context.metrics().onHandshake(false);
      failStage(refused);
    }
  }

  // ---- tunnels ------------------------------------------------------------------------------

  /**
   * Opens a blind tunnel.
   *
   * @param established the client has its 200 already, or never asked for one
   */
  private void open(Authority destination, boolean established) {
    phase = Phase.OPENING;
    disarm();
    arm(Timer.OPENING, context.settings().tunnelOpenTimeoutMillis());
    AsyncCallback<TunnelOpening.Outcome> callback =
        createAsyncCallback(outcome -> onOpened(destination, established, outcome));
    opening = TunnelOpening.start(context, destination, callback::invoke);
  }

  private void onOpened(Authority destination, boolean established, TunnelOpening.Outcome outcome) {
    TunnelOpening finished = opening;
    opening = null;
    if (finished != null) {
      finished.taken();
    }
    switch (outcome) {
      case TunnelOpening.Opened opened -> {
        context.metrics().onTunnel();
        if (!established) {
          say(ESTABLISHED);
        }
        Duration idle = Duration.ofMillis(context.settings().tunnelIdleTimeoutMillis());
        joined(opened.bytes().join(BidiFlow.bidirectionalIdleTimeout(idle)));
      }
      case TunnelOpening.NotOpened not -> {
        LOG.info(
            "connection {}: no tunnel to {}: {}",
            connection.id(),
            destination.text("https"),
            not.refusal().detail());
        if (established) {
          completeStage();
        } else {
          refuse(not.refusal());
        }
      }
    }
  }

  // ---- ending -------------------------------------------------------------------------------

  private void refuse(Refuse refused) {
    String id = context.newId();
    if (refused.violation() == null) {
      context.metrics().onRefuse();
    } else {
      context.guardEvents().refused(refused.violation(), id);
    }
    phase = Phase.ENDING;
    received = ByteString.emptyByteString();
    disarm();
    arm(Timer.LINGER, context.settings().refusalLingerMillis());
    sayLast(Problem.of(refused, id).message());
    if (!hasBeenPulled(in) && !isClosed(in)) {
      pull(in);
    }
  }

  @Override
  public void lastCall() {
    lastCalls.invoke(true);
  }

  @Override
  public void drain() {
    drains.invoke(true);
  }

  @Override
  public void cut() {
    cuts.invoke(true);
  }

  private void onLastCall(boolean now) {
    RequestChannel http = channel;
    if (http != null) {
      http.lastCall();
    }
  }

  private void onDrain(boolean now) {
    RequestChannel http = channel;
    if (http != null) {
      http.drain();
    } else if (received.isEmpty() && (phase != Phase.OPENING && phase != Phase.JOINED)) {
      completeStage();
    }
  }

  private void onCut(boolean now) {
    failStage(new DrainDeadlineException());
  }
}
