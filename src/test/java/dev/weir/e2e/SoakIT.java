package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.DeafAddress;
import dev.weir.testing.Eventually;
import dev.weir.testing.S3Server;
import dev.weir.testing.SearchServer;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes with real stores for minutes ({@code -Dweir.soak.minutes}), while they are killed,
 * stopped and cut off at random ({@code -Dweir.soak.seed}), objects change and are purged: what
 * clients get is judged byte by byte. Requests may fail, but only so that it can be seen.
 */
@Tag("soak")
class SoakIT {
  private static final int NODES = 3;
  private static final int CLIENTS = Integer.getInteger("weir.soak.clients", 10);
  private static final int MINUTES = Integer.getInteger("weir.soak.minutes", 15);
  private static final long SEED = Long.getLong("weir.soak.seed", System.nanoTime());

  /** A purge waits as long for a holder that is gone; stores are slow on a loaded machine. */
  private static final String SETTINGS =
      "weir.cache.lease-term = 10 s\nweir.cache.store-timeout = 5 s\n"
          + "weir.cache.answer-timeout = 15 s\nweir.store.elasticsearch.reads.timeout = 3 s\n";

  private static final Path LOG = Path.of("target", "soak.log");
  private static final Duration RECOVERY = Duration.ofMinutes(3);

  @TempDir private Path folder;
  private final Random random = new Random(SEED);
  private final Map<String, Integer> events = new TreeMap<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<DeafAddress> addresses = new ArrayList<>();
  private SoakOrigin origin;
  private SoakClients clients;
  private TestFleet fleet;
  private volatile boolean quiet;

  static LocalTime now() {
    return LocalTime.now().truncatedTo(ChronoUnit.MILLIS);
  }

  private static void tell(String what) throws Exception {
    String line = now() + " " + what;
    System.out.println(line);
    Files.writeString(LOG, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void happens(String kind, String what) throws Exception {
    events.merge(kind, 1, Integer::sum);
    tell(kind + " " + what);
  }

  private static String load() {
    return "%.1f on %d cores"
        .formatted(
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
            Runtime.getRuntime().availableProcessors());
  }

  @Test
  void noClientGetsAWrongByteWhateverHappensToTheNodes() throws Exception {
    // Given
    Files.deleteIfExists(LOG);
    String index = "soak_" + UUID.randomUUID();
    SearchServer search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    try (S3Server s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir");
        SoakOrigin truth = new SoakOrigin(SEED);
        TestFleet three = TestFleet.at(folder, places(), SETTINGS, flags(s3, search, index));
        SoakClients many = new SoakClients(truth, NODES, node -> three.node(node).address());
        ExecutorService beside = Executors.newVirtualThreadPerTaskExecutor()) {
      origin = truth;
      fleet = three;
      clients = many;
      tell("seed " + SEED + ", " + MINUTES + " min, " + CLIENTS + " clients, load " + load());

      // When
      clients.start(CLIENTS, random);
      Future<?> purger = beside.submit(() -> changeAndPurge(new Random(random.nextLong())));
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
      while (System.nanoTime() < end && clients.wrong().isEmpty()) {
        trouble();
        origin.forget();
      }
      quiet = true;
      purger.get();
      clients.close();
      summarise();
      for (int node = 0; node < NODES; node++) {
        Files.writeString(LOG.resolveSibling("soak-node-" + node + ".log"), fleet.node(node).log());
      }

      // Then
      assertThat(clients.wrong()).isEmpty();
      everyNodeIsWholeAgain();
    } finally {
      search.call("DELETE", "/" + index + "*", "");
      for (DeafAddress address : addresses) {
        address.close();
      }
    }
  }

  /** Each at an address of its own where routes may be changed; else nobody is cut off. */
  private List<TestFleet.Place> places() throws Exception {
    if (DeafAddress.allowed()) {
      for (int i = 0; i < NODES; i++) {
        addresses.add(DeafAddress.number(i + 1));
      }
    }
    List<TestFleet.Place> places = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      places.add(
          addresses.isEmpty()
              ? TestFleet.Place.HERE
              : new TestFleet.Place(addresses.get(i).host(), List.of()));
    }
    return places;
  }

  private static String[] flags(S3Server s3, SearchServer search, String index) {
    return new String[] {
      "--allow-destinations=127.0.0.1",
      "--s3-bucket=weir",
      "--s3-region=us-east-1",
      "--s3-endpoint=http://127.0.0.1:" + s3.port(),
      "--elasticsearch-url=" + search.url(),
      "--elasticsearch-meta-index=" + index,
      "--elasticsearch-shards=1",
      "--elasticsearch-replicas=0"
    };
  }

  /** One fault of one node, and sometimes of a second one meanwhile; then everything is mended. */
  private void trouble() throws Exception {
    TimeUnit.MILLISECONDS.sleep(2_000 + random.nextInt(6_000));
    int node = random.nextInt(NODES);
    boolean second = random.nextInt(5) == 0;
    switch (random.nextInt(addresses.isEmpty() ? 2 : 3)) {
      case 0 -> {
        kill(node);
        mayLose(second, node);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(8_000));
        restart(node);
      }
      case 1 -> {
        happens("pause", "node " + node);
        fleet.node(node).pause();
        mayLose(second, node);
        TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(12_000));
        fleet.node(node).resume();
        tell("resumed node " + node);
      }
      default -> {
        happens("cut off", "node " + node);
        addresses.get(node).cut();
        mayLose(second, node);
        TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(15_000));
        addresses.get(node).heal();
        tell("healed node " + node);
      }
    }
  }

  private void mayLose(boolean second, int first) throws Exception {
    if (second) {
      int other = (first + 1) % NODES;
      TimeUnit.MILLISECONDS.sleep(random.nextInt(2_000));
      kill(other);
      TimeUnit.MILLISECONDS.sleep(random.nextInt(2_000));
      restart(other);
    }
  }

  private void kill(int node) throws Exception {
    happens("kill -9", "node " + node);
    fleet.node(node).kill();
  }

  private void restart(int node) throws Exception {
    fleet.relaunch(node);
    tell("started node " + node);
  }

  /** Objects change; those that are kept for long are purged then. */
  private Void changeAndPurge(Random dice) throws Exception {
    while (!quiet) {
      TimeUnit.MILLISECONDS.sleep(dice.nextInt(1_500));
      int object = origin.any(dice, 4);
      origin.change(object);
      if (!origin.isShortLived(object)) {
        purge(dice.nextInt(NODES), object);
      }
    }
    return null;
  }

  private void purge(int node, int object) throws Exception {
    int version = origin.version(object);
    String query = "/purge?url=" + URLEncoder.encode(origin.url(object), StandardCharsets.UTF_8);
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + fleet.node(node).healthPort() + query))
            .method("PURGE", HttpRequest.BodyPublishers.noBody())
            .timeout(Duration.ofSeconds(60))
            .build();
    long begun = System.nanoTime();
    String said;
    try {
      int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      // 404: nobody had stored it since the last one.
      if (status == 200 || status == 404) {
        clients.purged(object, version);
      }
      said = Integer.toString(status);
    } catch (java.io.IOException unanswered) {
      said = "no answer";
    }
    long millis = (System.nanoTime() - begun) / 1_000_000;
    happens(
        "purge: " + said,
        "object " + object + " version " + version + " by node " + node + ", " + millis + " ms");
  }

  private void summarise() throws Exception {
    tell("seed " + SEED + ", " + MINUTES + " min, " + CLIENTS + " clients, load " + load());
    tell("events " + events);
    tell(clients.summary());
    tell(
        "origin: plain GETs %s, ranges %s, validations %s, broken off %s"
            .formatted(origin.plainGets, origin.rangeGets, origin.validations, origin.broken));
    for (String wrong : clients.wrong()) {
      tell(wrong);
    }
  }

  private void everyNodeIsWholeAgain() throws Exception {
    for (int node = 0; node < NODES; node++) {
      int each = node;
      Eventually.within(RECOVERY, () -> fleet.isReady(each));
      for (int object = 0; object < origin.objects(); object++) {
        int asked = object;
        Eventually.within(
            RECOVERY, () -> clients.ask(each, asked, random) == SoakClients.Outcome.RIGHT);
      }
    }
    assertThat(clients.wrong()).isEmpty();
    tell("every node is ready and has every object");
  }
}
