package dev.weir.cluster;

import static dev.weir.fill.FillHarness.await;
import static dev.weir.fill.FillHarness.failure;
import static dev.weir.fill.FillHarness.random;
import static dev.weir.fill.FillHarness.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHarness;
import dev.weir.fill.FillHead;
import dev.weir.fill.PeerFills;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Headers;
import dev.weir.origin.OriginFailure;
import dev.weir.tls.FleetFolder;
import dev.weir.tls.ForeignPeerException;
import dev.weir.tls.PeerIdentity;
import dev.weir.wire.TlsSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The byte connections between nodes, over real sockets and with real certificates. */
class PeerPortTest {
  private static final byte[] BODY = random(3_000_000);
  private static final long HANDSHAKE_MILLIS = 2_000;
  private static final Headers HEADERS =
      Headers.of("ETag", "\"v1\"", "Accept-Ranges", "bytes", "Cache-Control", "max-age=60");
  private static final Hello HELLO = Hello.of("aa:bb", 256, "1");
  private static final NodeState STATE =
      new NodeState(
          "a:2/run",
          "a:1",
          "1",
          "rules-1",
          true,
          7,
          1,
          0,
          List.of(new NodeState.RunningFill("http://o/x", true, 5, -1, 80)),
          new NodeState.Tiers(1, 2, 3, 4));

  @TempDir private Path folder;
  private FillHarness leading;
  private Tcp.ServerBinding binding;

  @BeforeEach
  void aNodeWithAPeerPort() {
    new FleetFolder(folder.resolve("fleet"), Instant.now()).make(List.of("a", "b"));
    leading = new FillHarness(folder.resolve("leading"), "chunk-bytes = 1 MiB");
    PeerServer server =
        new PeerServer(
            () -> HELLO,
            this::fill,
            new PeerChunks(leading.stores.chunks(), Runnable::run, 64 * 1024),
            () -> STATE,
            new FleetSettings.PortLimits(
                60_000, 100, new TlsSettings(HANDSHAKE_MILLIS, 16 * 1024, 16)));
    binding = await(server.bind(leading.data, identity("fleet", "a"), "127.0.0.1", 0));
  }

  @AfterEach
  void close() {
    await(binding.unbind());
    leading.close();
  }

  private CompletionStage<Fill> fill(FillId id) {
    return leading
        .fills
        .running(id)
        .<CompletionStage<Fill>>map(fill -> fill.head().thenApply(head -> fill))
        .orElseGet(() -> CompletableFuture.failedStage(new IOException("gone")));
  }

  private PeerIdentity identity(String fleet, String node) {
    return PeerIdentity.load(folder.resolve(fleet).resolve(node));
  }

  private int port() {
    return binding.localAddress().getPort();
  }

  private NodeId node() {
    return new NodeId("127.0.0.1:" + port() + "/run");
  }

  private PeerClient client(String fleet, String node, String overrides) {
    FleetSettings settings =
        FleetSettings.from(
            ConfigFactory.parseString("weir.cluster { " + overrides + " }")
                .withFallback(ConfigFactory.parseResources("reference/cluster.conf"))
                .resolve()
                .getConfig("weir.cluster"));
    return new PeerClient(leading.data, identity(fleet, node), settings);
  }

  private PeerClient peer() {
    return client("fleet", "b", "");
  }

  private Fill lead(Source<ByteString, ?> body) {
    leading.origins.answer(TestOrigins.response(200, HEADERS, body, OptionalLong.of(BODY.length)));
    return leading.fills.start(leading.plan(FillHarness::store));
  }

  private Entry stored() {
    Fill.End end = await(lead(TestOrigins.pieces(BODY, 16 * 1024)).end());
    return ((Fill.End.Committed) end).entry();
  }

  @Test
  void aPeerSaysWhatNodesMustAgreeOn() {
    // Given
    FleetSettings.Seed seed = new FleetSettings.Seed("127.0.0.1", 1, port());

    // When
    Hello hello = await(peer().hello(seed));

    // Then
    assertThat(hello).isEqualTo(HELLO);
  }

  @Test
  void aPeerSaysHowItIs() {
    // When
    NodeState state = await(peer().state(node()));

    // Then
    assertThat(state).isEqualTo(STATE);
  }

  @Test
  void aFillIsReadAlongFromAnyByte() {
    // Given
    CompletableFuture<ByteString> rest = new CompletableFuture<>();
    ByteString whole = ByteString.fromArrayUnsafe(BODY);
    Fill led =
        lead(
            Source.single(whole.take(2_000_000))
                .concat(Source.completionStage(rest))
                .mapMaterializedValue(ignored -> NotUsed.getInstance()));

    // When
    PeerFills.Opened fromStart = await(peer().open(node(), led.id(), 0));
    PeerFills.Opened fromMiddle = await(peer().open(node(), led.id(), 1_500_000));
    rest.complete(whole.drop(2_000_000));

    // Then
    assertThat(fromStart.note().head()).isInstanceOf(FillHead.Streaming.class);
    assertThat(leading.read(fromStart.bytes())).isEqualTo(BODY);
    assertThat(leading.read(fromMiddle.bytes())).isEqualTo(whole.drop(1_500_000).toArrayUnsafe());
  }

  @Test
  void aBodyCutAtTheLeaderIsCutAtThePeer() {
    // Given: an origin that breaks off, with nothing to go on from
    CompletableFuture<ByteString> never = new CompletableFuture<>();
    Fill led =
        lead(
            Source.single(ByteString.fromArrayUnsafe(BODY).take(1_000_000))
                .concat(Source.completionStage(never))
                .mapMaterializedValue(ignored -> NotUsed.getInstance()));
    PeerFills.Opened opened = await(peer().open(node(), led.id(), 0));
    leading.origins.answer(
        request ->
            CompletableFuture.failedStage(
                new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null)));

    // When
    CompletionStage<ByteString> read =
        opened.bytes().runFold(ByteString.emptyByteString(), ByteString::concat, leading.data);
    never.completeExceptionally(
        new OriginFailure(OriginFailure.Kind.TRUNCATED, "The body was cut short", null));

    // Then
    assertThat(failure(read)).isNotNull();
  }

  @Test
  void whatANodeDoesNotLeadIsNotThere() {
    // When
    Throwable failed = failure(peer().open(node(), FillId.random(), 0));

    // Then
    assertThat(failed).isInstanceOf(IOException.class).hasMessageContaining("does not have");
  }

  @Test
  void aChunkIsReadByItsDigestAndLength() {
    // Given
    Entry entry = stored();
    ChunkId chunk = ((Body.Chunked) entry.body()).manifest().chunks().getFirst();

    // When
    byte[] bytes =
        await(
                peer()
                    .chunk(node(), chunk, 1024 * 1024)
                    .thenCompose(
                        source ->
                            source.runFold(
                                ByteString.emptyByteString(), ByteString::concat, leading.data)))
            .toArray();

    // Then
    assertThat(bytes).isEqualTo(ByteString.fromArrayUnsafe(BODY).take(1024 * 1024).toArray());
    assertThat(failure(peer().chunk(node(), chunk, 1024 * 1024 - 1)))
        .hasMessageContaining("does not have");
    assertThat(failure(peer().chunk(node(), new ChunkId("0".repeat(64)), 10)))
        .hasMessageContaining("does not have");
  }

  @Test
  void aPeerThatLeavesAChunkHalfReadLeavesNoPin() {
    // Given
    Entry entry = stored();
    ChunkId chunk = ((Body.Chunked) entry.body()).manifest().chunks().getFirst();
    var source = await(peer().chunk(node(), chunk, 1024 * 1024));

    // When
    await(source.take(1).runWith(Sink.ignore(), leading.data));
    leading.stores.retention().removed(entry);

    // Then
    until(() -> !held(chunk));
  }

  private boolean held(ChunkId chunk) {
    try (var held = leading.stores.chunks().list()) {
      return held.anyMatch(found -> found.id().equals(chunk));
    }
  }

  @Test
  void aNodeOfAnotherFleetIsRefused() {
    // Given
    new FleetFolder(folder.resolve("other"), Instant.now()).make(List.of("b"));

    // When
    CompletionStage<Hello> greeted =
        client("other", "b", "").hello(new FleetSettings.Seed("127.0.0.1", 1, port()));

    // Then: whoever reads it learns which of the two folders is the wrong one
    assertThat(failure(greeted))
        .hasRootCauseInstanceOf(ForeignPeerException.class)
        .rootCause()
        .hasMessageMatching(
            "its peer CA is CN=Weir peers \\w{8} \\((..:){31}..\\), "
                + "this node's is CN=Weir peers \\w{8} \\((..:){31}..\\)");
  }

  @Test
  void theInterceptionCaMakesNobodyAPeer() throws Exception {
    // Given: the key that signs what clients see, which is another than that of peers
    KeyStore shown = KeyStore.getInstance("PKCS12");
    shown.load(null, new char[0]);
    Path ca = folder.resolve("fleet/b");
    String key = Files.readString(ca.resolve("ca.key")).replaceAll("-----.*-----|\\s", "");
    shown.setKeyEntry(
        "ca",
        KeyFactory.getInstance("EC")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))),
        new char[0],
        new Certificate[] {
          CertificateFactory.getInstance("X.509")
              .generateCertificate(Files.newInputStream(ca.resolve("ca.pem")))
        });
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(shown, new char[0]);

    // When
    Throwable refused = failure(greetingWith(keys.getKeyManagers()));

    // Then
    assertThat(refused).isNotNull();
  }

  @Test
  void aFolderPutTogetherFromTwoFleetsIsRefusedAtTheStart() throws Exception {
    // Given
    new FleetFolder(folder.resolve("other"), Instant.now()).make(List.of("b"));
    Files.copy(
        folder.resolve("other/b/peer-ca.pem"),
        folder.resolve("fleet/b/peer-ca.pem"),
        StandardCopyOption.REPLACE_EXISTING);

    // When
    Throwable refused = catchThrowable(() -> identity("fleet", "b"));

    // Then
    assertThat(refused).hasMessageContainingAll("peer.pem is not signed by", "weir cluster init");
  }

  @Test
  void whoeverHadNoCertificateKeptConnectionsFromPeersForMinutes() throws Exception {
    try (Socket idle = new Socket("127.0.0.1", port())) {
      // Given
      idle.setSoTimeout(30_000);

      // When
      Throwable ended = catchThrowable(() -> idle.getInputStream().readAllBytes());

      // Then: closed, in whatever way, long before the silence that peers are allowed
      assertThat(ended == null || ended instanceof SocketException).isTrue();
    }
  }

  @Test
  void aPeerThatWaitsLongForTheBytesOfItsFillIsNotTakenForOneThatAsksNothing() throws Exception {
    // Given
    CompletableFuture<ByteString> rest = new CompletableFuture<>();
    ByteString whole = ByteString.fromArrayUnsafe(BODY);
    Fill led =
        lead(
            Source.single(whole.take(2_000_000))
                .concat(Source.completionStage(rest))
                .mapMaterializedValue(ignored -> NotUsed.getInstance()));
    PeerFills.Opened opened =
        await(client("fleet", "b", "peer-silence = 20 s").open(node(), led.id(), 0));

    // When
    CompletableFuture.delayedExecutor(2 * HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS)
        .execute(() -> rest.complete(whole.drop(2_000_000)));

    // Then
    assertThat(leading.read(opened.bytes())).isEqualTo(BODY);
  }

  @Test
  void whoShowsNoCertificateIsRefused() throws Exception {
    // When
    Throwable refused = failure(greetingWith(new KeyManager[0]));

    // Then
    assertThat(refused).isNotNull();
  }

  /** By a client that would trust anybody. */
  private CompletionStage<HttpResponse> greetingWith(KeyManager[] keys) throws Exception {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys, new TrustManager[] {new TrustsAll()}, null);
    var connection =
        Http.get(leading.data)
            .connectionTo("127.0.0.1")
            .toPort(port())
            .withCustomHttpsConnectionContext(
                ConnectionContext.httpsClient(
                    (host, port) -> {
                      var engine = context.createSSLEngine(host, port);
                      engine.setUseClientMode(true);
                      return engine;
                    }))
            .https();
    return Source.single(HttpRequest.create("/hello"))
        .via(connection)
        .runWith(Sink.head(), leading.data);
  }

  @Test
  void aPeerThatAcceptsAndSaysNothingIsGivenUp() throws Exception {
    // Given: as a stopped process does, the kernel accepts for it
    try (ServerSocket stopped = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      NodeId node = new NodeId("127.0.0.1:" + stopped.getLocalPort() + "/run");

      // When
      Throwable failed =
          failure(
              client("fleet", "b", "peer-open-timeout = 300 ms, peer-idle = 1 s")
                  .open(node, FillId.random(), 0));

      // Then
      assertThat(failed).isInstanceOf(java.util.concurrent.TimeoutException.class);
      try (var accepted = stopped.accept()) {
        accepted.setSoTimeout(20_000);
        Throwable ended = catchThrowable(accepted.getInputStream()::readAllBytes);
        assertThat(ended == null || ended.getMessage().equals("Connection reset")).isTrue();
      }
    }
  }

  private static final class TrustsAll extends javax.net.ssl.X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(
        java.security.cert.X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkServerTrusted(
        java.security.cert.X509Certificate[] chain, String type, java.net.Socket socket) {}

    @Override
    public void checkClientTrusted(
        java.security.cert.X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkServerTrusted(
        java.security.cert.X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

    @Override
    public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String type) {}

    @Override
    public java.security.cert.X509Certificate[] getAcceptedIssuers() {
      return new java.security.cert.X509Certificate[0];
    }
  }
}
