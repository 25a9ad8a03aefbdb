package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.FaultyProxy;
import dev.weir.testing.NetworkNamespace;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.RangedBody;
import dev.weir.testing.S3Server;
import dev.weir.testing.SearchServer;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fleet whose nodes are stopped, killed and cut off; none is special. */
@Tag("cluster")
class FleetFaultsIT {
  @TempDir private Path folder;
  private OriginServer origin;

  @BeforeEach
  void anOrigin() {
    origin = OriginServer.start();
  }

  @AfterEach
  void stop() {
    origin.close();
  }

  @Test
  void theOneThatIsLeftServesAndTakesTheOthersBack() throws Exception {
    try (TestFleet fleet =
        TestFleet.here(folder, 3, TestFleet.UNSHARED, "--allow-destinations=127.0.0.1")) {
      // Given an object that the last node has
      origin.on("/kept", seen -> Answer.text(200, "kept", "Cache-Control", "max-age=600"));
      origin.on("/new", seen -> Answer.text(200, "new", "Cache-Control", "max-age=600"));
      ProxyClient client = new ProxyClient(fleet.node(2).address());
      client.untilHit(origin.url("/kept"));

      // When
      fleet.node(0).kill();
      fleet.node(1).kill();

      // Then
      assertThat(client.get(origin.url("/kept")).text()).isEqualTo("kept");
      assertThat(client.get(origin.url("/new")).text()).isEqualTo("new");
      Eventually.holds(() -> !fleet.isReady(2));
      assertThat(client.get(origin.url("/kept")).text()).isEqualTo("kept");
      fleet.again(0);
      fleet.again(1);
      fleet.untilReady(2);
      assertThat(client.untilHit(origin.url("/new")).text()).isEqualTo("new");
    }
  }

  @Test
  void withoutAFabricNodesGoAloneButEachOnlyOnce() throws Exception {
    // Given three nodes that never find each other: the founder is not there
    try (TestFleet fleet =
        TestFleet.unfounded(folder, 3, TestFleet.UNSHARED, "--allow-destinations=127.0.0.1")) {
      byte[] small = new byte[512 << 10];
      new Random(7).nextBytes(small);
      origin.on("/alone", new RangedBody(small, "\"v1\"").paced(2_000));

      // When
      List<CompletableFuture<TestFleet.Fetched>> bodies =
          fleet.ask(fleet.nodes(), origin.url("/alone"), 300);

      // Then
      assertThat(TestFleet.differing(bodies, small)).isEmpty();
      assertThat(origin.count("/alone")).isLessThanOrEqualTo(3);
    }
  }

  @Test
  void aMinorityThatIsCutOffServesAndKnowsOfAPurgeBeforeItServesThatKeyAgain() throws Exception {
    Assumptions.assumeTrue(NetworkNamespace.allowed(), "no network namespaces may be made here");
    String index = "cut_" + UUID.randomUUID();
    SearchServer search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    try (NetworkNamespace cutOff = NetworkNamespace.make();
        S3Server s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir");
        FaultyProxy objects = FaultyProxy.before(s3.port(), NetworkNamespace.SERVERS);
        FaultyProxy metadata =
            FaultyProxy.before(search.url().getPort(), NetworkNamespace.SERVERS);
        FaultyProxy servers = FaultyProxy.before(origin.port(), NetworkNamespace.SERVERS);
        TestFleet fleet =
            TestFleet.at(
                folder,
                List.of(
                    new TestFleet.Place(NetworkNamespace.FLEET_OUTSIDE, List.of()),
                    new TestFleet.Place(NetworkNamespace.FLEET_OUTSIDE, List.of()),
                    new TestFleet.Place(NetworkNamespace.FLEET_INSIDE, cutOff.wrapper())),
                TestFleet.PATIENT + "weir.cache.lease-term = 15 s\n",
                "--allow-destinations=10.77.2.0/24",
                "--s3-bucket=weir",
                "--s3-region=us-east-1",
                "--s3-endpoint=" + objects.url(),
                "--elasticsearch-url=" + metadata.url(),
                "--elasticsearch-meta-index=" + index,
                "--elasticsearch-shards=1",
                "--elasticsearch-replicas=0")) {
      // Given an object that all have served
      origin.on("/cut", seen -> Answer.text(200, "old", "Cache-Control", "max-age=600"));
      origin.on("/alone", seen -> Answer.text(200, "alone", "Cache-Control", "max-age=600"));
      String url = servers.url() + "/cut";
      new ProxyClient(fleet.node(0).address()).untilHit(url);
      assertThat(fleet.fetchedAt(2, url)).isEqualTo("old");

      // When
      cutOff.cut();
      String leased = fleet.fetchedAt(2, url);
      String cold = fleet.fetchedAt(2, servers.url() + "/alone");
      origin.on("/cut", seen -> Answer.text(200, "new", "Cache-Control", "max-age=600"));
      String purged = fleet.purge(0, url);

      // Then: cut off, it serves; and not the old one once the purge is acknowledged
      assertThat(leased).isEqualTo("old");
      assertThat(cold).isEqualTo("alone");
      assertThat(purged).startsWith("0 ");
      assertThat(new ProxyClient(fleet.node(1).address()).get(url).text()).isEqualTo("new");
      assertThat(fleet.fetchedAt(2, url)).isEqualTo("new");
      Eventually.holds(() -> !fleet.isReady(2));
      assertThat(fleet.fetchedAt(2, servers.url() + "/alone")).isEqualTo("alone");

      // And healed, it is one of the fleet again
      cutOff.heal();
      fleet.untilReady(2);
      assertThat(fleet.fetchedAt(2, url)).isEqualTo("new");
      assertThat(new ProxyClient(fleet.node(0).address()).get(url).text()).isEqualTo("new");
    } finally {
      search.call("DELETE", "/" + index + "*", "");
    }
  }

  /** Another joined it, and from then on the fleet was two, each with its own keepers. */
  @Test
  void theFirstNodeFoundedAFleetOfItsOwnWhenItWasCutOff() throws Exception {
    Assumptions.assumeTrue(NetworkNamespace.allowed(), "no network namespaces may be made here");
    // Given a fleet whose first node by name and by list is the one that will be cut off
    try (NetworkNamespace cutOff = NetworkNamespace.make();
        TestFleet fleet =
            TestFleet.at(
                folder,
                List.of(
                    new TestFleet.Place(NetworkNamespace.FLEET_INSIDE, cutOff.wrapper()),
                    new TestFleet.Place(NetworkNamespace.FLEET_OUTSIDE, List.of()),
                    new TestFleet.Place(NetworkNamespace.FLEET_OUTSIDE, List.of())),
                TestFleet.UNSHARED + "weir.cluster.look-around = 1 s\n")) {
      WeirProcess first = fleet.node(0);
      assertThat(first.log()).containsOnlyOnce("forming new cluster");

      // When its fabric has ended, and the next one has found nobody for a while
      cutOff.cut();
      Eventually.holds(() -> first.log().contains("The fabric has ended"));
      Eventually.holds(() -> first.log().contains("Couldn't join seed nodes after [3] attempts"));

      // Then
      assertThat(first.log()).containsOnlyOnce("forming new cluster");

      // And healed, it is one of the others' again
      cutOff.heal();
      fleet.untilReady(0);
      Eventually.holds(() -> TestFleet.members(fleet.node(1)).size() == 3);
      assertThat(first.log()).containsOnlyOnce("forming new cluster");
    }
  }

  @Test
  void noNodeServesTheOldBodyAfterAPurgeIsAcknowledged() throws Exception {
    int purges = Integer.getInteger("weir.test.purges", 100);
    String index = "purged_" + UUID.randomUUID();
    SearchServer search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    try (S3Server s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir");
        TestFleet fleet =
            TestFleet.here(
                folder,
                3,
                TestFleet.PATIENT,
                "--allow-destinations=127.0.0.1",
                "--s3-bucket=weir",
                "--s3-region=us-east-1",
                "--s3-endpoint=http://127.0.0.1:" + s3.port(),
                "--elasticsearch-url=" + search.url(),
                "--elasticsearch-meta-index=" + index,
                "--elasticsearch-shards=1",
                "--elasticsearch-replicas=0");
        PurgeLoad load = new PurgeLoad(fleet, origin)) {
      // Given readers on every node
      load.start();

      // When
      PurgeLoad.Result result = load.purge(purges);

      // Then
      assertThat(result.refused()).isZero();
      assertThat(result.staleAnswers()).isEmpty();
      System.out.println("purges under load: " + result);
    } finally {
      search.call("DELETE", "/" + index + "*", "");
    }
  }
}
