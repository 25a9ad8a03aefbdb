package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Accepted sockets as flows, over real ones. */
@Timeout(60)
class SocketStageTest {
  private static final int READ_BYTES = 64 * 1024;
  private static final int WRITE_BYTES = 272 * 1024;
  private static ActorSystem system;

  private final SocketLoop loop = new SocketLoop("test-sockets", settings(8));

  @BeforeAll
  static void start() {
    system = ActorSystem.create("sockets", GuardedServer.SYSTEM);
  }

  @AfterAll
  static void stop() {
    system.terminate();
  }

  @AfterEach
  void closeLoop() {
    loop.close();
  }

  private static SocketSettings settings(int maxConnections) {
    return new SocketSettings(64, maxConnections, 64, 100, READ_BYTES, 2, WRITE_BYTES);
  }

  /** A listener whose connections run that flow; the stages complete as the flow's output ends. */
  private SocketListener serving(int maxConnections, Flow<ByteString, ByteString, NotUsed> flow)
      throws IOException {
    return SocketListener.bind(
        new ListenAt.Address("127.0.0.1", 0),
        settings(maxConnections),
        loop,
        socket -> {
          CompletionStage<Done> ended =
              flow.watchTermination(Keep.right())
                  .joinMat(Flow.fromGraph(new SocketStage(socket, loop)), Keep.left())
                  .run(system);
          return ended.exceptionally(failure -> Done.getInstance());
        });
  }

  private static Socket dial(SocketListener listener) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.address().getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000, READ_BYTES, 5_000_000})
  void everyByteComesBackAndBothEndsFollow(int bytes) throws Exception {
    // Given
    byte[] sent = new byte[bytes];
    new Random(bytes).nextBytes(sent);
    try (SocketListener listener = serving(8, Flow.of(ByteString.class));
        Socket client = dial(listener)) {
      // When: it is written while it is read, and the client ends first
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                try {
                  client.getOutputStream().write(sent);
                  client.shutdownOutput();
                } catch (IOException broken) {
                  throw new IllegalStateException(broken);
                }
              });
      byte[] heard = client.getInputStream().readAllBytes();

      // Then
      assertThat(heard).isEqualTo(sent);
      writing.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void clientThatHasEndedStillGetsWhatComesLater() throws Exception {
    // Given: an answer that begins when the request has ended
    Flow<ByteString, ByteString, NotUsed> late =
        Flow.of(ByteString.class)
            .fold(ByteString.emptyByteString(), ByteString::concat)
            .concat(Source.single(ByteString.fromString(" heard")));
    try (SocketListener listener = serving(8, late);
        Socket client = dial(listener)) {
      // When
      client.getOutputStream().write("all".getBytes());
      client.shutdownOutput();

      // Then
      assertThat(new String(client.getInputStream().readAllBytes())).isEqualTo("all heard");
    }
  }

  @Test
  void whatTheStreamDoesNotTakeIsNotRead() throws Exception {
    // Given: a stream that takes nothing
    AtomicLong written = new AtomicLong();
    Flow<ByteString, ByteString, NotUsed> deaf =
        Flow.fromSinkAndSource(
            Sink.fromGraph(Flow.of(ByteString.class).mapAsync(1, b -> never()).to(Sink.ignore())),
            Source.maybe());
    try (SocketListener listener = serving(8, deaf);
        Socket client = dial(listener)) {
      client.setSendBufferSize(READ_BYTES);

      // When: the client writes for as long as it can
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    byte[] piece = new byte[16 * 1024];
                    try {
                      while (true) {
                        client.getOutputStream().write(piece);
                        written.addAndGet(piece.length);
                      }
                    } catch (IOException closed) {
                      // The end of the test.
                    }
                  });

      // Then: it comes to rest, at what the kernel and two reads hold
      comesToRest(written);
      assertThat(written).hasValueLessThan(32_000_000);
      assertThat(writer.isAlive()).isTrue();
    }
  }

  /** Waits until it has begun to count and stands still. */
  private static void comesToRest(AtomicLong count) throws Exception {
    Eventually.holds(
        () -> {
          long before = count.get();
          Thread.sleep(300);
          return before > 0 && before == count.get();
        });
  }

  private static CompletionStage<ByteString> never() {
    return new CompletableFuture<>();
  }

  @Test
  void readerThatDoesNotReadStopsTheStream() throws Exception {
    // Given: an endless answer
    AtomicLong given = new AtomicLong();
    ByteString piece = ByteString.fromArray(new byte[100_000]);
    Flow<ByteString, ByteString, NotUsed> endless =
        Flow.fromSinkAndSource(
            Sink.ignore(),
            Source.repeat(piece)
                .map(
                    one -> {
                      given.addAndGet(one.size());
                      return one;
                    }));
    try (SocketListener listener = serving(8, endless);
        Socket client = dial(listener)) {
      // When: nobody reads
      comesToRest(given);
      long atRest = given.get();

      // Then: it goes on when somebody does
      InputStream in = client.getInputStream();
      in.skipNBytes(atRest + 3_000_000);
      assertThat(given.get()).isGreaterThan(atRest);
    }
  }

  @Test
  void failureResetsAndNeverLooksEnded() throws Exception {
    // Given
    Flow<ByteString, ByteString, NotUsed> failing =
        Flow.of(ByteString.class)
            .map(
                bytes -> {
                  throw new IllegalStateException("meant to fail");
                });
    try (SocketListener listener = serving(8, failing);
        Socket client = dial(listener)) {
      // When
      client.getOutputStream().write(1);

      // Then
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    }
  }

  @Test
  void resetOfThePeerFailsTheStream() throws Exception {
    // Given
    CompletableFuture<Throwable> failed = new CompletableFuture<>();
    Flow<ByteString, ByteString, NotUsed> told =
        Flow.of(ByteString.class)
            .mapError(
                Throwable.class,
                failure -> {
                  failed.complete(failure);
                  return failure;
                });
    try (SocketListener listener = serving(8, told)) {
      // When
      Socket client = dial(listener);
      client.getOutputStream().write(1);
      assertThat(client.getInputStream().read()).isEqualTo(1);
      client.setSoLinger(true, 0);
      client.close();

      // Then
      assertThat(failed.get(10, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aboveTheirNumberConnectionsWaitUntilOneEnds() throws Exception {
    // Given: room for two, both taken
    try (SocketListener listener = serving(2, Flow.of(ByteString.class));
        Socket second = dial(listener)) {
      Socket first = dial(listener);
      for (Socket one : List.of(first, second)) {
        one.getOutputStream().write(7);
        assertThat(one.getInputStream().read()).isEqualTo(7);
      }
      Socket third = dial(listener);
      third.getOutputStream().write(9);
      third.setSoTimeout(300);
      assertThatThrownBy(() -> third.getInputStream().read()).isInstanceOf(IOException.class);

      // When
      first.close();

      // Then
      third.setSoTimeout(20_000);
      assertThat(third.getInputStream().read()).isEqualTo(9);
      third.close();
    }
  }

  @Test
  void closedListenerRefusesAndItsConnectionsGoOn() throws Exception {
    // Given
    SocketListener listener = serving(8, Flow.of(ByteString.class));
    try (Socket client = dial(listener)) {
      client.getOutputStream().write(1);
      assertThat(client.getInputStream().read()).isEqualTo(1);

      // When
      listener.close();

      // Then
      Eventually.holds(
          () -> {
            try (Socket refused = dial(listener)) {
              return !refused.isConnected();
            } catch (ConnectException refused) {
              return true;
            }
          });
      client.getOutputStream().write(2);
      assertThat(client.getInputStream().read()).isEqualTo(2);
    }
  }

  @Test
  void endedLoopClosesWhatItWatched() throws Exception {
    // Given
    List<UniqueKillSwitch> running = new CopyOnWriteArrayList<>();
    try (SocketListener listener =
            serving(
                8,
                Flow.of(ByteString.class)
                    .viaMat(KillSwitches.single(), Keep.right())
                    .mapMaterializedValue(
                        one -> {
                          running.add(one);
                          return NotUsed.getInstance();
                        }));
        Socket client = dial(listener)) {
      client.getOutputStream().write(1);
      assertThat(client.getInputStream().read()).isEqualTo(1);

      // When
      loop.close();

      // Then
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    } finally {
      running.forEach(UniqueKillSwitch::shutdown);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void streamOfASocketEndsWithItsLoop(boolean loopEndsFirst) throws Exception {
    // Given: accepted, and the loop ends before its stream begins, or while it runs
    CompletableFuture<SocketChannel> accepted = new CompletableFuture<>();
    try (SocketListener listener =
            SocketListener.bind(
                new ListenAt.Address("127.0.0.1", 0),
                settings(8),
                loop,
                socket -> {
                  accepted.complete(socket);
                  return new CompletableFuture<Done>();
                });
        Socket client = dial(listener)) {
      SocketChannel socket = accepted.get(10, TimeUnit.SECONDS);
      if (loopEndsFirst) {
        loop.close();
      }

      // When
      CompletionStage<Done> ended =
          Flow.of(ByteString.class)
              .watchTermination(Keep.right())
              .joinMat(Flow.fromGraph(new SocketStage(socket, loop)), Keep.left())
              .run(system);
      if (!loopEndsFirst) {
        Eventually.holds(socket::isRegistered);
        loop.close();
      }

      // Then
      Eventually.holds(() -> ended.toCompletableFuture().isDone());
      Eventually.holds(() -> !socket.isOpen());
      assertThat(client.isConnected()).isTrue();
    }
  }
}
