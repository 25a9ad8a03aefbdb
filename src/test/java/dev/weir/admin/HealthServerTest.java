package dev.weir.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The health port over a socket: whom it takes for a program of its machine, what it may be asked.
 */
@Timeout(60)
class HealthServerTest {
  private static final String PAGE = "/debug/memory";

  private static final String SLOW = "http://slow.example/";

  private final ActorSystem system =
      ActorSystem.create(
          "health",
          ConfigFactory.parseString("pekko.http.server.idle-timeout = 1 s")
              .withFallback(ConfigFactory.load()));
  private final Metrics metrics = new Metrics();
  private final BlockingQueue<String> purged = new LinkedBlockingQueue<>();
  private ServerBinding port;

  @BeforeEach
  void open() {
    AdminSettings settings =
        AdminSettings.from(
            ConfigFactory.parseResources("reference/admin.conf").resolve().getConfig("weir.admin"));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Canary canary =
        new Canary(
            settings, address, SocketFactory.getDefault(), "", Canary.OWN_PAGE, Optional::empty);
    port =
        new HealthServer(
                system,
                settings,
                new Readiness(settings, System::nanoTime),
                canary,
                metrics,
                new DebugPages(),
                onlyPurges())
            .bind(address)
            .toCompletableFuture()
            .join();
  }

  private Operations onlyPurges() {
    return (Operations)
        Proxy.newProxyInstance(
            Operations.class.getClassLoader(),
            new Class<?>[] {Operations.class},
            (proxy, method, given) -> {
              if (!method.getName().equals("purge")) {
                throw new UnsupportedOperationException(method.getName());
              }
              purged.add((String) given[0]);
              return CompletableFuture.supplyAsync(
                  () -> Operations.Purged.DONE,
                  given[0].equals(SLOW)
                      ? CompletableFuture.delayedExecutor(3, TimeUnit.SECONDS)
                      : Runnable::run);
            });
  }

  /** Nodes that do not answer are waited for up to a minute; Pekko's own patience ended there. */
  @Test
  void whoWaitedLongForAPurgeWasCutOffWithoutAnAnswer() throws Exception {
    // When
    int status = status("PURGE /purge?url=" + SLOW + " HTTP/1.1", "Host: localhost");

    // Then
    assertThat(status).isEqualTo(200);
  }

  @AfterEach
  void close() throws Exception {
    port.terminate(Duration.ofSeconds(1)).toCompletableFuture().get(20, TimeUnit.SECONDS);
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    metrics.close();
  }

  /** The status that a request is answered with. */
  private int status(String... head) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), port.localAddress().getPort())) {
      String request = String.join("\r\n", head) + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(12);
      return Integer.parseInt(new String(answer, StandardCharsets.US_ASCII).substring(9));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1:8082", "[::1]:8082"})
  void whoMeansThisMachineMayLookInside(String host) throws Exception {
    assertThat(status("GET " + PAGE + " HTTP/1.1", "Host: " + host)).isEqualTo(200);
  }

  @Test
  void aProbeWithoutAHostMayLookInside() throws Exception {
    assertThat(status("GET " + PAGE + " HTTP/1.0")).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"weir.internal:8082", "mitm.it", "unnamed.invalid", "evil.example"})
  void aNameThatANetworkCanLeadHereMayNot(String host) throws Exception {
    assertThat(status("GET " + PAGE + " HTTP/1.1", "Host: " + host)).isEqualTo(403);
    assertThat(status("GET " + PAGE + " HTTP/1.0", "Host: " + host)).isEqualTo(403);
    assertThat(status("GET http://" + host + PAGE + " HTTP/1.1", "Host: " + host)).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"weir.internal", "unnamed.invalid"})
  void everybodyMayAskWhetherItIsReadyByWhateverName(String host) throws Exception {
    assertThat(status("GET /health HTTP/1.1", "Host: " + host)).isEqualTo(200);
  }

  @Test
  void whateverUrlClientsMayAskForCanBePurged() throws Exception {
    // Given: as long as the guard takes targets, and every character of it encoded
    String url = "http://a.example/" + "/".repeat(16_384 - 1);
    int number = port.localAddress().getPort();

    // When
    HttpResponse<String> answer;
    try (HttpClient client = HttpClient.newHttpClient()) {
      String target = "/purge?url=" + URLEncoder.encode(url, StandardCharsets.UTF_8);
      answer =
          client.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + number + target))
                  .method("PURGE", HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
    }

    // Then
    assertThat(answer.body()).isEqualTo("purged\n");
    assertThat(purged).containsExactly(url);
  }
}
