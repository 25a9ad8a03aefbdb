package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes behind a real HAProxy with the configuration that {@code deploy} recommends. */
@Tag("cluster")
class RollingRestartIT {
  private static final int NODES = 3;
  private static final int CLIENTS = 8;
  private static final String BODY = "as it should be";

  @TempDir private Path folder;
  private final List<Integer> ports = new ArrayList<>();
  private final List<WeirProcess> nodes = new ArrayList<>();
  private final AtomicInteger answered = new AtomicInteger();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private Path settings;
  private Process balancer;
  private OriginServer origin;
  private volatile boolean enough;

  @BeforeEach
  void aFleetBehindABalancer() throws Exception {
    Assumptions.assumeTrue(installed("haproxy"), "HAProxy is not installed");
    origin = OriginServer.start();
    assertThat(WeirProcess.run("cluster", "init", folder.resolve("fleet").toString()).exitCode())
        .isZero();
    settings =
        Files.writeString(folder.resolve("weir.conf"), "weir.cluster.unshared-stores = true\n");
    freePorts(4 * NODES + 2);
    for (int node = 0; node < NODES; node++) {
      nodes.add(start(node));
    }
    for (WeirProcess node : nodes) {
      Eventually.holds(() -> isReady(node));
    }
    balance();
  }

  @AfterEach
  void stop() throws Exception {
    enough = true;
    nodes.forEach(WeirProcess::close);
    if (balancer != null) {
      balancer.destroyForcibly().waitFor();
      origin.close();
    }
  }

  private static boolean installed(String program) {
    try {
      return new ProcessBuilder(program, "-v")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException absent) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      ports.add(sockets.getLast().getLocalPort());
    }
    for (ServerSocket socket : sockets) {
      socket.close();
    }
  }

  /** Of a node: 0 proxy, 1 health, 2 control, 3 peer. */
  private int port(int node, int which) {
    return ports.get(4 * node + which);
  }

  private int balancerPort() {
    return ports.get(4 * NODES);
  }

  private WeirProcess start(int node) throws IOException {
    List<String> seeds = new ArrayList<>();
    for (int each = 0; each < NODES; each++) {
      seeds.add("127.0.0.1:" + port(each, 2) + ":" + port(each, 3));
    }
    return WeirProcess.start(
        folder.resolve("data-" + node),
        "256m",
        "--config=" + settings,
        "--port=" + port(node, 0),
        "--health-port=" + port(node, 1),
        "--cluster-dir=" + folder.resolve("fleet").resolve("node-" + (node + 1)),
        "--cluster-port=" + port(node, 2),
        "--peer-port=" + port(node, 3),
        "--cluster-seeds=" + String.join(",", seeds),
        "--allow-destinations=127.0.0.1",
        "--proxy-protocol-from=127.0.0.0/8",
        "--drain-delay=5");
  }

  private static boolean isReady(WeirProcess node) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      URI health = URI.create("http://127.0.0.1:" + node.healthPort() + "/health");
      return http.send(
                  HttpRequest.newBuilder(health).build(), HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** The file as it is, at this test's addresses. */
  private void balance() throws Exception {
    String config =
        Files.readString(Path.of("deploy", "haproxy", "haproxy.cfg"))
            .replace("bind :8080", "bind 127.0.0.1:" + balancerPort())
            .replace("bind :8404", "bind 127.0.0.1:" + ports.get(4 * NODES + 1))
            .replace("maxconn 20000", "maxconn 500");
    for (int node = 0; node < NODES; node++) {
      config =
          config.replace(
              "weir-%d:8080".formatted(node + 1),
              "127.0.0.1:%d port %d".formatted(port(node, 0), port(node, 1)));
    }
    Path file = Files.writeString(folder.resolve("haproxy.cfg"), config);
    balancer =
        new ProcessBuilder("haproxy", "-db", "-f", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("haproxy.log").toFile())
            .start();
    Eventually.holds(this::balancerListens);
  }

  private boolean balancerListens() {
    try (Socket socket = new Socket("127.0.0.1", balancerPort())) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Asks again and again on a connection that is kept alive, and never twice for one answer. */
  private void ask(int client) {
    RawClient connection = null;
    for (int n = 0; !enough; n++) {
      String path = "/object?" + (n % 2 == 0 ? "shared" : client + "-" + n);
      String authority = "127.0.0.1:" + origin.port();
      try {
        if (connection == null) {
          connection = RawClient.connect(balancerPort());
        }
        connection.send(
            "GET http://" + authority + path + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
        String response = connection.response();
        if (!response.startsWith("HTTP/1.1 200 ") || !response.endsWith(BODY)) {
          failures.add(path + " was answered '" + response + "'");
        }
        answered.incrementAndGet();
        if (response.contains("Connection: close")) {
          connection.close();
          connection = null;
        }
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (UncheckedIOException | NumberFormatException lost) {
        failures.add(path + ": " + lost);
        connection = null;
      } catch (InterruptedException ended) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  @Test
  void noRequestFailsWhileOneNodeAfterAnotherIsRestarted() throws Exception {
    // Given constant load, of hits and of objects that nobody has asked for yet
    origin.on("/object", seen -> Answer.text(200, BODY, "Cache-Control", "max-age=600"));
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CLIENTS; i++) {
        int client = i;
        clients.submit(() -> ask(client));
      }
      Eventually.holds(() -> answered.get() > 100);

      // When
      for (int node = 0; node < NODES; node++) {
        assertThat(nodes.get(node).terminate()).isZero();
        WeirProcess again = start(node);
        nodes.set(node, again);
        Eventually.holds(() -> isReady(again));
      }
      int before = answered.get();
      Eventually.holds(() -> answered.get() > before + 100);
      enough = true;
    }

    // Then
    assertThat(failures).isEmpty();
  }
}
