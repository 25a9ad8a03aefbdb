package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes of one fleet, each a process of its own, and one origin that counts. */
@Tag("cluster")
class FleetIT {
  private static final int NODES = 3;
  private static final int CLIENTS = 60;
  private static final byte[] BODY = body(12 << 20);
  private static final int PIECE_BYTES = 64 << 10;

  @TempDir private Path folder;
  private final List<WeirProcess> nodes = new ArrayList<>();
  private final List<String> seeds = new ArrayList<>();
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private OriginServer origin;

  private static byte[] body(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @BeforeEach
  void aFleet() throws Exception {
    origin = OriginServer.start();
    assertThat(WeirProcess.run("cluster", "init", folder.resolve("fleet").toString()).exitCode())
        .isZero();
    // A loaded machine must not make nodes go alone: what is shown here is what they do together.
    Path settings =
        Files.writeString(
            folder.resolve("weir.conf"),
            "weir.cluster.unshared-stores = true\nweir.cache.ack-timeout = 10 s\n"
                + "weir.cache.answer-timeout = 20 s\n");
    List<Integer> ports = freePorts(2 * NODES);
    for (int i = 0; i < NODES; i++) {
      seeds.add("127.0.0.1:" + ports.get(2 * i) + ":" + ports.get(2 * i + 1));
    }
    for (int i = 0; i < NODES; i++) {
      nodes.add(
          WeirProcess.start(
              folder.resolve("data-" + i),
              "256m",
              "--config=" + settings,
              "--health-port=" + freePorts(1).getFirst(),
              "--cluster-dir=" + folder.resolve("fleet").resolve("node-" + (i + 1)),
              "--cluster-host=127.0.0.1",
              "--cluster-port=" + ports.get(2 * i),
              "--peer-port=" + ports.get(2 * i + 1),
              "--cluster-seeds=" + String.join(",", seeds),
              "--allow-destinations=127.0.0.1"));
    }
    for (WeirProcess node : nodes) {
      Eventually.holds(() -> isReady(node));
    }
  }

  @AfterEach
  void stop() {
    nodes.forEach(WeirProcess::close);
    clients.close();
    origin.close();
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ServerSocket socket = new ServerSocket(0);
      sockets.add(socket);
      ports.add(socket.getLocalPort());
    }
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    return ports;
  }

  private static boolean isReady(WeirProcess node) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      URI health = URI.create("http://127.0.0.1:" + node.healthPort() + "/health");
      return http.send(HttpRequest.newBuilder(health).build(), HttpResponse.BodyHandlers.ofString())
              .statusCode()
          == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Two million bytes a second: slow enough that everybody comes while it runs. */
  private void slow(String path) {
    origin.on(
        path,
        seen -> {
          String range = seen.header("Range");
          int from =
              range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-.*", "$1"));
          Headers headers =
              Headers.of(
                  "ETag", "\"v1\"", "Accept-Ranges", "bytes", "Cache-Control", "max-age=600");
          Answer.BodyWriter rest =
              out -> {
                for (int at = from; at < BODY.length; at += PIECE_BYTES) {
                  out.write(BODY, at, Math.min(PIECE_BYTES, BODY.length - at));
                  Thread.sleep(PIECE_BYTES / 2_000);
                }
              };
          return from == 0
              ? Answer.stream(200, headers, BODY.length, rest)
              : Answer.stream(
                  206,
                  headers.plus(
                      "Content-Range",
                      "bytes " + from + "-" + (BODY.length - 1) + "/" + BODY.length),
                  BODY.length - from,
                  rest);
        });
  }

  private List<CompletableFuture<byte[]>> ask(List<WeirProcess> at, String path, int count) {
    List<CompletableFuture<byte[]>> bodies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ProxyClient client = new ProxyClient(at.get(i % at.size()).address());
      bodies.add(
          CompletableFuture.supplyAsync(
              () -> {
                ProxyClient.Response response = client.tryGet(origin.url(path));
                return response == null ? new byte[0] : response.body();
              },
              clients));
    }
    return bodies;
  }

  @Test
  void aColdObjectIsFetchedOnceForTheWholeFleet() throws Exception {
    // Given
    slow("/cold");

    // When
    List<CompletableFuture<byte[]>> bodies = ask(nodes, "/cold", CLIENTS);

    // Then
    assertThat(bodies).allSatisfy(body -> assertThat(Arrays.equals(body.join(), BODY)).isTrue());
    assertThat(origin.count("/cold")).isEqualTo(1);
  }

  @Test
  void aLeaderThatDiesIsFollowedByTheOneWithMostAndOnlyTheRestIsAskedFor() throws Exception {
    // Given a node that leads, and the others that follow it
    slow("/orphaned");
    WeirProcess leader = nodes.getFirst();
    List<WeirProcess> others = nodes.subList(1, NODES);
    List<CompletableFuture<byte[]>> doomed = ask(List.of(leader), "/orphaned", 1);
    Eventually.holds(() -> origin.count("/orphaned") == 1);
    List<CompletableFuture<byte[]>> bodies = ask(others, "/orphaned", CLIENTS);
    Eventually.holds(() -> origin.bodyBytesSent() > BODY.length / 4);

    // When
    leader.kill();

    // Then
    assertThat(bodies).allSatisfy(body -> assertThat(Arrays.equals(body.join(), BODY)).isTrue());
    assertThat(doomed.getFirst().join()).isNotEqualTo(BODY);
    assertThat(origin.count("/orphaned")).isEqualTo(2);
    assertThat(origin.seen("/orphaned").getLast().header("Range")).startsWith("bytes=");
  }

  @Test
  void aPurgeOnOneNodeIsKnownToAllWhenItReturns() throws Exception {
    // Given an object that every node has served
    origin.on("/purged", seen -> Answer.text(200, "old", "Cache-Control", "max-age=600"));
    for (CompletableFuture<byte[]> body : ask(nodes, "/purged", NODES)) {
      assertThat(body.join()).asString().isEqualTo("old");
    }
    WeirProcess first = nodes.getFirst();
    new ProxyClient(first.address()).untilHit(origin.url("/purged"));
    origin.on("/purged", seen -> Answer.text(200, "new", "Cache-Control", "max-age=600"));

    // When
    Command.Ended purged =
        WeirProcess.run(
            "purge",
            "--admin=http://127.0.0.1:" + nodes.getLast().healthPort(),
            origin.url("/purged"));

    // Then
    assertThat(purged.exitCode()).isZero();
    for (CompletableFuture<byte[]> body : ask(nodes, "/purged", NODES)) {
      assertThat(body.join()).asString().isEqualTo("new");
    }
  }

  @Test
  void theFleetCanBeLookedAt() throws Exception {
    // When
    Command.Ended status =
        WeirProcess.run(
            "cluster", "status", "--admin=http://127.0.0.1:" + nodes.get(1).healthPort());

    // Then
    assertThat(status.exitCode()).isZero();
    assertThat(status.out().lines().filter(line -> line.contains(" Up "))).hasSize(NODES);
    assertThat(status.out()).contains("keepers answer", "(this node)", "oldest");
  }

  @Test
  void aNodeWithAnotherCertificateAuthorityIsRefusedWithBothNamed() throws Exception {
    // Given a node of the same peers with an interception CA of its own making
    Path foreign = folder.resolve("foreign");
    assertThat(WeirProcess.run("ca", "export", "--data-dir=" + foreign).exitCode()).isZero();
    List<Integer> ports = freePorts(2);
    String seed = seedOf(nodes.getFirst());

    // When
    WeirProcess refused =
        WeirProcess.start(
            folder.resolve("data-refused"),
            "256m",
            "--health-port=0",
            "--ca=" + foreign.resolve("ca/ca.key"),
            "--ca-cert=" + foreign.resolve("ca/ca.pem"),
            "--config=" + folder.resolve("weir.conf"),
            "--cluster-dir=" + folder.resolve("fleet/node-1"),
            "--cluster-port=" + ports.get(0),
            "--peer-port=" + ports.get(1),
            "--cluster-seeds=" + seed);

    // Then
    Eventually.holds(() -> !refused.isAlive());
    assertThat(refused.log()).contains("interception CA", "is not that of", "weir cluster init");
  }

  private String seedOf(WeirProcess node) {
    return seeds.get(nodes.indexOf(node));
  }
}
