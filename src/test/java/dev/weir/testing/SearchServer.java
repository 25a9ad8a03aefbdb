package dev.weir.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Elasticsearch or OpenSearch in a process of its own, one of each for the whole suite, on
 * free ports of loopback. The distributions are unpacked into {@code target/stores} by the Maven
 * profile {@code stores}; where they are not, tests that need one are skipped.
 *
 * <p>The servers refuse to run as root: then they are started as another user, who owns their data
 * and nothing else. They end with this process.
 */
public final class SearchServer {
  private static final String NOBODY = "65534";
  private static final Duration START_TIME = Duration.ofMinutes(4);
  private static final Map<Flavour, Started> STARTED = new ConcurrentHashMap<>();

  private final URI url;
  private final HttpClient http = HttpClient.newHttpClient();

  /** What became of the one start of a flavour. */
  private sealed interface Started {
    record Running(SearchServer server) implements Started {}

    record Failed(IOException why) implements Started {}
  }

  /** The two kinds, with what differs between them. */
  public enum Flavour {
    ELASTICSEARCH(
        "elasticsearch",
        "ES",
        17,
        99,
        List.of(
            "xpack.security.enabled=false",
            "cluster.routing.allocation.disk.threshold_enabled=false")),
    /** Its second major version needs a security manager, which newer JDKs no longer have. */
    OPENSEARCH(
        "opensearch",
        "OPENSEARCH",
        17,
        23,
        List.of("cluster.routing.allocation.disk.threshold_enabled=false"));

    private final String program;
    private final String variables;
    private final int oldestJdk;
    private final int newestJdk;
    private final List<String> settings;

    Flavour(String program, String variables, int oldestJdk, int newestJdk, List<String> settings) {
      this.program = program;
      this.variables = variables;
      this.oldestJdk = oldestJdk;
      this.newestJdk = newestJdk;
      this.settings = settings;
    }
  }

  private SearchServer(URI url) {
    this.url = url;
  }

  /** One that somebody else has started. */
  public static SearchServer at(URI url) {
    return new SearchServer(url);
  }

  /** The running server, started on first use; the test is skipped where there is none. */
  public static SearchServer of(Flavour flavour) {
    Optional<Path> home = home(flavour);
    Optional<Path> jdk = jdk(flavour);
    Assumptions.assumeTrue(home.isPresent(), flavour + " is not unpacked in target/stores");
    Assumptions.assumeTrue(jdk.isPresent(), "no JDK that runs " + flavour);
    return switch (STARTED.computeIfAbsent(
        flavour, _ -> tryStart(flavour, home.get(), jdk.get()))) {
      case Started.Running(SearchServer server) -> server;
      case Started.Failed(IOException why) ->
          throw new IllegalStateException(flavour + " did not start", why);
    };
  }

  public URI url() {
    return url;
  }

  /** One request; the body is JSON, or empty for none. */
  public HttpResponse<String> call(String method, String path, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(url.resolve(path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static Optional<Path> home(Flavour flavour) {
    Path stores = Path.of("target", "stores").toAbsolutePath();
    if (!Files.isDirectory(stores)) {
      return Optional.empty();
    }
    try (Stream<Path> all = Files.list(stores)) {
      return all.filter(each -> each.getFileName().toString().startsWith(flavour.program + "-"))
          .max(Path::compareTo);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** This one if it fits, or another of this machine. */
  private static Optional<Path> jdk(Flavour flavour) {
    List<Path> all = new ArrayList<>();
    all.add(Path.of(System.getProperty("java.home")));
    Path others = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(others)) {
      try (Stream<Path> folders = Files.list(others)) {
        folders.sorted().forEach(all::add);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
    return all.stream()
        .filter(each -> version(each) >= flavour.oldestJdk && version(each) <= flavour.newestJdk)
        .findFirst();
  }

  private static int version(Path jdk) {
    Path release = jdk.resolve("release");
    if (!Files.isReadable(release) || !Files.isExecutable(jdk.resolve("bin/java"))) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(release)) {
      return lines
          .filter(line -> line.startsWith("JAVA_VERSION=\""))
          .map(line -> line.substring(14).split("[.\"]", 2)[0])
          .mapToInt(Integer::parseInt)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Started tryStart(Flavour flavour, Path home, Path jdk) {
    try {
      return new Started.Running(start(flavour, home, jdk));
    } catch (IOException e) {
      return new Started.Failed(e);
    }
  }

  private static SearchServer start(Flavour flavour, Path home, Path jdk) throws IOException {
    Path folder = Files.createTempDirectory("weir-" + flavour.program + "-");
    copy(home.resolve("config"), folder.resolve("config"));
    withoutGcLog(folder.resolve("config").resolve("jvm.options"));
    Path log = folder.resolve("output.log");
    int port = freePort();
    List<String> command = command(flavour, home, folder, port);
    if ("root".equals(System.getProperty("user.name"))) {
      giveAway(folder);
      command.addAll(
          0, List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--"));
    }
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    Map<String, String> environment = builder.environment();
    environment.put(flavour.variables + "_JAVA_HOME", jdk.toString());
    environment.put(flavour.variables + "_JAVA_OPTS", "-Xms512m -Xmx512m");
    environment.put(flavour.variables + "_PATH_CONF", folder.resolve("config").toString());
    environment.put(flavour.variables + "_TMPDIR", folder.resolve("tmp").toString());
    environment.put("HOME", folder.toString());
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, folder)));
    SearchServer server = at(URI.create("http://127.0.0.1:" + port + "/"));
    server.awaitHealth(process, log);
    return server;
  }

  /** It would be written into the distribution's own folder, which may be another user's. */
  private static void withoutGcLog(Path jvmOptions) throws IOException {
    List<String> lines = Files.readAllLines(jvmOptions);
    lines.removeIf(line -> line.contains("gc.log"));
    Files.write(jvmOptions, lines);
  }

  private static List<String> command(Flavour flavour, Path home, Path folder, int port)
      throws IOException {
    Files.createDirectories(folder.resolve("tmp"));
    List<String> settings = new ArrayList<>(flavour.settings);
    settings.add("discovery.type=single-node");
    settings.add("network.host=127.0.0.1");
    settings.add("http.port=" + port);
    settings.add("transport.port=" + freePort());
    settings.add("node.store.allow_mmap=false");
    settings.add("path.data=" + folder.resolve("data"));
    settings.add("path.logs=" + folder.resolve("logs"));
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin").resolve(flavour.program).toString());
    settings.forEach(setting -> command.add("-E" + setting));
    return command;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Files.copy(each, to.resolve(from.relativize(each)));
      }
    }
  }

  private static void giveAway(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        Files.setAttribute(each, "unix:uid", Integer.valueOf(NOBODY), LinkOption.NOFOLLOW_LINKS);
      }
    }
  }

  private void awaitHealth(Process process, Path log) throws IOException {
    Instant end = Instant.now().plus(START_TIME);
    while (Instant.now().isBefore(end) && process.isAlive()) {
      try {
        if (call("GET", "_cluster/health?wait_for_status=green&timeout=5s", "").statusCode()
            == 200) {
          return;
        }
        Thread.sleep(100);
      } catch (IOException notYet) {
        sleep();
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
    String said = Files.readString(log);
    throw new IOException("not healthy: " + said.substring(Math.max(0, said.length() - 3000)));
  }

  private static void sleep() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void end(Process process, Path folder) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try (Stream<Path> all = Files.walk(folder)) {
      all.sorted(java.util.Comparator.reverseOrder()).forEach(each -> each.toFile().delete());
    } catch (IOException | java.io.UncheckedIOException leftBehind) {
      // in the system's folder for temporary files
    }
  }
}
