package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Nodes of one fleet, each a process of its own, and clients of theirs. */
final class TestFleet implements AutoCloseable {
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  /** Each node keeps its stores to itself: fleets of one test that is not about stores. */
  static final String UNSHARED = "weir.cluster.unshared-stores = true\n";

  /** A loaded machine must not make nodes go alone where what they do together is shown. */
  static final String PATIENT = "weir.cache.ack-timeout = 10 s\nweir.cache.answer-timeout = 20 s\n";

  /**
   * Where a node runs.
   *
   * @param host as the others reach it
   * @param wrapper what starts it there
   * @param classPath of its version; empty for the classes under test
   */
  record Place(String host, List<String> wrapper, String classPath) {
    static final Place HERE = new Place("127.0.0.1", List.of());

    Place(String host, List<String> wrapper) {
      this(host, wrapper, "");
    }

    static Place ofVersion(String classPath) {
      return new Place("127.0.0.1", List.of(), classPath);
    }
  }

  private record Node(Path data, Place place, String[] flags) {}

  private final Path folder;
  private final List<Node> places = new ArrayList<>();
  private final List<WeirProcess> nodes = new CopyOnWriteArrayList<>();
  private final List<String> seeds = new ArrayList<>();
  private @Nullable ServerSocket silent;
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();

  private TestFleet(Path folder) {
    this.folder = folder;
  }

  /** So many on this host, with those settings (HOCON) and flags; returns when all are ready. */
  static TestFleet here(Path folder, int nodes, String settings, String... flags) throws Exception {
    return at(folder, Collections.nCopies(nodes, Place.HERE), settings, flags);
  }

  static TestFleet at(Path folder, List<Place> places, String settings, String... flags)
      throws Exception {
    TestFleet fleet = new TestFleet(folder);
    try {
      fleet.start(places, List.of(), settings, flags);
      for (int i = 0; i < places.size(); i++) {
        fleet.untilReady(i);
      }
      return fleet;
    } catch (Exception | AssertionError failed) {
      fleet.close();
      throw failed;
    }
  }

  /**
   * Nodes of a fleet whose greater part says nothing: they serve, but found none and never become
   * ready.
   */
  static TestFleet unfounded(Path folder, int nodes, String settings, String... flags)
      throws Exception {
    TestFleet fleet = new TestFleet(folder);
    ServerSocket mute = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
    fleet.silent = mute;
    List<String> others = new ArrayList<>();
    for (int port : freePorts(nodes + 1)) {
      others.add("127.0.0.1:" + port + ":" + mute.getLocalPort());
    }
    try {
      fleet.start(Collections.nCopies(nodes, Place.HERE), others, settings, flags);
      return fleet;
    } catch (Exception | AssertionError failed) {
      fleet.close();
      throw failed;
    }
  }

  private void start(List<Place> at, List<String> founder, String settings, String... flags)
      throws Exception {
    seeds.addAll(founder);
    Path fleet = folder.resolve("fleet");
    assertThat(
            WeirProcess.run(
                    "cluster",
                    "init",
                    fleet.toString(),
                    "--nodes=" + String.join(",", names(at.size())))
                .exitCode())
        .isZero();
    Path config = Files.writeString(folder.resolve("weir.conf"), settings);
    List<Integer> ports = freePorts(2 * at.size());
    for (int i = 0; i < at.size(); i++) {
      seeds.add(at.get(i).host() + ":" + ports.get(2 * i) + ":" + ports.get(2 * i + 1));
    }
    for (int i = 0; i < at.size(); i++) {
      List<String> all = new ArrayList<>(List.of(flags));
      all.add("--config=" + config);
      all.add("--health-port=" + freePorts(1).getFirst());
      all.add("--cluster-dir=" + fleet.resolve(names(at.size()).get(i)));
      all.add("--cluster-host=" + at.get(i).host());
      all.add("--cluster-port=" + ports.get(2 * i));
      all.add("--peer-port=" + ports.get(2 * i + 1));
      all.add("--cluster-seeds=" + String.join(",", seeds));
      places.add(new Node(folder.resolve("data-" + i), at.get(i), all.toArray(String[]::new)));
      nodes.add(launch(places.get(i)));
    }
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      names.add("node-" + i);
    }
    return names;
  }

  private static WeirProcess launch(Node node) throws IOException {
    Place place = node.place();
    return place.classPath().isEmpty()
        ? WeirProcess.startBy(place.wrapper(), node.data(), "256m", node.flags())
        : WeirProcess.startFrom(
            place.classPath(), place.wrapper(), node.data(), "256m", node.flags());
  }

  /**
   * Ports below those that the kernel gives to outgoing connections: one that was free a moment ago
   * and is another's by then had nodes fail to start.
   */
  static List<Integer> freePorts(int count) {
    List<Integer> ports = new ArrayList<>();
    for (int tries = 0; ports.size() < count && tries < 10_000; tries++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket socket = new ServerSocket(port)) {
        if (GIVEN.add(port)) {
          ports.add(socket.getLocalPort());
        }
      } catch (IOException taken) {
        continue;
      }
    }
    assertThat(ports).as("free ports").hasSize(count);
    return ports;
  }

  WeirProcess node(int index) {
    return nodes.get(index);
  }

  List<WeirProcess> nodes() {
    return List.copyOf(nodes);
  }

  Path folder() {
    return folder;
  }

  String seed(int index) {
    return seeds.get(index);
  }

  /** Starts a node that was killed once more, with what it had. */
  void again(int index) throws Exception {
    relaunch(index);
    untilReady(index);
  }

  /** As again, but returns when it listens. */
  void relaunch(int index) throws IOException {
    nodes.set(index, launch(places.get(index)));
  }

  /** A node is ready when it is Up and sharding answers. */
  boolean isReady(int index) throws Exception {
    return curl(index, "http://127.0.0.1:" + nodes.get(index).healthPort() + "/health")
        .equals("200");
  }

  void untilReady(int index) throws Exception {
    Eventually.holds(() -> isReady(index));
  }

  /** The status of a request made where the node runs. */
  private String curl(int index, String url, String... more) throws Exception {
    List<String> words = new ArrayList<>(places.get(index).place().wrapper());
    words.addAll(List.of("curl", "-q", "-sS", "--max-time", "20", "-o", "/dev/null"));
    words.addAll(List.of("-w", "%{http_code}"));
    words.addAll(List.of(more));
    words.add(url);
    return Command.of(words).run().out();
  }

  /** The body a client has through a node that runs elsewhere; shorter than it is if cut off. */
  String fetchedAt(int index, String url, String... fields) throws Exception {
    List<String> words = new ArrayList<>(places.get(index).place().wrapper());
    words.addAll(List.of("curl", "-q", "-sS", "--max-time", "60", "--noproxy", ""));
    for (String field : fields) {
      words.addAll(List.of("-H", field));
    }
    words.addAll(List.of("-x", nodes.get(index).proxyUrl(), url));
    return Command.of(words).run().out();
  }

  /** Has a client where the node runs write the body into that file; ends when it has ended. */
  CompletableFuture<Command.Ended> download(int index, String url, Path file) {
    List<String> words = new ArrayList<>(places.get(index).place().wrapper());
    words.addAll(List.of("curl", "-q", "-sS", "--max-time", "110", "--noproxy", ""));
    words.addAll(List.of("-o", file.toString(), "-x", nodes.get(index).proxyUrl(), url));
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return Command.of(words).run();
          } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
          }
        },
        clients);
  }

  /** The nodes of the fleet that this one is of, as {@code weir cluster status} tells them. */
  static List<String> members(WeirProcess asked) throws Exception {
    return WeirProcess.run("cluster", "status", "--admin=http://127.0.0.1:" + asked.healthPort())
        .out()
        .lines()
        .filter(line -> line.startsWith("weir@"))
        .toList();
  }

  /** Purges by a node; what {@code weir purge} said, and its exit code. */
  String purge(int index, String url) throws Exception {
    Command.Ended ended =
        WeirProcess.run("purge", "--admin=http://127.0.0.1:" + nodes.get(index).healthPort(), url);
    return ended.exitCode() + " " + ended.out() + ended.err();
  }

  /** That many clients, spread over those nodes, each to its end. */
  List<CompletableFuture<Fetched>> ask(List<WeirProcess> at, String url, int count) {
    List<CompletableFuture<Fetched>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ProxyClient client = new ProxyClient(at.get(i % at.size()).address());
      answers.add(CompletableFuture.supplyAsync(() -> fetch(client, url), clients));
    }
    return answers;
  }

  /**
   * What a client got.
   *
   * @param trouble why it has no whole response; empty if it has one
   */
  record Fetched(int status, byte[] body, String trouble) {
    /** In words, if it is not this body: bodies are too long to be shown. */
    String differs(byte[] expected) {
      return Arrays.equals(body, expected) ? "" : status + " " + body.length + " " + trouble;
    }
  }

  private static Fetched fetch(ProxyClient client, String url) {
    try {
      ProxyClient.Response response = client.get(url);
      return new Fetched(
          response.status(),
          response.body(),
          response.status() == 200 ? "" : response.headers() + " " + response.text());
    } catch (IOException broken) {
      return new Fetched(0, new byte[0], broken.toString());
    }
  }

  /** Waits for all; those that did not get that body, in words. */
  static List<String> differing(List<CompletableFuture<Fetched>> answers, byte[] body) {
    return answers.stream()
        .map(answer -> answer.join().differs(body))
        .filter(why -> !why.isEmpty())
        .toList();
  }

  @Override
  public void close() {
    nodes.forEach(WeirProcess::close);
    clients.close();
    ServerSocket open = silent;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
