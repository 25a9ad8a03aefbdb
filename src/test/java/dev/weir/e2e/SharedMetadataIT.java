package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.SearchFaults;
import dev.weir.testing.SearchServer;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real process with its metadata in Elasticsearch. */
@Tag("stores")
class SharedMetadataIT {
  private static final String SMALL = "small and therefore in the document";
  private final String index = "e2e_" + UUID.randomUUID();
  private SearchServer server;
  private OriginServer origin;
  @TempDir private Path folder;

  @BeforeEach
  void start() {
    server = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    origin = OriginServer.start();
    origin.on("/small", seen -> Answer.text(200, SMALL, "Cache-Control", "max-age=600"));
    origin.on(
        "/big", seen -> Answer.text(200, "b".repeat(200_000), "Cache-Control", "max-age=600"));
  }

  @AfterEach
  void stop() throws Exception {
    origin.close();
    server.call("DELETE", index, "");
    server.call("DELETE", index + "_access", "");
    server.call("DELETE", index + "_notes", "");
  }

  private WeirProcess weir(String dataDir, URI elastic, int healthPort) throws IOException {
    Path config = folder.resolve("weir.conf");
    Files.writeString(
        config,
        Patience.SETTINGS
            + "weir.store.elasticsearch { reads.timeout = 1s, failures.probe-interval = 200ms }\n");
    return WeirProcess.start(
        folder.resolve(dataDir),
        "256m",
        "--allow-destinations=127.0.0.0/8",
        "--config=" + config,
        "--health-port=" + healthPort,
        "--elasticsearch-url=" + elastic,
        "--elasticsearch-meta-index=" + index,
        "--elasticsearch-shards=1",
        "--elasticsearch-replicas=0");
  }

  @Test
  void aNewDataFolderFindsWhatIsInTheDocumentsAndFetchesTheRest() throws Exception {
    // Given
    try (WeirProcess first = weir("one", server.url(), 0)) {
      ProxyClient client = new ProxyClient(first.address());
      client.untilHit(origin.url("/small"));
      client.untilHit(origin.url("/big"));
      assertThat(first.terminate()).isZero();
    }
    long fetched = origin.count("/small");
    // When
    try (WeirProcess second = weir("two", server.url(), 0)) {
      // A cold process on a busy machine may need longer than a lookup's budget.
      Eventually.holds(() -> second.log().contains("are whole in this data folder"));
      ProxyClient client = new ProxyClient(second.address());
      ProxyClient.Response small = client.get(origin.url("/small"));
      ProxyClient.Response big = client.get(origin.url("/big"));
      // Then
      assertThat(small.isHit()).as(small.headers() + second.log()).isTrue();
      assertThat(small.text()).isEqualTo(SMALL);
      assertThat(origin.count("/small")).isEqualTo(fetched);
      assertThat(big.status()).isEqualTo(200);
      assertThat(big.body()).hasSize(200_000);
      assertThat(client.untilHit(origin.url("/big")).body()).hasSize(200_000);
    }
    // And the old folder's own entries are whole there.
    try (WeirProcess again = weir("one", server.url(), 0)) {
      ProxyClient client = new ProxyClient(again.address());
      assertThat(client.untilHit(origin.url("/big")).body()).hasSize(200_000);
      Eventually.holds(() -> again.log().contains("are whole in this data folder"));
    }
  }

  @Test
  void withoutTheServersRequestsAreServedFromTheOrigin() throws Exception {
    int healthPort = freePort();
    try (SearchFaults faults = SearchFaults.before(server.url());
        WeirProcess weir = weir("data", faults.url(), healthPort)) {
      // Given
      ProxyClient client = new ProxyClient(weir.address());
      client.untilHit(origin.url("/small"));
      for (SearchFaults.Fault fault : SearchFaults.Fault.values()) {
        // When
        faults.set(fault);
        String path = "/new/" + fault;
        origin.on(path, seen -> Answer.text(200, path, "Cache-Control", "max-age=600"));
        ProxyClient.Response fresh = client.get(origin.url(path));
        // Then
        assertThat(fresh.status()).as(fault + ": " + fresh.header("Cache-Status")).isEqualTo(200);
        assertThat(fresh.text()).isEqualTo(path);
        if (fault != SearchFaults.Fault.NONE) {
          Eventually.holds(() -> health(healthPort).contains("degraded"));
        }
        faults.set(SearchFaults.Fault.NONE);
        Eventually.holds(() -> !health(healthPort).contains("degraded"));
        assertThat(client.untilHit(origin.url(path)).text()).isEqualTo(path);
      }
    }
  }

  @Test
  void aStartWithoutTheServersServesAndSaysSo() throws Exception {
    // Given
    int healthPort = freePort();
    URI nobody = URI.create("http://127.0.0.1:" + freePort());
    try (WeirProcess weir = weir("data", nobody, healthPort)) {
      // When
      ProxyClient.Response response = new ProxyClient(weir.address()).get(origin.url("/small"));
      // Then
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.text()).isEqualTo(SMALL);
      Eventually.holds(() -> health(healthPort).contains("degraded"));
    }
  }

  private static String health(int port) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/health")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
