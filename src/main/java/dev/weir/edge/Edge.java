package dev.weir.edge;

import dev.weir.wire.GuardSettings;
import dev.weir.wire.ListenAt;
import dev.weir.wire.SocketListener;
import dev.weir.wire.SocketLoop;
import dev.weir.wire.SocketStage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Flow;
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

  private final SocketListener listener;
  private final SocketLoop loop;
  private final EdgeContext context;
  private final ClassicActorSystemProvider system;

  private Edge(
      SocketListener listener,
      SocketLoop loop,
      EdgeContext context,
      ClassicActorSystemProvider system) {
    this.listener = listener;
    this.loop = loop;
    this.context = context;
    this.system = system;
  }

  /**
   * Opens a listener; the stage fails if the address cannot be bound, or the given socket not used.
   *
   * @param metrics may be shared by several listeners
   */
  public static CompletionStage<Edge> bind(
      ClassicActorSystemProvider system,
      ListenAt at,
      EdgeSettings settings,
      GuardSettings guard,
      EdgeParts parts,
      EdgeMetrics metrics) {
    Materializer materializer = SystemMaterializer.get(system.classicSystem()).materializer();
    EdgeContext context = new EdgeContext(settings, guard, parts, metrics, materializer);
    SocketLoop loop = new SocketLoop("weir-sockets", settings.sockets());
    Executor streams = system.classicSystem().dispatcher();
    try {
      SocketListener listener =
          SocketListener.bind(
              at, settings.sockets(), loop, socket -> serve(socket, loop, context, streams));
      return CompletableFuture.completedFuture(new Edge(listener, loop, context, system));
    } catch (IOException | RuntimeException refused) {
      loop.close();
      return CompletableFuture.failedFuture(refused);
    }
  }

  /** Completes when the connection has ended; never fails. */
  static CompletionStage<Done> serve(
      SocketChannel socket, SocketLoop loop, EdgeContext context, Executor streams) {
    CompletableFuture<Done> ended = new CompletableFuture<>();
    // Not on the loop's thread: building a connection's streams takes as long as many reads.
    streams.execute(
        () -> {
          try {
            ClientConnection connection =
                new ClientConnection(
                    (InetSocketAddress) socket.getRemoteAddress(),
                    (InetSocketAddress) socket.getLocalAddress(),
                    null,
                    context.nextConnectionId());
            Flow.fromGraph(new SocketStage(socket, loop))
                .join(FrontStage.accepted(context, connection, ended))
                .run(context.materializer());
          } catch (IOException gone) {
            LOG.debug("a connection ended before it was served: {}", gone.toString());
            loop.closes(socket);
            ended.complete(Done.getInstance());
          } catch (RuntimeException broken) {
            LOG.error("a connection could not be served", broken);
            loop.closes(socket);
            ended.complete(Done.getInstance());
          }
        });
    return ended;
  }

  /** Where the listener listens. */
  public InetSocketAddress address() {
    return listener.address();
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
    listener.close();
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
          loop.close();
          return done;
        });
  }
}
