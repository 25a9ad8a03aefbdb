package dev.weir.e2e;

import static dev.weir.e2e.StoresRig.isDegraded;
import static dev.weir.e2e.StoresRig.page;
import static dev.weir.e2e.StoresRig.pending;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.FaultyProxy;
import dev.weir.testing.FaultyProxy.Fault;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.SearchServer;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node between real stores of which one or both are slow, silent, gone or full, also at its
 * start: right bytes to everybody, and what waited goes where it belongs when they are back.
 */
@Tag("stores")
class SickStoresIT {
  /** Above what is kept in documents, small enough for a line that lets 64 KiB pass at a time. */
  private static final int BODY_BYTES = 300_000;

  @TempDir private Path folder;
  private final String index = "sick_" + UUID.randomUUID();
  private StoresRig rig;
  private FaultyProxy s3Line;
  private OriginServer origin;
  private SearchServer search;
  private FaultyProxy searchLine;

  @BeforeEach
  void start() throws Exception {
    search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    searchLine = FaultyProxy.before(search.url().getPort());
    rig = StoresRig.start(folder);
    s3Line = rig.line;
    origin = rig.origin;
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
    searchLine.close();
    for (String each : new String[] {index, index + "_access", index + "_notes"}) {
      search.call("DELETE", each, "");
    }
  }

  private static byte[] body(String path) {
    byte[] body = new byte[BODY_BYTES];
    new Random(path.hashCode()).nextBytes(body);
    return body;
  }

  /** An object of the origin, and its URL. */
  private String object(String path) {
    Headers fields = Headers.of("Cache-Control", "max-age=3600", "ETag", "\"one\"");
    origin.on(path, _ -> Answer.of(200, fields, body(path)));
    return origin.url(path);
  }

  private WeirProcess weir() throws Exception {
    return weir(folder.resolve("node"), "");
  }

  private WeirProcess weir(Path dataDir, String settings) throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("weir.conf"),
            Patience.SETTINGS
                + "weir.store.elasticsearch { reads.timeout = 1s, failures.probe-interval = 200ms }\n"
                + "weir.store.tier { max-retry = 1s, announce-retry = 1s }\n"
                + settings);
    return rig.weir(
        dataDir,
        "--allow-destinations=127.0.0.0/8",
        "--config=" + config,
        "--elasticsearch-url=" + searchLine.url(),
        "--elasticsearch-meta-index=" + index,
        "--elasticsearch-shards=1",
        "--elasticsearch-replicas=0");
  }

  private static void served(ProxyClient client, String url, String path) throws Exception {
    ProxyClient.Response response = client.get(url);
    assertThat(response.status()).as(response.header("Cache-Status")).isEqualTo(200);
    assertThat(response.body()).isEqualTo(body(path));
  }

  private void stored(WeirProcess weir, ProxyClient client, String url) throws Exception {
    client.untilHit(url);
    Eventually.holds(() -> pending(weir) == 0 && rig.chunksInS3() > 0);
  }

  @Test
  void aSlowOrSilentS3IsWaitedForOrPassedByAndUploadsDrain() throws Exception {
    try (WeirProcess weir = weir()) {
      // Given
      ProxyClient client = new ProxyClient(weir.address());
      String old = object("/old");
      stored(weir, client, old);
      for (Fault fault : new Fault[] {Fault.SLOW, Fault.SILENT}) {
        rig.wipeDiskTier();
        s3Line.set(fault);
        // When
        String path = "/new/" + fault;
        String fresh = object(path);
        // Then
        served(client, old, "/old");
        served(client, fresh, path);
        assertThat(client.untilHit(fresh).body()).isEqualTo(body(path));
        // When
        s3Line.set(Fault.NONE);
        // Then
        Eventually.holds(() -> pending(weir) == 0 && !isDegraded(weir));
        rig.wipeDiskTier();
        long fetched = origin.count(path);
        served(client, fresh, path);
        assertThat(origin.count(path)).isEqualTo(fetched);
      }
    }
  }

  @Test
  void aStartWithBothStoresDownServesSaysSoAndStoresWhenTheyAreBack() throws Exception {
    // Given
    s3Line.set(Fault.REFUSED);
    searchLine.set(Fault.REFUSED);
    String url = object("/first");
    try (WeirProcess weir = weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      // When
      served(client, url, "/first");
      // Then
      Eventually.holds(
          () -> {
            String health = page(weir, "/health");
            return health.contains("degraded")
                && health.contains("s3")
                && health.contains("Elasticsearch");
          });
      // When
      searchLine.set(Fault.NONE);
      s3Line.set(Fault.NONE);
      // Then
      Eventually.holds(() -> !isDegraded(weir));
      stored(weir, client, url);
    }
  }

  @Test
  void whatWaitedOutlivesAStartWithBothStoresDownAndDrainsWhenTheyAreBack() throws Exception {
    // Given
    s3Line.set(Fault.REFUSED);
    String url = object("/held");
    try (WeirProcess weir = weir()) {
      new ProxyClient(weir.address()).untilHit(url);
      assertThat(pending(weir)).isEqualTo(1);
      weir.kill();
    }
    searchLine.set(Fault.REFUSED);
    try (WeirProcess weir = weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      // When
      served(client, url, "/held");
      // Then
      assertThat(pending(weir)).isPositive();
      assertThat(rig.chunksInS3()).isZero();
      // When S3 is back alone
      s3Line.set(Fault.NONE);
      served(client, url, "/held");
      // Then
      assertThat(pending(weir)).as("nothing is settled without its document").isPositive();
      // When
      searchLine.set(Fault.NONE);
      // Then
      Eventually.holds(() -> pending(weir) == 0 && rig.chunksInS3() > 0);
      rig.wipeDiskTier();
      long fetched = origin.count("/held");
      assertThat(client.untilHit(url).body()).isEqualTo(body("/held"));
      assertThat(origin.count("/held")).isEqualTo(fetched);
    }
  }

  @Test
  void aFullDiskInFrontOfS3CostsStoringAndNotTheAnswer() throws Exception {
    // Given
    Path small = Files.createDirectories(folder.resolve("small"));
    Command.Ended mounted =
        Command.of("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", small.toString()).run();
    Assumptions.assumeTrue(mounted.exitCode() == 0, "a small file system cannot be mounted here");
    try (WeirProcess weir =
        weir(small.resolve("node"), "weir.store.chunks.min-free-bytes = 1M\n")) {
      ProxyClient client = new ProxyClient(weir.address());
      String old = object("/old");
      String fresh = object("/fresh");
      stored(weir, client, old);
      StoresRig.wipe(small.resolve("node"));
      // When
      fill(small.resolve("filler"));
      // Then
      served(client, old, "/old");
      served(client, fresh, "/fresh");
      served(client, fresh, "/fresh");
      Eventually.holds(() -> isDegraded(weir));
      // When
      Files.delete(small.resolve("filler"));
      // Then
      Eventually.holds(() -> !isDegraded(weir));
      stored(weir, client, fresh);
      served(client, old, "/old");
    } finally {
      Command.of("umount", "-l", small.toString()).run();
    }
  }

  /** Until the file system takes no more. */
  private static void fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] block = new byte[64 << 10];
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(Files.size(file)).isPositive();
    }
  }
}
