package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.FaultyProxy;
import dev.weir.testing.NetworkNamespace;
import dev.weir.testing.OriginServer;
import dev.weir.testing.RangedBody;
import dev.weir.testing.S3Server;
import dev.weir.testing.SearchServer;
import dev.weir.testing.Seen;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
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

/**
 * Three hundred clients of three nodes with real stores, each node in a heap of 256 MiB, at once on
 * one cold object of 64 MiB; undisturbed, and with the node that fetches it killed, stopped or cut
 * off from the others in the middle.
 */
@Tag("cluster")
class FleetHerdIT {
  private static final int CLIENTS = 300;
  private static final String PATH = "/herd";

  /** Two million bytes a second on each connection: all are there before it ends. */
  private static final int PACE = 2_000;

  /** Stores are slow on a loaded machine, and without their word each node would go alone. */
  private static final String PATIENT =
      TestFleet.PATIENT
          + "weir.cache.store-timeout = 5 s\nweir.store.elasticsearch.reads.timeout = 3 s\n";

  /** Whoever takes over is to be seen to ask once, not for several parts. */
  private static final String ONE_STREAM = "weir.fill.acceleration.max-connections = 1\n";

  private static final byte[] BODY = new byte[64 << 20];

  static {
    new Random(64).nextBytes(BODY);
  }

  @TempDir private Path folder;
  private final String index = "herd_" + UUID.randomUUID();
  private SearchServer search;
  private S3Server s3;
  private OriginServer origin;
  private Herd herd;

  @BeforeEach
  void storesAndAnOrigin() throws Exception {
    search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir");
    origin = OriginServer.start().on(PATH, new RangedBody(BODY, "\"v1\"").paced(PACE));
    herd = new Herd(BODY);
  }

  @AfterEach
  void stop() throws Exception {
    herd.close();
    origin.close();
    s3.close();
    search.call("DELETE", "/" + index + "*", "");
  }

  private TestFleet fleet(String settings) throws Exception {
    return fleet(
        Collections.nCopies(3, TestFleet.Place.HERE),
        settings,
        "127.0.0.1",
        "http://127.0.0.1:" + s3.port(),
        search.url().toString());
  }

  private TestFleet fleet(
      List<TestFleet.Place> places, String settings, String servers, String objects, String meta)
      throws Exception {
    return TestFleet.at(
        folder,
        places,
        PATIENT + settings,
        "--allow-destinations=" + servers,
        "--s3-bucket=weir",
        "--s3-region=us-east-1",
        "--s3-endpoint=" + objects,
        "--elasticsearch-url=" + meta,
        "--elasticsearch-meta-index=" + index,
        "--elasticsearch-shards=1",
        "--elasticsearch-replicas=0");
  }

  private long plainGets() {
    return origin.count(PATH, Seen::isPlainGet);
  }

  private static long sum(List<WeirProcess> nodes, String metric) throws Exception {
    long sum = 0;
    for (WeirProcess node : nodes) {
      sum += StoresRig.metric(node, metric);
    }
    return sum;
  }

  /** All the clients of those nodes, and returns when they read and a part of the body is there. */
  private List<CompletableFuture<String>> inTheMiddle(List<WeirProcess> others, String url)
      throws Exception {
    List<CompletableFuture<String>> clients = herd.ask(others, url, CLIENTS);
    Eventually.holds(() -> sum(others, "weir_fill_readers") >= CLIENTS);
    Eventually.holds(() -> origin.bodyBytesSent() > BODY.length / 4);
    return clients;
  }

  private void oneMoreRequestForTheRest() {
    assertThat(plainGets()).isEqualTo(1);
    List<String> ranges =
        origin.seen(PATH).stream()
            .filter(Seen::isRange)
            .map(one -> String.valueOf(one.header("Range")))
            .toList();
    assertThat(ranges).singleElement().asString().matches("bytes=[1-9]\\d+-.*");
  }

  @Test
  void theOriginSeesOneGetAndSendsEveryByteOnce() throws Exception {
    try (TestFleet fleet = fleet("")) {
      // When
      List<CompletableFuture<String>> clients = herd.ask(fleet.nodes(), origin.url(PATH), CLIENTS);

      // Then
      assertThat(Herd.troubles(clients)).isEmpty();
      assertThat(plainGets()).isEqualTo(1);
      assertThat(sum(fleet.nodes(), "weir_fill_origin_bytes")).isEqualTo(BODY.length);
      assertThat(sum(fleet.nodes(), "weir_fill_peer_bytes")).isEqualTo(2L * BODY.length);
      for (WeirProcess node : fleet.nodes()) {
        assertThat(StoresRig.metric(node, "weir_fills_followed")).isLessThanOrEqualTo(1);
      }
      assertThat(sum(fleet.nodes(), "weir_fills_followed")).isEqualTo(2);
    }
  }

  @Test
  void theLeaderIsKilledAndOnlyTheRestIsAskedFor() throws Exception {
    try (TestFleet fleet = fleet(ONE_STREAM)) {
      // Given
      WeirProcess leader = fleet.node(0);
      List<CompletableFuture<String>> doomed = herd.ask(List.of(leader), origin.url(PATH), 1);
      Eventually.holds(() -> origin.count(PATH) == 1);
      List<CompletableFuture<String>> clients =
          inTheMiddle(fleet.nodes().subList(1, 3), origin.url(PATH));

      // When
      leader.kill();

      // Then
      assertThat(Herd.troubles(clients)).isEmpty();
      assertThat(Herd.troubles(doomed)).as("what its own client could see").hasSize(1);
      oneMoreRequestForTheRest();
    }
  }

  @Test
  void theLeaderIsStoppedAndOnlyTheRestIsAskedFor() throws Exception {
    try (TestFleet fleet = fleet(ONE_STREAM)) {
      // Given
      WeirProcess leader = fleet.node(0);
      herd.ask(List.of(leader), origin.url(PATH), 1);
      Eventually.holds(() -> origin.count(PATH) == 1);
      List<CompletableFuture<String>> clients =
          inTheMiddle(fleet.nodes().subList(1, 3), origin.url(PATH));

      // When
      leader.pause();

      // Then
      assertThat(Herd.troubles(clients)).isEmpty();
      oneMoreRequestForTheRest();
      leader.resume();
      fleet.untilReady(0);
      assertThat(Herd.troubles(herd.ask(List.of(leader), origin.url(PATH), 1))).isEmpty();
    }
  }

  @Test
  void theLeaderIsCutOffAndBothSidesGoOn() throws Exception {
    Assumptions.assumeTrue(NetworkNamespace.allowed(), "no network namespaces may be made here");
    try (NetworkNamespace cutOff = NetworkNamespace.make();
        FaultyProxy objects = FaultyProxy.before(s3.port(), NetworkNamespace.SERVERS);
        FaultyProxy metadata =
            FaultyProxy.before(search.url().getPort(), NetworkNamespace.SERVERS);
        FaultyProxy servers = FaultyProxy.before(origin.port(), NetworkNamespace.SERVERS);
        TestFleet fleet =
            fleet(
                List.of(
                    new TestFleet.Place(NetworkNamespace.FLEET_INSIDE, cutOff.wrapper()),
                    new TestFleet.Place(NetworkNamespace.FLEET_OUTSIDE, List.of()),
                    new TestFleet.Place(NetworkNamespace.FLEET_OUTSIDE, List.of())),
                ONE_STREAM,
                "10.77.2.0/24",
                objects.url(),
                metadata.url())) {
      // Given
      String url = servers.url() + PATH;
      Path own = folder.resolve("own");
      CompletableFuture<Command.Ended> client = fleet.download(0, url, own);
      Eventually.holds(() -> origin.count(PATH) == 1);
      List<CompletableFuture<String>> clients = inTheMiddle(fleet.nodes().subList(1, 3), url);

      // When
      cutOff.cut();

      // Then
      assertThat(Herd.troubles(clients)).isEmpty();
      assertThat(client.join().exitCode()).isZero();
      assertThat(Files.readAllBytes(own)).isEqualTo(BODY);
      oneMoreRequestForTheRest();
      cutOff.heal();
      fleet.untilReady(0);
      assertThat(fleet.download(0, url, own).join().exitCode()).isZero();
      assertThat(Files.readAllBytes(own)).isEqualTo(BODY);
    }
  }
}
