package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  @TempDir private Path folder;
  private TestFleet fleet;
  private List<WeirProcess> nodes;
  private OriginServer origin;

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

  private List<CompletableFuture<TestFleet.Fetched>> ask(
      List<WeirProcess> at, String path, int count) {
    return fleet.ask(at, origin.url(path), count);
  }

  private static String text(CompletableFuture<TestFleet.Fetched> answer) {
    return new String(answer.join().body(), StandardCharsets.UTF_8);
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
    assertThat(status.out()).doesNotContain("has not answered");
  }

  @Test
  void aNodeWithAnotherCertificateAuthorityIsRefusedWithBothNamed() throws Exception {
    // Given a node of the same peers with an interception CA of its own making
    Path foreign = folder.resolve("foreign");
    assertThat(WeirProcess.run("ca", "export", "--data-dir=" + foreign).exitCode()).isZero();
    List<Integer> ports = TestFleet.freePorts(2);

    // When
    WeirProcess refused =
        further(
            "refused",
            folder.resolve("fleet/node-1"),
            ports,
            fleet.seed(0),
            "--ca=" + foreign.resolve("ca/ca.key"),
            "--ca-cert=" + foreign.resolve("ca/ca.pem"));

    // Then
    Eventually.holds(() -> !refused.isAlive());
    assertThat(refused.log()).contains("interception CA", "is not that of", "weir cluster init");
  }

  @Test
  void aNodeOfAnotherFleetFoundedOneOfItsOwnOnTheSameStores() throws Exception {
    // Given a node whose whole folder is self-made, and who would be the founder
    Path foreign = folder.resolve("foreign");
    assertThat(WeirProcess.run("cluster", "init", foreign.toString()).exitCode()).isZero();
    List<Integer> ports = TestFleet.freePorts(2);
    String own = "127.0.0.1:" + ports.get(0) + ":" + ports.get(1);

    // When
    WeirProcess refused =
        further("foreign", foreign.resolve("node-1"), ports, own + "," + fleet.seed(0));

    // Then
    Eventually.holds(() -> !refused.isAlive());
    assertThat(refused.log())
        .containsPattern("another fleet: its peer CA is .*\\(..:.*\\), this node's is .*\\(..:");
  }

  @Test
  void aNodeThatNobodyGreetedJoinedWithAnotherCertificateAuthority() throws Exception {
    // Given: as when all start at once, no peer port answers before it joins
    Path foreign = folder.resolve("foreign");
    assertThat(WeirProcess.run("ca", "export", "--data-dir=" + foreign).exitCode()).isZero();
    List<Integer> ports = TestFleet.freePorts(3);
    String unanswered = fleet.seed(0).replaceFirst(":\\d+$", ":" + ports.get(2));

    // When
    try (WeirProcess alone =
        further(
            "alone",
            folder.resolve("fleet/node-1"),
            ports,
            unanswered,
            "--ca=" + foreign.resolve("ca/ca.key"),
            "--ca-cert=" + foreign.resolve("ca/ca.pem"))) {

      // Then
      Eventually.holds(() -> alone.log().contains("incompatible cluster configuration"));
      assertThat(TestFleet.members(nodes.getFirst())).hasSize(NODES);
    }
  }

  /** Found by a soak: what was purged in one of them was served in the other for ever. */
  @Test
  void twoFleetsOfTheSameNodesNeverBecameOne() throws Exception {
    // Given a node that has founded a fleet while the other did not run
    List<Integer> ports = TestFleet.freePorts(4).stream().sorted().toList();
    String early = "127.0.0.1:" + ports.get(0) + ":" + ports.get(1);
    String late = "127.0.0.1:" + ports.get(2) + ":" + ports.get(3);
    Path node = folder.resolve("fleet/node-1");
    try (WeirProcess one = further("late", node, ports.subList(2, 4), early + "," + late)) {
      Eventually.holds(() -> TestFleet.members(one).size() == 1);

      // When that one founds another, for it was not told of the first
      try (WeirProcess other = further("early", node, ports.subList(0, 2), early)) {
        // Then
        Eventually.holds(() -> TestFleet.members(other).size() == 2);
        Eventually.holds(() -> TestFleet.members(one).size() == 2);
        assertThat(one.log()).contains("of another fleet of the same nodes");
      }
    }
  }

  /** One more node than the fleet has, with this folder of keys and these two ports. */
  private WeirProcess further(
      String name, Path keys, List<Integer> ports, String seeds, String... more) throws Exception {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--health-port=" + TestFleet.freePorts(1).getFirst(),
                "--config=" + folder.resolve("weir.conf"),
                "--cluster-dir=" + keys,
                "--cluster-port=" + ports.get(0),
                "--peer-port=" + ports.get(1),
                "--cluster-seeds=" + seeds));
    flags.addAll(List.of(more));
    return WeirProcess.start(folder.resolve("data-" + name), "256m", flags.toArray(String[]::new));
  }
}
