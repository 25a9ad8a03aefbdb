package dev.weir.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.SocketFactory;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HealthTargetsTest {
  private final ActorSystem system = ActorSystem.create("health");
  private final BlockingQueue<String> purged = new LinkedBlockingQueue<>();

  @AfterEach
  void end() {
    system.terminate();
  }

  @Test
  void whateverUrlClientsMayAskForCanBePurged() throws Exception {
    // Given: as long as the guard takes targets, and every character of it encoded
    String url = "http://a.example/" + "/".repeat(16_384 - 1);
    int port = bound().localAddress().getPort();

    // When
    HttpResponse<String> answer;
    try (HttpClient client = HttpClient.newHttpClient()) {
      String target = "/purge?url=" + URLEncoder.encode(url, StandardCharsets.UTF_8);
      answer =
          client.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
                  .method("PURGE", HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
    }

    // Then
    assertThat(answer.body()).isEqualTo("purged\n");
    assertThat(purged).containsExactly(url);
  }

  private ServerBinding bound() throws Exception {
    AdminSettings settings = AdminSettings.from(ConfigFactory.load().getConfig("weir.admin"));
    HealthServer server =
        new HealthServer(
            system,
            settings,
            new Readiness(settings, System::nanoTime),
            new Canary(
                settings,
                new InetSocketAddress("127.0.0.1", 1),
                SocketFactory.getDefault(),
                "",
                "",
                Optional::empty),
            new Metrics(),
            new DebugPages(),
            operations());
    return server.bind(new InetSocketAddress("127.0.0.1", 0)).toCompletableFuture().get();
  }

  private Operations operations() {
    return (Operations)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Operations.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("purge")) {
                throw new UnsupportedOperationException(method.getName());
              }
              purged.add((String) arguments[0]);
              return CompletableFuture.completedFuture(Operations.Purged.DONE);
            });
  }
}
