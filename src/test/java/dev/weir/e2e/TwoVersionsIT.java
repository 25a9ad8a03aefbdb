package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.OlderVersion;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.Seen;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a rolling upgrade goes through: a node of an earlier version among those of this one. */
@Tag("cluster")
class TwoVersionsIT {
  private static final String OLDER = System.getProperty("weir.test.older", "7c4526f");
  private static final int OLD_NODE = 0;
  private static final int CLIENTS = 30;
  private static final int PIECE_BYTES = 64 << 10;

  @TempDir private Path folder;
  private OriginServer origin;

  @BeforeEach
  void start() {
    origin = OriginServer.start();
  }

  @AfterEach
  void stop() {
    origin.close();
  }

  /** Slow enough that everybody comes while it runs. */
  private byte[] slowBody(String path) {
    byte[] body = new byte[6 << 20];
    new Random(3).nextBytes(body);
    origin.on(
        path,
        seen ->
            Answer.stream(
                200,
                Headers.of("ETag", "\"v1\"", "Cache-Control", "max-age=600"),
                body.length,
                out -> {
                  for (int at = 0; at < body.length; at += PIECE_BYTES) {
                    out.write(body, at, PIECE_BYTES);
                    Thread.sleep(PIECE_BYTES / 2_000);
                  }
                }));
    return body;
  }

  @Test
  void oneNodeOfAnEarlierVersionIsAFullMemberOfTheFleet() throws Exception {
    Assumptions.assumeTrue(OlderVersion.isThere(OLDER), "no history with " + OLDER + " here");
    String older = OlderVersion.classPath(OLDER, Files.createDirectories(folder.resolve("older")));
    try (TestFleet fleet =
        TestFleet.at(
            folder,
            List.of(TestFleet.Place.ofVersion(older), TestFleet.Place.HERE, TestFleet.Place.HERE),
            TestFleet.UNSHARED + TestFleet.PATIENT,
            "--allow-destinations=127.0.0.1")) {
      // When
      byte[] body = slowBody("/cold");
      List<String> differing =
          TestFleet.differing(fleet.ask(fleet.nodes(), origin.url("/cold"), CLIENTS), body);

      // Then
      assertThat(differing).isEmpty();
      assertThat(origin.count("/cold", Seen::isPlainGet)).isEqualTo(1);
      for (int node = 0; node < fleet.nodes().size(); node++) {
        aPurgeIsKnownToAll(fleet, node);
      }
      theKeepersMoveOnToTheNewerOnes(fleet);
      for (WeirProcess node : fleet.nodes()) {
        assertThat(node.log()).doesNotContainIgnoringCase("deserializ");
      }
    }
  }

  private void aPurgeIsKnownToAll(TestFleet fleet, int purger) throws Exception {
    String path = "/purged-" + purger;
    origin.on(path, seen -> Answer.text(200, "old", "Cache-Control", "max-age=600"));
    for (WeirProcess node : fleet.nodes()) {
      new ProxyClient(node.address()).untilHit(origin.url(path));
    }
    origin.on(path, seen -> Answer.text(200, "new", "Cache-Control", "max-age=600"));
    assertThat(fleet.purge(purger, origin.url(path))).startsWith("0 ");
    for (WeirProcess node : fleet.nodes()) {
      assertThat(new ProxyClient(node.address()).get(origin.url(path)).text()).isEqualTo("new");
    }
  }

  /** The old one leaves as an upgrade has it; what it had is answered for by the others. */
  private void theKeepersMoveOnToTheNewerOnes(TestFleet fleet) throws Exception {
    origin.on("/moved", seen -> Answer.text(200, "moved", "Cache-Control", "max-age=600"));
    new ProxyClient(fleet.node(OLD_NODE).address()).untilHit(origin.url("/moved"));
    assertThat(fleet.node(OLD_NODE).terminate()).isZero();
    for (int node = 1; node < fleet.nodes().size(); node++) {
      int each = node;
      Eventually.holds(() -> fleet.isReady(each));
      ProxyClient client = new ProxyClient(fleet.node(each).address());
      assertThat(client.untilHit(origin.url("/moved")).text()).isEqualTo("moved");
    }
  }
}
