package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TlsStageTest {
  private static final ActorSystem SYSTEM =
      ActorSystem.create(
          "tls",
          ConfigFactory.parseString("pekko.loglevel=ERROR\npekko.jvm-exit-on-fatal-error=off")
              .withFallback(ConfigFactory.load()));
  private static final TestTls TLS = new TestTls("localhost", "127.0.0.1", "origin.test");
  private static final TlsSettings SETTINGS = new TlsSettings(10_000, 64 * 1024, 16);

  @AfterAll
  static void stop() {
    SYSTEM.terminate();
  }

  /** A listener whose connections are TLS stages; {@code inner} is what speaks plaintext. */
  private static final class Server implements AutoCloseable {
    final Tcp.ServerBinding binding;
    final CompletableFuture<TlsHandshake> handshake = new CompletableFuture<>();
    final CompletableFuture<Done> ended = new CompletableFuture<>();

    Server(
        Flow<ByteString, ByteString, NotUsed> inner,
        int fragment,
        TlsSettings settings,
        String... protocols)
        throws Exception {
      binding =
          Tcp.get(SYSTEM)
              .bind("127.0.0.1", 0, 10, List.of(), true, Optional.empty())
              .to(
                  Sink.foreach(
                      connection -> {
                        var tls = TlsStage.server(() -> TLS.serverEngine(protocols), settings);
                        CompletionStage<TlsHandshake> done =
                            connection
                                .flow()
                                .via(fragments(fragment))
                                .joinMat(
                                    tls.reversed()
                                        .join(
                                            Flow.of(ByteString.class)
                                                .watchTermination(
                                                    (m, stage) -> {
                                                      forward(stage, ended);
                                                      return m;
                                                    })
                                                .via(inner))
                                        .via(fragments(fragment)),
                                    Keep.right())
                                .run(SYSTEM);
                        forward(done, handshake);
                      }))
              .run(SYSTEM)
              .toCompletableFuture()
              .get(5, TimeUnit.SECONDS);
    }

    int port() {
      return binding.localAddress().getPort();
    }

    @Override
    public void close() {
      binding.unbind();
    }
  }

  private static <T> void forward(CompletionStage<T> from, CompletableFuture<T> to) {
    from.whenComplete(
        (value, failure) -> {
          if (failure != null) {
            to.completeExceptionally(failure);
          } else {
            to.complete(value);
          }
        });
  }

  private static Flow<ByteString, ByteString, NotUsed> fragments(int size) {
    Flow<ByteString, ByteString, NotUsed> flow = Flow.of(ByteString.class);
    return size == 0
        ? flow
        : flow.mapConcat(
            bytes -> {
              List<ByteString> parts = new ArrayList<>();
              for (int at = 0; at < bytes.size(); at += size) {
                parts.add(bytes.slice(at, Math.min(at + size, bytes.size())));
              }
              return parts;
            });
  }

  private static SSLSocket connect(int port, String... protocols) throws IOException {
    SSLSocket socket = (SSLSocket) TLS.client.getSocketFactory().createSocket("127.0.0.1", port);
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    var parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
    parameters.setServerNames(List.of(new javax.net.ssl.SNIHostName("origin.test")));
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(42).nextBytes(bytes);
    return bytes;
  }

  private static byte[] sha(byte[] bytes) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }

  @ParameterizedTest
  @CsvSource({"TLSv1.3,0", "TLSv1.2,0", "TLSv1.3,1", "TLSv1.2,1", "TLSv1.3,1009", "TLSv1.2,16389"})
  void echoesBothWays(String protocol, int fragment) throws Exception {
    // Given
    try (Server server = new Server(Flow.of(ByteString.class), fragment, SETTINGS);
        SSLSocket socket = connect(server.port(), protocol)) {
      byte[] sent = random(fragment == 1 ? 40_000 : 300_000);
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      socket.getOutputStream().write(sent);
                    } catch (IOException broken) {
                      throw new IllegalStateException(broken);
                    }
                  });

      // When
      byte[] echoed = socket.getInputStream().readNBytes(sent.length);
      writer.join();

      // Then
      assertThat(sha(echoed)).isEqualTo(sha(sent));
      TlsHandshake handshake = server.handshake.get(5, TimeUnit.SECONDS);
      assertThat(handshake.protocol()).isEqualTo(protocol);
      assertThat(handshake.applicationProtocol()).isEqualTo("http/1.1");
      assertThat(handshake.serverName()).isEqualTo("origin.test");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void bigDownloadIsWhole(String protocol) throws Exception {
    // Given
    byte[] block = random(100_003);
    int blocks = 300;
    Source<ByteString, NotUsed> body =
        Source.range(1, blocks).map(i -> ByteString.fromArrayUnsafe(block));
    try (Server server = new Server(answer(body), 0, SETTINGS);
        SSLSocket socket = connect(server.port(), protocol)) {
      socket.getOutputStream().write('?');

      // When
      MessageDigest got = MessageDigest.getInstance("SHA-256");
      long total = drain(socket.getInputStream(), got);

      // Then
      MessageDigest expected = MessageDigest.getInstance("SHA-256");
      for (int i = 0; i < blocks; i++) {
        expected.update(block);
      }
      assertThat(total).isEqualTo((long) blocks * block.length);
      assertThat(got.digest()).isEqualTo(expected.digest());
    }
  }

  /** Answers the first bytes with that body and completes. */
  private static Flow<ByteString, ByteString, NotUsed> answer(Source<ByteString, ?> body) {
    return Flow.of(ByteString.class).take(1).flatMapConcat(any -> body);
  }

  private static long drain(InputStream in, MessageDigest digest) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    long total = 0;
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      digest.update(buffer, 0, n);
      total += n;
    }
    return total;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3"})
  void clientMayEndFirstAndStillReads(String protocol) throws Exception {
    // Given: a server that answers only after it has seen the end of the request
    Flow<ByteString, ByteString, NotUsed> atEnd =
        Flow.of(ByteString.class).fold(ByteString.emptyByteString(), ByteString::concat);
    try (Server server = new Server(atEnd, 0, SETTINGS);
        SSLSocket socket = connect(server.port(), protocol)) {
      // When
      socket.getOutputStream().write("half a conversation".getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();

      // Then
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("half a conversation");
      assertThat(server.ended.get(5, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void serverMayEndFirstAndStillReads() throws Exception {
    // Given
    CompletableFuture<ByteString> read = new CompletableFuture<>();
    Flow<ByteString, ByteString, NotUsed> speaksFirst =
        Flow.fromSinkAndSource(
            Flow.of(ByteString.class)
                .fold(ByteString.emptyByteString(), ByteString::concat)
                .to(Sink.foreach(read::complete)),
            Source.single(ByteString.fromString("hello")));
    try (Server server = new Server(speaksFirst, 0, SETTINGS);
        SSLSocket socket = connect(server.port(), "TLSv1.3")) {
      // When
      assertThat(socket.getInputStream().readAllBytes())
          .isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().write("late".getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();

      // Then
      assertThat(read.get(5, TimeUnit.SECONDS).utf8String()).isEqualTo("late");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void endWithoutCloseNotifyIsAFailure(String protocol) throws Exception {
    // Given
    try (Server server = new Server(Flow.of(ByteString.class), 0, SETTINGS);
        Socket plain = new Socket("127.0.0.1", server.port())) {
      SSLSocket socket =
          (SSLSocket) TLS.client.getSocketFactory().createSocket(plain, "localhost", 1, false);
      socket.setEnabledProtocols(new String[] {protocol});
      socket.getOutputStream().write("abc".getBytes(StandardCharsets.UTF_8));
      assertThat(socket.getInputStream().readNBytes(3)).hasSize(3);

      // When
      plain.shutdownOutput();

      // Then
      assertThatThrownBy(() -> server.ended.get(5, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(TlsTruncatedException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void failedPlainStreamNeverLooksEnded(String protocol) throws Exception {
    // Given
    Source<ByteString, NotUsed> cut =
        Source.single(ByteString.fromString("part"))
            .concat(Source.failed(new IllegalStateException("origin broke")));
    try (Server server = new Server(answer(cut), 0, SETTINGS);
        SSLSocket socket = connect(server.port(), protocol)) {
      // When
      socket.getOutputStream().write('?');

      // Then: a reset or an SSLException, never -1
      assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
          .isInstanceOfAny(SocketException.class, SSLException.class);
    }
  }

  @Test
  void garbageInsteadOfAHandshakeGetsAnAlert() throws Exception {
    // Given
    try (Server server = new Server(Flow.of(ByteString.class), 0, SETTINGS);
        Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(5_000);

      // When
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));

      // Then
      byte[] answer = socket.getInputStream().readAllBytes();
      assertThat(answer).hasSizeGreaterThanOrEqualTo(7);
      assertThat(answer[0]).isEqualTo((byte) 21);
      assertThatThrownBy(() -> server.handshake.get(5, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
    }
  }

  @Test
  void silentPeerIsCutOff() throws Exception {
    // Given
    TlsSettings hasty = new TlsSettings(200, 64 * 1024, 16);
    try (Server server = new Server(Flow.of(ByteString.class), 0, hasty);
        Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(10_000);

      // When
      int end = readOrReset(socket.getInputStream());

      // Then
      assertThat(end).isEqualTo(-1);
      assertThatThrownBy(() -> server.handshake.get(5, TimeUnit.SECONDS))
          .hasMessageContaining("handshake");
    }
  }

  private static int readOrReset(InputStream in) throws IOException {
    try {
      return in.read();
    } catch (SocketException reset) {
      return -1;
    }
  }

  @Test
  void oversizedHandshakeIsRefused() throws Exception {
    // Given
    TlsSettings tight = new TlsSettings(10_000, 100, 16);
    try (Server server = new Server(Flow.of(ByteString.class), 0, tight);
        SSLSocket socket = connect(server.port())) {
      // When / Then
      assertThatThrownBy(socket::startHandshake).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> server.handshake.get(5, TimeUnit.SECONDS))
          .hasMessageContaining("larger than 100 bytes");
    }
  }

  @Test
  void renegotiationIsRefused() throws Exception {
    // Given
    try (Server server = new Server(Flow.of(ByteString.class), 0, SETTINGS);
        SSLSocket socket = connect(server.port(), "TLSv1.2")) {
      socket.getOutputStream().write('a');
      assertThat(socket.getInputStream().read()).isEqualTo('a');

      // When
      socket.startHandshake();

      // Then
      assertThatThrownBy(
              () -> {
                socket.getOutputStream().write('b');
                while (socket.getInputStream().read() >= 0) {
                  // until the cut
                }
                throw new IOException("ended");
              })
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> server.ended.get(5, TimeUnit.SECONDS))
          .hasMessageContaining("renegotiation");
    }
  }

  @Test
  void keysMayBeUpdatedWhileBytesMove() throws Exception {
    // Given
    try (Server server = new Server(Flow.of(ByteString.class), 0, SETTINGS);
        SSLSocket socket = connect(server.port(), "TLSv1.3")) {
      byte[] sent = random(100_000);
      for (int i = 0; i < 20; i++) {
        // When: on an established TLS 1.3 connection this is a KeyUpdate that asks for one back
        socket.startHandshake();
        Thread writer =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        socket.getOutputStream().write(sent);
                      } catch (IOException cut) {
                        throw new java.io.UncheckedIOException(cut);
                      }
                    });
        byte[] got = socket.getInputStream().readNBytes(sent.length);
        writer.join();

        // Then
        assertThat(sha(got)).isEqualTo(sha(sent));
      }
      assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
    }
  }

  @Test
  void slowReaderHoldsTheWriterBack() throws Exception {
    // Given
    java.util.concurrent.atomic.AtomicLong produced = new java.util.concurrent.atomic.AtomicLong();
    ByteString block = ByteString.fromArrayUnsafe(new byte[256 * 1024]);
    Source<ByteString, NotUsed> endless =
        Source.repeat(block)
            .take(2000)
            .map(
                bytes -> {
                  produced.addAndGet(bytes.size());
                  return bytes;
                });
    try (Server server = new Server(answer(endless), 0, SETTINGS);
        SSLSocket socket = connect(server.port())) {
      socket.setReceiveBufferSize(64 * 1024);

      // When: nothing is read until production stands still
      socket.getOutputStream().write('?');
      assertThat(socket.getInputStream().read()).isEqualTo(0);
      long before = -1;
      while (before != produced.get()) {
        before = produced.get();
        Thread.sleep(200);
      }

      // Then
      assertThat(before).isLessThan(64L << 20);
    }
  }

  @ParameterizedTest
  @CsvSource({"TLSv1.3,0", "TLSv1.2,0", "TLSv1.3,7"})
  void clientSideTalksToAJdkServer(String protocol, int fragment) throws Exception {
    // Given
    byte[] body = random(2_000_000);
    try (SSLServerSocket listener =
        (SSLServerSocket)
            TLS.server
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
      listener.setEnabledProtocols(new String[] {protocol});
      Thread.ofVirtual().start(() -> serveOnce(listener, body, true));

      // When
      ByteString got = fetch(listener.getLocalPort(), fragment).get(30, TimeUnit.SECONDS);

      // Then
      assertThat(sha(got.toArray())).isEqualTo(sha(body));
    }
  }

  @Test
  void clientSideSeesATruncatedOrigin() throws Exception {
    // Given: an origin that ends TCP in the middle without close_notify
    try (SSLServerSocket listener =
        (SSLServerSocket)
            TLS.server
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
      java.net.ServerSocket front =
          new java.net.ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
      Thread.ofVirtual().start(() -> serveOnce(listener, random(500_000), true));
      Thread.ofVirtual().start(() -> relayPart(front, listener.getLocalPort(), 100_000));

      // When / Then
      assertThatThrownBy(() -> fetch(front.getLocalPort(), 0).get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(TlsTruncatedException.class);
      front.close();
    }
  }

  @Test
  void clientSideRefusesAnUntrustedOrigin() throws Exception {
    // Given
    TestTls other = new TestTls("localhost", "127.0.0.1");
    try (SSLServerSocket listener =
        (SSLServerSocket)
            other
                .server
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
      Thread.ofVirtual().start(() -> serveOnce(listener, new byte[1], true));

      // When / Then
      assertThatThrownBy(() -> fetch(listener.getLocalPort(), 0).get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(SSLException.class);
    }
  }

  private static CompletableFuture<ByteString> fetch(int port, int fragment) {
    Flow<ByteString, ByteString, ?> tcp =
        Tcp.get(SYSTEM)
            .outgoingConnection(
                new InetSocketAddress("127.0.0.1", port),
                Optional.empty(),
                List.of(),
                true,
                Optional.empty(),
                Optional.empty())
            .via(fragments(fragment));
    Pair<CompletionStage<TlsHandshake>, CompletionStage<ByteString>> run =
        Source.single(ByteString.fromString("?"))
            .viaMat(TlsStage.client(() -> clientEngine(port), SETTINGS).join(tcp), Keep.right())
            .toMat(
                Sink.<ByteString, ByteString>fold(ByteString.emptyByteString(), ByteString::concat),
                Keep.both())
            .run(SYSTEM);
    return run.second().toCompletableFuture();
  }

  private static SSLEngine clientEngine(int port) {
    SSLEngine engine = TLS.client.createSSLEngine("localhost", port);
    var parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return engine;
  }

  private static void serveOnce(SSLServerSocket listener, byte[] body, boolean close) {
    try (SSLSocket socket = (SSLSocket) listener.accept()) {
      int first = socket.getInputStream().read();
      OutputStream out = socket.getOutputStream();
      if (first == '?') {
        out.write(body);
      }
      if (close) {
        socket.shutdownOutput();
      }
      while (socket.getInputStream().read() >= 0) {
        // until the client has ended too
      }
    } catch (IOException broken) {
      // the client gave up, which some tests want
    }
  }

  private static void relayPart(java.net.ServerSocket front, int port, int limit) {
    try (Socket client = front.accept();
        Socket origin = new Socket("127.0.0.1", port)) {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  client.getInputStream().transferTo(origin.getOutputStream());
                } catch (IOException ended) {
                  // the other direction closed both
                }
              });
      int left = limit;
      byte[] buffer = new byte[8192];
      while (left > 0) {
        int n = origin.getInputStream().read(buffer, 0, Math.min(buffer.length, left));
        client.getOutputStream().write(buffer, 0, n);
        left -= n;
      }
      client.shutdownOutput();
      Thread.sleep(1000);
    } catch (IOException | InterruptedException broken) {
      Thread.currentThread().interrupt();
    }
  }
}
