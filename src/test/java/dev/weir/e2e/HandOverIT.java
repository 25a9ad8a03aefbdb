package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.RangedBody;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node that is told to stop while it leads a fill that others follow. Here keepers never take a
 * silent leader for dead within a test, so that whatever goes on does so because it was handed on.
 */
@Tag("cluster")
class HandOverIT {
  private static final String KEEPERS_THAT_WAIT =
      "weir.cache { orphan-patience = 120 s, leader-silence = 180 s }\n";
  private static final byte[] BODY = new byte[12 << 20];

  static {
    new Random(11).nextBytes(BODY);
  }

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

  private TestFleet fleet(String drainTimeout) throws Exception {
    return TestFleet.here(
        folder,
        3,
        TestFleet.UNSHARED
            + TestFleet.PATIENT
            + KEEPERS_THAT_WAIT
            + "weir.node.drain-timeout = "
            + drainTimeout
            + "\n",
        "--allow-destinations=127.0.0.1");
  }

  /** A million bytes a second, ranges understood. */
  private String slow(String path) {
    origin.on(path, new RangedBody(BODY, "\"v1\"").paced(1_000));
    return origin.url(path);
  }

  /** A client of the first node, whose request leads. */
  private RawClient leading(TestFleet fleet, String url) {
    RawClient client = RawClient.connect(fleet.node(0).port());
    String authority = "127.0.0.1:" + origin.port();
    client.send("GET " + url + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
    return client;
  }

  /** Of the two other nodes; returns when both read along. */
  private static List<CompletableFuture<TestFleet.Fetched>> followers(TestFleet fleet, String url)
      throws Exception {
    List<CompletableFuture<TestFleet.Fetched>> bodies =
        fleet.ask(fleet.nodes().subList(1, 3), url, 20);
    Eventually.holds(() -> StoresRig.metric(fleet.node(0), "weir_fill_readers") >= 3);
    return bodies;
  }

  @Test
  void aFillThatNobodyReadsHereIsHandedOnAndOnlyTheRestIsAskedFor() throws Exception {
    try (TestFleet fleet = fleet("60 s")) {
      // Given a leader whose own client has gone
      String url = slow("/handed");
      RawClient own = leading(fleet, url);
      Eventually.holds(() -> origin.count("/handed") == 1);
      List<CompletableFuture<TestFleet.Fetched>> bodies = followers(fleet, url);
      own.close();

      // When
      int exitCode = fleet.node(0).terminate();

      // Then
      assertThat(exitCode).isZero();
      assertThat(bodies).noneMatch(CompletableFuture::isDone);
      assertThat(TestFleet.differing(bodies, BODY)).isEmpty();
      assertThat(origin.count("/handed")).isEqualTo(2);
      assertThat(origin.seen("/handed").getLast().header("Range")).startsWith("bytes=");
    }
  }

  @Test
  void aFillThatIsReadHereIsHandedOnAtTheLimit() throws Exception {
    try (TestFleet fleet = fleet("1 s")) {
      // Given
      String url = slow("/cut");
      try (RawClient _ = leading(fleet, url)) {
        Eventually.holds(() -> origin.count("/cut") == 1);
        List<CompletableFuture<TestFleet.Fetched>> bodies = followers(fleet, url);

        // When
        int exitCode = fleet.node(0).terminate();

        // Then
        assertThat(exitCode).isZero();
        assertThat(TestFleet.differing(bodies, BODY)).isEmpty();
        assertThat(origin.count("/cut")).isEqualTo(2);
        assertThat(origin.seen("/cut").getLast().header("Range")).startsWith("bytes=");
      }
    }
  }

  @Test
  void aFillThatEndsInTimeIsNotHandedOn() throws Exception {
    try (TestFleet fleet = fleet("60 s")) {
      // Given
      String url = slow("/whole");
      List<CompletableFuture<TestFleet.Fetched>> own =
          fleet.ask(fleet.nodes().subList(0, 1), url, 1);
      Eventually.holds(() -> origin.count("/whole") == 1);
      List<CompletableFuture<TestFleet.Fetched>> bodies = followers(fleet, url);

      // When
      int exitCode = fleet.node(0).terminate();

      // Then
      assertThat(exitCode).isZero();
      assertThat(TestFleet.differing(own, BODY)).isEmpty();
      assertThat(TestFleet.differing(bodies, BODY)).isEmpty();
      assertThat(origin.count("/whole")).isEqualTo(1);
    }
  }
}
