package dev.weir.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.SocketLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What is said of a connection that cannot be served. */
class GoneClientTest {
  private static final Config ALL =
      ConfigFactory.parseResources("reference/edge.conf")
          .withFallback(ConfigFactory.parseResources("reference/guard.conf"))
          .resolve();
  private static final EdgeSettings SETTINGS = EdgeSettings.from(ALL.getConfig("weir.edge"));

  private final Logger logger = (Logger) LoggerFactory.getLogger(Edge.class);
  private final ListAppender<ILoggingEvent> said = new ListAppender<>();
  private final SocketLoop loop = new SocketLoop("test-sockets", SETTINGS.sockets());
  private Level before;

  @BeforeEach
  void listen() {
    before = logger.getLevel();
    logger.setLevel(Level.DEBUG);
    said.start();
    logger.addAppender(said);
  }

  @AfterEach
  void close() {
    logger.detachAppender(said);
    logger.setLevel(before);
    loop.close();
  }

  private CompletionStage<Done> served(SocketChannel socket, Materializer materializer) {
    EdgeParts parts =
        new EdgeParts(
            EdgeFixture.describing(),
            host -> EdgeFixture.TLS.serverEngine(),
            authority -> CompletableFuture.completedFuture(Flow.of(ByteString.class)),
            authority -> {},
            GuardEvents.NONE);
    EdgeContext context =
        new EdgeContext(
            SETTINGS,
            GuardSettings.from(ALL.getConfig("weir.guard")),
            parts,
            new EdgeMetrics(),
            materializer);
    return Edge.serve(socket, loop, context, Runnable::run);
  }

  @Test
  void clientThatHasGoneIsNobodysError() throws Exception {
    // Given
    SocketChannel gone = SocketChannel.open();
    gone.close();

    // When
    CompletionStage<Done> ended = served(gone, Materializer.createMaterializer(EdgeFixture.SYSTEM));

    // Then
    assertThat(ended.toCompletableFuture()).isCompleted();
    assertThat(said.list)
        .extracting(ILoggingEvent::getLevel, ILoggingEvent::getFormattedMessage)
        .containsExactly(
            tuple(
                Level.DEBUG,
                "a connection ended before it was served:"
                    + " java.nio.channels.ClosedChannelException"));
  }

  @Test
  void streamsThatCannotRunAreAnError() throws Exception {
    // Given
    Materializer over = Materializer.createMaterializer(EdgeFixture.SYSTEM);
    try (ServerSocketChannel listener =
            ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        SocketChannel client = SocketChannel.open(listener.getLocalAddress());
        SocketChannel accepted = listener.accept()) {
      assertThat(client.isConnected()).isTrue();
      accepted.configureBlocking(false);
      over.shutdown();

      // When
      CompletionStage<Done> served = served(accepted, over);

      // Then
      assertThat(served.toCompletableFuture()).isCompleted();
      assertThat(said.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.ERROR);
    }
  }
}
