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
  private final List<Edge> open = new CopyOnWriteArrayList<>();

  /** Reads certificates, and opens nothing yet. */
  NodeListeners(NodeBase base, LeafMint mint, TlsCaSettings tls) {
    this.base = base;
    this.tls = tls;
    this.interception = new InterceptionTls(mint, tls);
    this.main = Listening.of(base.settings().flags(), mint, tls);
    this.beside = Listening.mirrorBeside(base.settings().flags(), mint, tls);
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
    bind(data, exchanges, origins, main, flags.port());
    base.closings().addStage("running responses", base.drain().whole().plusSeconds(5), this::drain);
    if (beside != null) {
      bind(data, exchanges, origins, beside, flags.mirrorPort());
    }
    base.metrics().edge(metrics);
  }

  private void bind(
      DataPlane data, Exchanges exchanges, PekkoOrigins origins, Listening listens, int port) {
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
                data.system(),
                flags.bind(),
                port,
                base.settings().edge(),
                base.settings().guard(),
                parts,
                metrics),
            () -> "cannot listen on %s:%d".formatted(flags.bind(), port));
    open.add(edge);
    base.own().add(edge.address().getPort());
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
    return open.getFirst().address();
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
    String mirror = beside == null ? "" : ", mirror on " + beside.url(open.getLast().address());
    return main.welcome(address(), more + mirror);
  }

  /** Serves on, but clients are told to come on another connection. */
  void lastCall() {
    open.forEach(Edge::lastCall);
  }

  /** All at once: each may take the whole of the time. */
  private CompletionStage<Void> drain() {
    base.drain().begin();
    return CompletableFuture.allOf(
        open.stream()
            .map(edge -> edge.drain(base.drain().whole()).toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }
}
