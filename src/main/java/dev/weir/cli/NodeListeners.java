package dev.weir.cli;

import dev.weir.edge.Edge;
import dev.weir.edge.EdgeMetrics;
import dev.weir.edge.EdgeParts;
import dev.weir.edge.ExchangeHandler;
import dev.weir.exchange.Exchanges;
import dev.weir.origin.PekkoOrigins;
import dev.weir.tls.InterceptionTls;
import dev.weir.tls.LeafMint;
import dev.weir.tls.TlsCaSettings;
import dev.weir.wire.ListenAt;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Opens the ports for clients: the main one, and that of a mirror beside it. */
final class NodeListeners {
  private final NodeBase base;
  private final TlsCaSettings tls;
  private final InterceptionTls interception;
  private final EdgeMetrics metrics = new EdgeMetrics();
  private final Listening main;
  private final @Nullable Listening beside;
  private final GivenSockets given;
  private final List<Edge> mains = new CopyOnWriteArrayList<>();
  private final List<Edge> mirrors = new CopyOnWriteArrayList<>();

  /** Reads certificates and which sockets were given, and opens nothing yet. */
  NodeListeners(NodeBase base, LeafMint mint, TlsCaSettings tls) {
    this.base = base;
    this.tls = tls;
    this.interception = new InterceptionTls(mint, tls);
    this.main = Listening.of(base.settings().flags(), mint, tls);
    this.beside = Listening.mirrorBeside(base.settings().flags(), mint, tls);
    int maxGiven = base.settings().rooms().getInt("node.max-given-sockets");
    this.given = GivenSockets.read(maxGiven).forListeners(main.isMirror(), beside != null);
  }

  /** What the main port is. */
  Listening main() {
    return main;
  }

  /** Whether any listener of this node is a mirror. */
  boolean anyMirror() {
    return main.isMirror() || beside != null;
  }

  void open(DataPlane data, Exchanges exchanges, PekkoOrigins origins) {
    ServeSettings flags = base.settings().flags();
    for (ListenAt at : places(given.main(), flags.port())) {
      mains.add(bind(data, exchanges, origins, main, at));
    }
    base.closings().addStage("running responses", base.drain().whole().plusSeconds(5), this::drain);
    if (beside != null) {
      for (ListenAt at : places(given.mirror(), flags.mirrorPort())) {
        mirrors.add(bind(data, exchanges, origins, beside, at));
      }
    }
    base.metrics().edge(metrics);
  }

  /** Who was given sockets opens none of its own. */
  private List<ListenAt> places(List<ListenAt> sockets, int port) {
    return sockets.isEmpty()
        ? List.of(new ListenAt.Address(base.settings().flags().bind(), port))
        : sockets;
  }

  private Edge bind(
      DataPlane data, Exchanges exchanges, PekkoOrigins origins, Listening listens, ListenAt at) {
    ServeSettings flags = base.settings().flags();
    ExchangeHandler handler =
        listens.isMirror() ? NodeExchanges.mirror(base, data, exchanges) : exchanges;
    EdgeParts parts =
        new EdgeParts(
            handler,
            interception::engine,
            new GatedTunnels(origins),
            flags.eagerConnections()
                ? authority -> origins.warm("https", authority).exceptionally(failed -> false)
                : authority -> {},
            base.metrics().refusals("client"),
            listens.role());
    Edge edge =
        Closings.await(
            Edge.bind(
                data.system(), at, base.settings().edge(), base.settings().guard(), parts, metrics),
            () -> refused(at));
    base.own().add(edge.address().getPort());
    return edge;
  }

  private static String refused(ListenAt at) {
    return switch (at) {
      case ListenAt.Address(InetSocketAddress address) ->
          "cannot listen on %s:%d".formatted(address.getHostString(), address.getPort());
      case ListenAt.Given(int descriptor) ->
          "cannot listen on the socket that this process was given as descriptor " + descriptor;
    };
  }

  /** Looks for newer certificates of the listeners' own now and then. */
  void watchCertificates(DataPlane data) {
    Stream.of(main, beside)
        .filter(Objects::nonNull)
        .map(Listening::reload)
        .filter(Objects::nonNull)
        .forEach(reload -> data.every(Duration.ofSeconds(tls.serverReloadSeconds()), reload));
  }

  /** Where the main port is. */
  InetSocketAddress address() {
    return mains.getFirst().address();
  }

  EdgeMetrics metrics() {
    return metrics;
  }

  /**
   * One line for whoever started the node.
   *
   * @param more what else it serves
   */
  String welcome(String more) {
    String mirror = beside == null ? "" : ", mirror on " + beside.url(mirrors.getFirst().address());
    return main.welcome(address(), more + mirror);
  }

  /** Serves on, but clients are told to come on another connection. */
  void lastCall() {
    edges().forEach(Edge::lastCall);
  }

  private Stream<Edge> edges() {
    return Stream.concat(mains.stream(), mirrors.stream());
  }

  /** All at once: each may take the whole of the time. */
  private CompletionStage<Void> drain() {
    base.drain().begin();
    return CompletableFuture.allOf(
        edges()
            .map(edge -> edge.drain(base.drain().whole()).toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }
}
