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
import dev.weir.tls.PeerIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The byte connections between nodes, over real sockets and with real certificates. */
class PeerPortTest {
  private static final byte[] BODY = random(3_000_000);
  private static final Headers HEADERS =
      Headers.of("ETag", "\"v1\"", "Accept-Ranges", "bytes", "Cache-Control", "max-age=60");
  private static final Hello HELLO = new Hello("aa:bb", Hello.KEY_SHAPE, Hello.PROTOCOL, "1");

  @TempDir private Path folder;
  private FillHarness leading;
  private ServerBinding binding;

  @BeforeEach
  void aNodeWithAPeerPort() {
    new FleetFolder(folder.resolve("fleet"), Instant.now()).make(List.of("a", "b"));
    leading = new FillHarness(folder.resolve("leading"), "chunk-bytes = 1 MiB");
    PeerServer server =
        new PeerServer(
            HELLO,
            this::fill,
            new PeerChunks(leading.stores.chunks(), Runnable::run, 64 * 1024),
            60_000);
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

    // Then
    assertThat(failure(greeted)).isNotNull();
  }

  @Test
  void whoShowsNoCertificateIsRefused() throws Exception {
    // Given: a client that would trust anybody, and has nothing to show
    var context = javax.net.ssl.SSLContext.getInstance("TLSv1.3");
    context.init(null, new javax.net.ssl.TrustManager[] {new TrustsAll()}, null);
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

    // When
    var answered =
        Source.single(HttpRequest.create("/hello"))
            .via(connection)
            .runWith(Sink.head(), leading.data);

    // Then
    assertThat(failure(answered)).isNotNull();
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
