package dev.weir.edge;

import dev.weir.http.Authority;
import dev.weir.wire.Authorities;
import dev.weir.wire.ClientHello;
import dev.weir.wire.GuardViolation;
import dev.weir.wire.HeadScanner;
import dev.weir.wire.RequestChannel;
import dev.weir.wire.RequestFacts;
import dev.weir.wire.Sniffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of a connection until it is known what it speaks.
 *
 * <pre>
 *   FIRST ─┬─ CONNECT ─▶ CONNECT_HEAD ─┬─ 200 ─▶ IN_TUNNEL ─┬─ TLS ──▶ CLIENT_HELLO ─▶ joined
 *          │                           │                    ├─ HTTP ────────────────▶ joined
 *          ├─ TLS ─▶ CLIENT_HELLO      │                    └─ other, silent ─▶ OPENING
 *          │                           └─ pass-through ─▶ OPENING ─▶ 200 ─▶ joined
 *          └─ HTTP, and what is none (the guard refuses it) ─▶ joined
 *   any ─ refused ─▶ ENDING (what still arrives is dropped for a while)
 * </pre>
 *
 * <p>One timer bounds each of these; once joined, the guard and the tunnel have their own.
 */
final class FrontLogic extends JoiningLogic implements LiveConnections.Live {
  private static final Logger LOG = LoggerFactory.getLogger(FrontLogic.class);

  private static final ByteString ESTABLISHED =
      ByteString.fromString("HTTP/1.1 200 Connection Established\r\n\r\n");
  private static final int SNIFFED_BYTES = 80;
  private static final int HTTPS_PORT = 443;

  private enum Phase {
    FIRST,
    CONNECT_HEAD,
    IN_TUNNEL,
    CLIENT_HELLO,
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

  /** What came of opening a tunnel. */
  private record Opened(
      Authority destination,
      boolean established,
      @Nullable Flow<ByteString, ByteString, NotUsed> bytes,
      @Nullable Throwable failure) {}

  private final EdgeContext context;
  private final ClientConnection connection;
  private final boolean nested;
  private final boolean welcome;
  private final @Nullable CompletableFuture<Done> ended;
  private final HeadScanner scanner;
  private final AsyncCallback<Boolean> drains = createAsyncCallback(this::onDrain);
  private final AsyncCallback<Boolean> cuts = createAsyncCallback(this::onCut);

  private @Nullable Authority tunnel;
  private @Nullable RequestChannel channel;
  private ByteString received = ByteString.emptyByteString();
  private Phase phase;
  private volatile boolean stopped;

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
    this.phase = nested ? Phase.IN_TUNNEL : Phase.FIRST;
    this.welcome =
        nested || context.settings().allowClients().contains(connection.remote().getAddress());
    this.scanner = HeadScanner.ofRequests(context.guard());
    setHandler(in, new Arriving());
    setHandler(out, new Leaving());
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
    stopped = true;
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

  @Override
  public void onTimer(Object timer) {
    switch ((Timer) timer) {
      case FIRST_BYTES, LINGER -> completeStage();
      case SILENT_TUNNEL -> {
        Authority destination = tunnel;
        if (phase == Phase.IN_TUNNEL && destination != null) {
          open(destination, true);
        }
      }
      case OPENING -> {
        if (phase == Phase.OPENING) {
          failStage(new TimeoutException("tunnel was not opened in time"));
        }
      }
    }
  }

  // ---- what is spoken -----------------------------------------------------------------------

  private void advance() {
    switch (phase) {
      case FIRST -> onFirst(sniff());
      case CONNECT_HEAD -> onConnectHead();
      case IN_TUNNEL -> onTunnelBytes(sniff());
      case CLIENT_HELLO -> onClientHello();
      case OPENING, JOINED, ENDING -> {
        // Held until the tunnel is open; one element at most, as nothing is pulled.
      }
    }
  }

  private Sniffer.Protocol sniff() {
    byte[] first = received.take(SNIFFED_BYTES).toArray();
    return Sniffer.sniff(first, first.length);
  }

  private void onFirst(Sniffer.Protocol protocol) {
    if (!welcome && protocol != Sniffer.Protocol.UNDECIDED) {
      turnAway(protocol);
      return;
    }
    switch (protocol) {
      case UNDECIDED -> pull(in);
      case CONNECT -> {
        phase = Phase.CONNECT_HEAD;
        onConnectHead();
      }
      case TLS -> {
        phase = Phase.CLIENT_HELLO;
        onClientHello();
      }
      case HTTP, OTHER -> joinHttp(connection);
    }
  }

  private void turnAway(Sniffer.Protocol protocol) {
    context.metrics().onRefuse();
    if (protocol == Sniffer.Protocol.HTTP || protocol == Sniffer.Protocol.CONNECT) {
      refuse(problem(403, "Forbidden", "Clients of this network may not connect (allow-clients)."));
    } else {
      completeStage();
    }
  }

  private void onConnectHead() {
    try {
      byte[] octets = received.toArrayUnsafe();
      int length = scanner.find(octets, 0, octets.length);
      if (length < 0) {
        pull(in);
        return;
      }
      RequestFacts facts = context.heads().request(octets, 0, length, "http", null);
      received = received.drop(length);
      onConnect(facts.head().authority());
    } catch (GuardViolation violation) {
      GuardViolation.Reason reason = violation.reason();
      Problem answer = problem(reason.status(), "Bad Request", reason.sentence());
      context.guardEvents().refused(reason, answer.id());
      refuse(answer);
    }
  }

  private void onConnect(Authority authority) {
    if (!context.settings().connectable(authority.port())) {
      context.metrics().onRefuse();
      refuse(portRefused(authority, context.newId()));
      return;
    }
    context.metrics().onConnect();
    tunnel = authority;
    if (context.settings().passThroughHosts().contains(authority.host())) {
      open(authority, false);
      return;
    }
    say(ESTABLISHED);
    context.onConnect().accept(authority);
    phase = Phase.IN_TUNNEL;
    awaitTunnelBytes();
    if (received.isEmpty()) {
      pull(in);
    } else {
      advance();
    }
  }

  static Problem portRefused(Authority authority, String id) {
    return new Problem(
        403, "Forbidden", "CONNECT to port " + authority.port() + " is not allowed.", id);
  }

  private void awaitTunnelBytes() {
    Authority destination = tunnel;
    if (destination != null
        && context.settings().silentTunnelPorts().contains(destination.port())) {
      cancelTimer(Timer.FIRST_BYTES);
      arm(Timer.SILENT_TUNNEL, context.settings().silentTunnelDelayMillis());
    } else {
      arm(Timer.FIRST_BYTES, context.settings().firstBytesTimeoutMillis());
    }
  }

  private void onTunnelBytes(Sniffer.Protocol protocol) {
    Authority destination = tunnel;
    if (destination == null) {
      throw new IllegalStateException("no tunnel");
    }
    cancelTimer(Timer.SILENT_TUNNEL);
    switch (protocol) {
      case UNDECIDED -> {
        if (!isTimerActive(Timer.FIRST_BYTES)) {
          arm(Timer.FIRST_BYTES, context.settings().firstBytesTimeoutMillis());
        }
        pull(in);
      }
      case TLS -> {
        phase = Phase.CLIENT_HELLO;
        onClientHello();
      }
      // A CONNECT in here names another authority, or its own: the guard refuses either.
      case HTTP, CONNECT -> joinHttp(inside(destination));
      case OTHER -> open(destination, true);
    }
  }

  private ClientConnection inside(Authority authority) {
    return new ClientConnection(
        connection.remote(), connection.local(), authority, connection.id());
  }

  private void onClientHello() {
    switch (ClientHello.read(received.toArrayUnsafe())) {
      case ClientHello.Incomplete incomplete -> {
        if (received.size() > context.settings().tls().maxHandshakeBytes()) {
          context.metrics().onHandshake(false);
          completeStage();
        } else {
          pull(in);
        }
      }
      case ClientHello.Malformed malformed -> onHello(null);
      case ClientHello.Complete hello -> onHello(hello.serverName());
    }
  }

  /** The name is the client's wish; inside a CONNECT it must be that host's. */
  private void onHello(@Nullable String serverName) {
    Authority authority = tunnel;
    if (authority != null) {
      joinTls(authority, serverName != null && !sameHost(serverName, authority.host()));
      return;
    }
    Authority named = serverName == null ? null : Authorities.parse(serverName, HTTPS_PORT);
    if (named == null) {
      LOG.debug("connection {}: TLS without CONNECT and without server name", connection.id());
      context.metrics().onHandshake(false);
      completeStage();
    } else if (context.settings().passThroughHosts().contains(named.host())) {
      tunnel = named;
      open(named, true);
    } else {
      joinTls(named, false);
    }
  }

  /** A trailing dot makes a name absolute, not another (RFC 6066 3 has none in SNI). */
  private static boolean sameHost(String serverName, String host) {
    return serverName.equals(host.endsWith(".") ? host.substring(0, host.length() - 1) : host);
  }

  // ---- joining ------------------------------------------------------------------------------

  private RequestChannel openChannel() {
    RequestChannel opened = new RequestChannel();
    channel = opened;
    return opened;
  }

  private void joinHttp(ClientConnection known) {
    joined(context.http().plain(known, openChannel()));
  }

  private void joinTls(Authority authority, boolean misdirected) {
    joined(
        context
            .http()
            .intercepted(inside(authority), openChannel(), authority.host(), misdirected));
  }

  private void joined(Flow<ByteString, ByteString, NotUsed> inner) {
    phase = Phase.JOINED;
    for (Timer timer : Timer.values()) {
      cancelTimer(timer);
    }
    ByteString first = received;
    received = ByteString.emptyByteString();
    try {
      join(inner, first);
    } catch (RuntimeException refused) {
      // No leaf for this host, say: the client sees its handshake cut.
      LOG.info("connection {}: {}", connection.id(), refused.getMessage());
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
    cancelTimer(Timer.FIRST_BYTES);
    arm(Timer.OPENING, context.settings().tunnelOpenTimeoutMillis());
    AsyncCallback<Opened> callback = createAsyncCallback(this::onOpened);
    context
        .tunneller()
        .open(destination)
        .whenComplete(
            (bytes, failure) -> {
              if (stopped) {
                dispose(bytes);
              } else {
                callback.invoke(new Opened(destination, established, bytes, failure));
              }
            });
  }

  /** A tunnel that nobody waits for any more must still be run, or its connection stays open. */
  private void dispose(@Nullable Flow<ByteString, ByteString, NotUsed> bytes) {
    if (bytes != null) {
      Source.<ByteString>empty().via(bytes).runWith(Sink.cancelled(), context.materializer());
    }
  }

  private void onOpened(Opened opened) {
    Flow<ByteString, ByteString, NotUsed> bytes = opened.bytes();
    if (phase != Phase.OPENING) {
      dispose(bytes);
    } else if (bytes != null) {
      context.metrics().onTunnel();
      if (!opened.established()) {
        say(ESTABLISHED);
      }
      Duration idle = Duration.ofMillis(context.settings().tunnelIdleTimeoutMillis());
      joined(bytes.join(BidiFlow.bidirectionalIdleTimeout(idle)));
    } else {
      onNotOpened(opened);
    }
  }

  private void onNotOpened(Opened opened) {
    Throwable failure = opened.failure();
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String host = opened.destination().text("https");
    LOG.info("connection {}: no tunnel to {}: {}", connection.id(), host, String.valueOf(cause));
    if (opened.established()) {
      completeStage();
    } else if (cause instanceof TunnelRefusedException refusal) {
      context.metrics().onRefuse();
      refuse(problem(403, "Forbidden", String.valueOf(refusal.getMessage())));
    } else {
      refuse(problem(502, "Bad Gateway", "No connection to " + host + " could be made."));
    }
  }

  // ---- ending -------------------------------------------------------------------------------

  private Problem problem(int status, String title, String detail) {
    return new Problem(status, title, detail, context.newId());
  }

  private void refuse(Problem answer) {
    phase = Phase.ENDING;
    received = ByteString.emptyByteString();
    for (Timer timer : Timer.values()) {
      cancelTimer(timer);
    }
    arm(Timer.LINGER, context.settings().refusalLingerMillis());
    sayLast(answer.message());
    if (!hasBeenPulled(in) && !isClosed(in)) {
      pull(in);
    }
  }

  @Override
  public void drain() {
    drains.invoke(true);
  }

  @Override
  public void cut() {
    cuts.invoke(true);
  }

  private void onDrain(boolean now) {
    RequestChannel http = channel;
    if (http != null) {
      http.drain();
    } else if (phase == Phase.FIRST || (phase == Phase.IN_TUNNEL && received.isEmpty())) {
      completeStage();
    }
  }

  private void onCut(boolean now) {
    failStage(new DrainDeadlineException());
  }
}
