package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Origins that die, lie or dawdle, a disk that fills up, a process that is told to end. */
class FailureIT {
  private static final String ALLOW = "--allow-destinations=127.0.0.0/8";
  private static final int LARGE_BYTES = 40 << 20;

  @TempDir private static Path folder;
  private static WeirProcess weir;
  private static ProxyClient client;

  @BeforeAll
  static void start() throws Exception {
    weir = WeirProcess.start(folder.resolve("data"), "256m", ALLOW, "--health-port=" + freePort());
    client = new ProxyClient(weir.address());
  }

  @AfterAll
  static void stop() {
    weir.close();
  }

  @Test
  void aStalePackageStandsInForADeadOrigin() throws Exception {
    try (OriginServer origin = OriginServer.start()) {
      // Given
      origin.on("/tool.deb", seen -> Answer.text(200, "package", "Cache-Control", "max-age=1"));
      String url = origin.url("/tool.deb");
      client.get(url);
      client.untilHit(url);

      // When
      origin.refuse();
      Eventually.holds(() -> !client.get(url).header("Cache-Status").contains("detail=fresh"));
      ProxyClient.Response response = client.get(url);

      // Then
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.text()).isEqualTo("package");
      assertThat(response.header("X-Proxy-Policy")).isEqualTo("StaleIfError");
      assertThat(response.header("Cache-Status")).contains("detail=stale-if-error");
    }
  }

  @Test
  void fiveFailuresInARowOpenTheCircuit() throws Exception {
    try (OriginServer origin = OriginServer.start()) {
      // Given
      origin.refuse();
      for (int i = 0; i < 5; i++) {
        ProxyClient.Response failed = client.get(origin.url("/policy/" + i));
        assertThat(failed.status()).isEqualTo(502);
        assertThat(failed.header("Cache-Status")).contains("detail=connect");
      }

      // When
      origin.accept();
      ProxyClient.Response response = client.get(origin.url("/policy/sixth"));

      // Then
      assertThat(response.status()).isEqualTo(502);
      assertThat(response.header("Cache-Status")).contains("detail=circuit-open");
      assertThat(response.text()).contains("left alone");
      assertThat(origin.seen()).as("not even asked").isEmpty();
    }
  }

  @Test
  void aTruncatedBodyIsAnAbortedTransferAndIsNotStored() throws Exception {
    try (OriginServer origin = OriginServer.start()) {
      // When
      for (int i = 1; i <= 2; i++) {
        assertThatThrownBy(() -> client.get(origin.url("/truncated")))
            .isInstanceOf(IOException.class);

        // Then
        assertThat(origin.count("/truncated")).isEqualTo(i);
      }
    }
  }

  @Test
  void theHealthPortTellsHowItIs() throws Exception {
    assertThat(health("/health").body()).isEqualTo("{\"status\":\"ready\"}\n");
    assertThat(health("/live").body()).isEqualTo("{\"status\":\"alive\"}\n");
    assertThat(health("/metrics").body()).contains("\nweir_");
    assertThat(health("/debug/threads").body()).contains("    at ");
    assertThat(health("/debug/memory").body()).contains("resident: ");
    assertThat(health("/debug/connections").body()).contains("== origins");
    assertThat(health("/nothing").statusCode()).isEqualTo(404);
  }

  @Test
  void aPageInABrowserCannotOperateANode() throws Exception {
    // Given
    HttpRequest.Builder task =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + weir.healthPort() + "/care?task=gc&dry-run=true"))
            .POST(HttpRequest.BodyPublishers.noBody());
    // When
    int fromAPage = send(task.copy().header("Origin", "http://page.example").build());
    int fromAProgram = send(task.build());
    // Then
    assertThat(fromAPage).isEqualTo(403);
    assertThat(fromAProgram).isNotEqualTo(403);
  }

  @Test
  void theLogHasALinePerRequestWithoutSecrets() throws Exception {
    try (OriginServer origin = OriginServer.start()) {
      // When
      ProxyClient.Response response = client.get(origin.url("/policy/log?token=sesame"));

      // Then
      String id = "\"id\":\"" + response.header("X-Request-ID") + "\"";
      Eventually.holds(() -> weir.log().contains(id));
      String line = weir.log().lines().filter(one -> one.contains(id)).findFirst().orElseThrow();
      assertThat(line)
          .startsWith("{")
          .contains("\"method\":\"GET\"", "\"status\":200", "\"reason\":\"miss\"")
          .contains("\"url\":\"" + origin.url("/policy/log?***") + "\"", "\"bytes\":", "\"ms\":");
      assertThat(weir.log()).doesNotContain("sesame");
    }
  }

  @Test
  void aSecondProcessOnTheSameDataIsRefused() throws Exception {
    // When
    Command.Ended second =
        WeirProcess.run(
            "serve",
            "--bind=127.0.0.1",
            "--port=0",
            "--health-port=0",
            "--data-dir=" + folder.resolve("data"));

    // Then
    assertThat(second.exitCode()).isEqualTo(1);
    assertThat(second.out()).doesNotContain("serves on");
    assertThat(second.err().lines().filter(line -> line.startsWith("weir: ")))
        .singleElement()
        .asString()
        .contains("data");
    assertThat(weir.isAlive()).isTrue();
  }

  @Test
  void wrongUseEndsWithTwoAndASentence() throws Exception {
    // When
    Command.Ended badValue = WeirProcess.run("serve", "--port=many");
    Command.Ended unknown = WeirProcess.run("serve", "--prot=1");

    // Then
    assertThat(badValue.exitCode()).isEqualTo(2);
    assertThat(badValue.err())
        .isEqualTo(
            "weir: weir.port (command line --port): expected a port from 0 to 65535, got 'many'\n");
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("--prot=1").doesNotContain("\tat ");
  }

  @Test
  void printedSettingsHaveTheirPlaceButNoSecret() throws Exception {
    // Given
    String key = "-----BEGIN PRIVATE KEY-----\nc2VzYW1l\n-----END PRIVATE KEY-----";

    // When
    Command.Ended printed = WeirProcess.run("config", "print", "--port=8181", "--ca=" + key);

    // Then
    assertThat(printed.exitCode()).as(printed.err()).isZero();
    assertThat(printed.out())
        .contains("weir.port = \"8181\"  # command line --port")
        .contains("<secret>")
        .doesNotContain("c2VzYW1l");
  }

  @Test
  void aStopLetsRunningDownloadsEnd() throws Exception {
    CountDownLatch halfway = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (OriginServer origin = OriginServer.start();
        WeirProcess stopped =
            WeirProcess.start(folder.resolve("stopped"), "256m", ALLOW, "--health-port=0");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      // Given
      ProxyClient downloading = new ProxyClient(stopped.address());
      origin.on(
          "/slow",
          seen ->
              Answer.stream(
                  200,
                  Headers.of("Cache-Control", "max-age=60"),
                  2_000_000,
                  out -> {
                    out.write(new byte[1_000_000]);
                    halfway.countDown();
                    goOn.await(1, TimeUnit.MINUTES);
                    out.write(new byte[1_000_000]);
                  }));
      Future<ProxyClient.Response> download =
          threads.submit(() -> downloading.get(origin.url("/slow")));
      assertThat(halfway.await(1, TimeUnit.MINUTES)).isTrue();

      // When
      Future<Integer> exit = threads.submit(stopped::terminate);
      Eventually.holds(() -> isRefused(downloading, origin));
      goOn.countDown();

      // Then
      assertThat(download.get(1, TimeUnit.MINUTES).body()).hasSize(2_000_000);
      assertThat(exit.get(1, TimeUnit.MINUTES)).isZero();
    }
  }

  @Test
  void aFullDiskCostsHitsAndNothingElse() throws Exception {
    // Given
    Path disk = Files.createDirectories(folder.resolve("disk"));
    assumeTrue(mounted(disk), "a small file system cannot be mounted here");
    try (OriginServer origin = OriginServer.start()) {
      Path config =
          Files.writeString(
              folder.resolve("small.conf"),
              "weir.store { chunks.min-free-bytes = 8M, eviction.check-interval = 200ms }\n");
      try (WeirProcess full =
          WeirProcess.start(
              disk, "256m", ALLOW, "--config=" + config, "--health-port=" + freePort())) {
        ProxyClient served = new ProxyClient(full.address());
        Path filler = disk.resolve("filler");

        // When
        fill(filler, disk);
        Eventually.holds(() -> health(full, "/health").body().contains("degraded"));
        ProxyClient.Response whole = served.get(origin.url("/range-data/" + LARGE_BYTES));
        ProxyClient.Response again = served.get(origin.url("/range-data/" + LARGE_BYTES));

        // Then
        assertThat(whole.body()).hasSize(LARGE_BYTES).isEqualTo(again.body());
        assertThat(again.isHit()).isFalse();
        assertThat(health(full, "/health").statusCode()).isEqualTo(200);

        // When
        Files.delete(filler);
        Eventually.holds(() -> health(full, "/health").body().contains("ready"));

        // Then
        String url = origin.url("/range-data/1000000");
        served.get(url);
        assertThat(served.untilHit(url).body()).hasSize(1_000_000);
      }
    } finally {
      Command.of("umount", disk.toString()).run();
    }
  }

  private static boolean mounted(Path disk) throws Exception {
    return Command.isThere("mount")
        && Command.of("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk.toString())
                .run()
                .exitCode()
            == 0;
  }

  /** Leaves room for metadata, but less than what is always to stay free. */
  private static void fill(Path filler, Path disk) throws IOException {
    long room = Files.getFileStore(disk).getUsableSpace() - (4 << 20);
    Files.write(filler, new byte[Math.toIntExact(room)]);
  }

  private static boolean isRefused(ProxyClient client, OriginServer origin) throws IOException {
    try {
      client.get(origin.url("/policy/late"));
      return false;
    } catch (ConnectException refused) {
      return true;
    } catch (IOException ended) {
      return false; // let in, or still in the backlog, when the listener closed
    }
  }

  private static int send(HttpRequest request) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
  }

  private static HttpResponse<String> health(String path) throws Exception {
    return health(weir, path);
  }

  private static HttpResponse<String> health(WeirProcess of, String path) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:" + of.healthPort() + path);
      return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  /** The health port cannot pick one itself: 0 switches it off. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
