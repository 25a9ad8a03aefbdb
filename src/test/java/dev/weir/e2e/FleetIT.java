package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
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
  private TestFleet fleet;
  private List<WeirProcess> nodes;
  private OriginServer origin;

  private static byte[] body(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @BeforeEach
  void aFleet() throws Exception {
    origin = OriginServer.start();
    fleet =
        TestFleet.here(
            folder,
            NODES,
            TestFleet.UNSHARED + TestFleet.PATIENT,
            "--allow-destinations=127.0.0.1");
    nodes = fleet.nodes();
  }

  @AfterEach
  void stop() {
    fleet.close();
    origin.close();
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

  private List<CompletableFuture<TestFleet.Fetched>> ask(
      List<WeirProcess> at, String path, int count) {
    return fleet.ask(at, origin.url(path), count);
  }

  private static String text(CompletableFuture<TestFleet.Fetched> answer) {
    return new String(answer.join().body(), StandardCharsets.UTF_8);
  }

  @Test
  void aColdObjectIsFetchedOnceForTheWholeFleet() throws Exception {
    // Given
    slow("/cold");

    // When
    List<CompletableFuture<TestFleet.Fetched>> bodies = ask(nodes, "/cold", CLIENTS);

    // Then
    assertThat(TestFleet.differing(bodies, BODY)).isEmpty();
    assertThat(origin.count("/cold")).isEqualTo(1);
  }

  @Test
  void aLeaderThatDiesIsFollowedByTheOneWithMostAndOnlyTheRestIsAskedFor() throws Exception {
    // Given a node that leads, and the others that follow it
    slow("/orphaned");
    WeirProcess leader = nodes.getFirst();
    List<WeirProcess> others = nodes.subList(1, NODES);
    List<CompletableFuture<TestFleet.Fetched>> doomed = ask(List.of(leader), "/orphaned", 1);
    Eventually.holds(() -> origin.count("/orphaned") == 1);
    List<CompletableFuture<TestFleet.Fetched>> bodies = ask(others, "/orphaned", CLIENTS);
    Eventually.holds(() -> origin.bodyBytesSent() > BODY.length / 4);

    // When
    leader.kill();

    // Then
    assertThat(TestFleet.differing(bodies, BODY)).isEmpty();
    assertThat(doomed.getFirst().join().differs(BODY)).isNotEmpty();
    assertThat(origin.count("/orphaned")).isEqualTo(2);
    assertThat(origin.seen("/orphaned").getLast().header("Range")).startsWith("bytes=");
  }

  @Test
  void aPurgeOnOneNodeIsKnownToAllWhenItReturns() throws Exception {
    // Given an object that every node has served
    origin.on("/purged", seen -> Answer.text(200, "old", "Cache-Control", "max-age=600"));
    for (CompletableFuture<TestFleet.Fetched> body : ask(nodes, "/purged", NODES)) {
      assertThat(text(body)).isEqualTo("old");
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
    for (CompletableFuture<TestFleet.Fetched> body : ask(nodes, "/purged", NODES)) {
      assertThat(text(body)).isEqualTo("new");
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
    List<Integer> ports = TestFleet.freePorts(2);
    String seed = fleet.seed(0);

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
}
