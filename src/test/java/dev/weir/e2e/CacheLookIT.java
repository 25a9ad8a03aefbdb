package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir cache} as an operator uses it, with a node running and without. */
class CacheLookIT {
  @TempDir private Path folder;
  private OriginServer origin;
  private int healthPort;

  @BeforeEach
  void start() throws Exception {
    origin = OriginServer.start();
    origin.on(
        "/big",
        seen ->
            Answer.of(
                200,
                Headers.of("Cache-Control", "max-age=3600", "ETag", "\"one\""),
                new byte[100_000]));
    origin.on("/small", seen -> Answer.text(200, "small", "Cache-Control", "max-age=3600"));
    try (ServerSocket free = new ServerSocket(0)) {
      healthPort = free.getLocalPort();
    }
  }

  @AfterEach
  void stop() throws Exception {
    origin.close();
  }

  private Command.Ended weir(String... words) throws Exception {
    String[] all = java.util.Arrays.copyOf(words, words.length + 2);
    all[words.length] = "--health-port=" + healthPort;
    all[words.length + 1] = "--data-dir=" + folder.resolve("node");
    return WeirProcess.run(all);
  }

  @Test
  void whatIsStoredIsSeenThroughTheNodeAndInItsStoresAfterIt() throws Exception {
    // Given
    String url = origin.url("/big");
    try (WeirProcess node =
        WeirProcess.start(
            folder.resolve("node"),
            "256m",
            "--allow-destinations=127.0.0.0/8",
            "--health-port=" + healthPort)) {
      ProxyClient client = new ProxyClient(node.address());
      client.get(url);
      client.untilHit(url);
      client.untilHit(origin.url("/small?token=hidden"));

      // When
      Command.Ended shown = weir("cache", "show", url, "-v");
      Command.Ended nothing = weir("cache", "show", origin.url("/never"));
      Command.Ended listed = weir("cache", "list", "--host", "127.0.0.1");
      Command.Ended locked = weir("cache", "show", url, "--offline");

      // Then
      assertThat(shown.exitCode()).as(shown.err()).isZero();
      assertThat(shown.out()).contains("fresh for", "disk (1 of 1 chunks)", "\"one\"", "epoch");
      assertThat(shown.out()).containsPattern("(?m)^  [0-9a-f]{64}$");
      assertThat(nothing.exitCode()).isEqualTo(1);
      assertThat(nothing.out()).contains("Nothing is stored of " + origin.url("/never"));
      assertThat(listed.out()).contains("/big", "/small?token=***").doesNotContain("hidden");
      assertThat(locked.exitCode()).isEqualTo(1);
      assertThat(locked.err()).contains("Another Weir is using the data folder");
      node.terminate();
    }

    // When
    Command.Ended shown = weir("cache", "show", url, "--json");
    Command.Ended listed = weir("cache", "list", "--limit=1");
    Command.Ended badUrl = weir("cache", "show", "no-url");

    // Then
    assertThat(shown.exitCode()).as(shown.err()).isZero();
    JsonNode page = new ObjectMapper().readTree(shown.out());
    assertThat(page.path("variants").path(0).path("tiers").path("disk").asInt()).isEqualTo(1);
    assertThat(page.path("variants").path(0).path("bytes").asInt()).isEqualTo(100_000);
    assertThat(listed.out()).contains("There may be more: --after ");
    assertThat(badUrl.exitCode()).isEqualTo(2);
  }

  /** What clients fetch with tokens of their own by digest is kept under another key. */
  @Test
  void aPurgeForgetsWhatIsKeptForClientsWithCredentialsToo() throws Exception {
    // Given
    byte[] blob = new byte[20_000];
    String path =
        "/v2/closed/image/blobs/sha256:"
            + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(blob));
    String url = origin.url(path);
    origin.on(
        path,
        seen ->
            "Bearer a".equals(seen.header("Authorization"))
                ? Answer.of(200, Headers.of("Cache-Control", "max-age=3600"), blob)
                : Answer.text(401, "", "WWW-Authenticate", "Bearer"));
    try (WeirProcess node =
        WeirProcess.start(
            folder.resolve("node"),
            "256m",
            "--allow-destinations=127.0.0.0/8",
            "--health-port=" + healthPort)) {
      ProxyClient client = new ProxyClient(node.address());
      client.untilHit(url, "Authorization", "Bearer a");
      assertThat(client.get(url).status()).isEqualTo(401);

      // When
      Command.Ended purged =
          WeirProcess.run("purge", "--admin=http://127.0.0.1:" + healthPort, url);
      ProxyClient.Response since = client.get(url, "Authorization", "Bearer a");

      // Then
      assertThat(purged.exitCode()).as(purged.err()).isZero();
      assertThat(purged.out()).contains("purged");
      assertThat(since.isHit()).isFalse();
      assertThat(since.body()).isEqualTo(blob);
      client.untilHit(url, "Authorization", "Bearer a");
    }
  }
}
