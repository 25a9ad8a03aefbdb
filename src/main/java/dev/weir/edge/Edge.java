package dev.weir.edge;

import dev.weir.wire.GuardSettings;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.io.TcpSO;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Tcp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listener for clients: forward proxy requests, CONNECT with interception or tunnel, and TLS by
 * server name, all on one port. Each request goes to an {@link ExchangeHandler}.
 *
 * <p>Thread-safe. The sockets stay half-open when one side ends, so that a client that has said all
 * it will still gets its answer.
 */
public final class Edge {
  private static final Logger LOG = LoggerFactory.getLogger(Edge.class);

  private final Tcp.ServerBinding binding;
  private final EdgeContext context;
  private final ClassicActorSystemProvider system;

  private Edge(Tcp.ServerBinding binding, EdgeContext context, ClassicActorSystemProvider system) {
    this.binding = binding;
    this.context = context;
    this.system = system;
  }

  /**
   * Opens a listener; the stage fails if the address cannot be bound.
   *
   * @param port 0 for any free one
   * @param metrics may be shared by several listeners
   */
  public static CompletionStage<Edge> bind(
      ClassicActorSystemProvider system,
      String host,
      int port,
      EdgeSettings settings,
      GuardSettings guard,
      EdgeParts parts,
      EdgeMetrics metrics) {
    Materializer materializer = SystemMaterializer.get(system.classicSystem()).materializer();
    EdgeContext context = new EdgeContext(settings, guard, parts, metrics, materializer);
    var listening =
        Tcp.get(system)
            .bind(
                host,
                port,
                settings.backlog(),
                List.of(TcpSO.tcpNoDelay(true), TcpSO.keepAlive(true)),
                true,
                Optional.empty())
            .mapAsyncUnordered(
                settings.maxConnections(), connection -> serve(connection, context, materializer))
            .toMat(Sink.ignore(), Keep.both());
    Pair<CompletionStage<Tcp.ServerBinding>, CompletionStage<Done>> run =
        listening.run(materializer);
    run.second()
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                LOG.error("listener on {}:{} ended", host, port, failure);
              }
            });
    return run.first().thenApply(binding -> new Edge(binding, context, system));
  }

  /** Completes when the connection has ended; never fails, or the listener would. */
  private static CompletionStage<Done> serve(
      Tcp.IncomingConnection incoming, EdgeContext context, Materializer materializer) {
    ClientConnection connection =
        new ClientConnection(
            incoming.remoteAddress(), incoming.localAddress(), null, context.nextConnectionId());
    CompletableFuture<Done> ended = new CompletableFuture<>();
    try {
      incoming.flow().join(FrontStage.accepted(context, connection, ended)).run(materializer);
    } catch (RuntimeException broken) {
      LOG.error("connection {} could not be served", connection.id(), broken);
      ended.complete(Done.getInstance());
    }
    return ended;
  }

  /** Where the listener listens. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  public EdgeMetrics metrics() {
    return context.metrics();
  }

  /**
   * Goes on accepting and serving, but every response says {@code Connection: close}: connections
   * that are used end by themselves, without a request being lost. For the time in which a balancer
   * turns away, before {@link #drain}.
   */
  public void lastCall() {
    context.connections().lastCall();
  }

  /**
   * Stops accepting and lets what runs finish: running responses say {@code Connection: close},
   * idle connections end, tunnels go on. Whatever is left at the deadline is cut. Completes when
   * the last connection has ended.
   */
  public CompletionStage<Done> drain(Duration deadline) {
    binding.unbind();
    var cut =
        system
            .classicSystem()
            .scheduler()
            .scheduleOnce(
                deadline, context.connections()::cut, system.classicSystem().dispatcher());
    CompletionStage<Done> drained = context.connections().drain();
    return drained.thenApply(
        done -> {
          cut.cancel();
          return done;
        });
  }
}
