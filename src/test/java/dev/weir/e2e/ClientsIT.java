package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.log.ServeReason;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real clients fetch through Weir from the registries they are configured for, twice with clean
 * caches of their own; the second time every artifact is a hit; a third time the origins are cut
 * off (Weir is restarted refusing every destination) and the installs still pass. Run by {@code mvn
 * verify -Pclients}; the counts are printed.
 */
@Tag("clients")
class ClientsIT {
  private static final Pattern ARTIFACT =
      Pattern.compile("\\.(tgz|jar|pom|deb)(\\.sha1)?\"", Pattern.CASE_INSENSITIVE);

  @TempDir private Path folder;

  /** The node that is cut off, if one is: its clients run in its network namespace. */
  private @Nullable WeirProcess cutOff;

  @Test
  void npm() throws Exception {
    assumeTrue(isThere("npm"), "npm is not on the path");
    threeTimes(
        "npm",
        (weir, home) -> {
          Path project = Files.createDirectories(home.resolve("project"));
          Files.writeString(
              project.resolve("package.json"),
              "{\"name\":\"x\",\"version\":\"1.0.0\",\"dependencies\":{\"express\":\"4.19.2\"}}");
          run(
              project,
              Map.of(
                  "npm_config_cache", home.resolve("npm-cache").toString(),
                  "npm_config_cafile", ca(weir).toString(),
                  "npm_config_proxy", weir.proxyUrl(),
                  "npm_config_https_proxy", weir.proxyUrl()),
              "npm",
              "install",
              "--no-audit",
              "--no-fund",
              "--no-update-notifier",
              "--fetch-retries=0");
          assertThat(project.resolve("node_modules/express/package.json")).exists();
        });
  }

  @Test
  void maven() throws Exception {
    assumeTrue(isThere("mvn"), "mvn is not on the path");
    threeTimes(
        "mvn",
        (weir, home) -> {
          Path project = Files.createDirectories(home.resolve("project"));
          Path trust = trustStore(weir);
          run(
              project,
              Map.of(
                  "MAVEN_OPTS",
                  ("-Djavax.net.ssl.trustStore=%s -Djavax.net.ssl.trustStorePassword=changeit"
                          + " -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=%d"
                          + " -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=%d")
                      .formatted(trust, weir.port(), weir.port())),
              "mvn",
              "-B",
              "-ntp",
              "-q",
              "-Dmaven.repo.local=" + home.resolve("repository"),
              "dependency:get",
              "-Dartifact=com.google.guava:guava:33.3.1-jre");
          try (var files = Files.walk(home.resolve("repository"))) {
            assertThat(files.anyMatch(file -> file.endsWith("guava-33.3.1-jre.jar"))).isTrue();
          }
        });
  }

  @Test
  void apt() throws Exception {
    assumeTrue(isThere("apt-get"), "apt-get is not on the path");
    threeTimes(
        "apt-get",
        (weir, home) -> {
          Path state = Files.createDirectories(home.resolve("state/lists/partial"));
          Path cache = Files.createDirectories(home.resolve("cache/archives/partial"));
          List<String> options =
              List.of(
                  "-o", "Dir::State=" + state.getParent().getParent(),
                  "-o", "Dir::State::status=/var/lib/dpkg/status",
                  "-o", "Dir::Cache=" + cache.getParent().getParent(),
                  "-o", "APT::Sandbox::User=root",
                  "-o", "Acquire::Retries=0",
                  "-o", "Acquire::http::Proxy=" + weir.proxyUrl(),
                  "-o", "Acquire::https::Proxy=" + weir.proxyUrl(),
                  "-o", "Acquire::https::CAInfo=" + ca(weir));
          run(home, Map.of(), command("apt-get", options, "update"));
          Path downloads = Files.createDirectories(home.resolve("downloads"));
          run(downloads, Map.of(), command("apt-get", options, "download", "hello", "jq"));
          try (var files = Files.list(downloads)) {
            assertThat(files.filter(file -> file.toString().endsWith(".deb"))).hasSize(2);
          }
        });
  }

  @FunctionalInterface
  private interface Install {
    void run(WeirProcess weir, Path home) throws Exception;
  }

  private void threeTimes(String name, Install install) throws Exception {
    Path data = folder.resolve("data");
    Counts first;
    Counts second;
    try (WeirProcess weir =
        WeirProcess.start(
            data, "512m", "--health-port=0", "--allow-destinations=" + configuredHosts())) {
      install.run(weir, Files.createDirectories(folder.resolve("first")));
      first = counts(weir, 0);
      install.run(weir, Files.createDirectories(folder.resolve("second")));
      second = counts(weir, first.lines());
    }
    Counts third;
    assumeTrue(mayCutOff(), "network namespaces are not allowed here");
    try (WeirProcess weir = WeirProcess.startCutOff(data, "512m", "--health-port=0")) {
      cutOff = weir;
      install.run(weir, Files.createDirectories(folder.resolve("third")));
      third = counts(weir, 0);
    }
    System.out.printf("%s: first %s; second %s; origin cut off %s%n", name, first, second, third);
    assertThat(second.artifacts()).as("artifacts asked for the second time").isPositive();
    assertThat(second.artifactHits()).as("artifact hits").isEqualTo(second.artifacts());
  }

  /** Registries may stand on private or loopback addresses; they are allowed by name. */
  private static String configuredHosts() {
    return System.getProperty("weir.test.destinations", "127.0.0.0/8,localhost");
  }

  private record Counts(int lines, int requests, int hits, int artifacts, int artifactHits) {
    @Override
    public String toString() {
      return "%d requests, %d hits (artifacts: %d of %d)"
          .formatted(requests, hits, artifactHits, artifacts);
    }
  }

  private static Counts counts(WeirProcess weir, int skipLines) throws Exception {
    List<String> lines = weir.log().lines().toList();
    List<String> gets =
        lines.stream()
            .skip(skipLines)
            .filter(line -> line.contains("\"method\":\"GET\"") && line.contains("\"status\":2"))
            .toList();
    List<String> artifacts = gets.stream().filter(line -> ARTIFACT.matcher(line).find()).toList();
    return new Counts(
        lines.size(),
        gets.size(),
        (int) gets.stream().filter(ClientsIT::isHit).count(),
        artifacts.size(),
        (int) artifacts.stream().filter(ClientsIT::isHit).count());
  }

  private static boolean isHit(String line) {
    return Arrays.stream(ServeReason.values())
        .filter(reason -> reason.kind() == ServeReason.Kind.HIT)
        .anyMatch(reason -> line.contains("\"reason\":\"" + reason.label() + "\""));
  }

  private Path ca(WeirProcess weir) throws Exception {
    return fetch(weir, "/ca.pem", "weir-ca.pem");
  }

  private Path trustStore(WeirProcess weir) throws Exception {
    return fetch(weir, "/ca.p12", "weir-ca.p12");
  }

  private Path fetch(WeirProcess weir, String path, String name) throws Exception {
    Path to = folder.resolve(name);
    if (Files.exists(to)) {
      return to;
    }
    var client = new ProxyClient(weir.address());
    return Files.write(to, client.get("http://weir.internal" + path).body());
  }

  private static boolean isThere(String tool) {
    return List.of(System.getenv("PATH").split(":")).stream()
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  private static String[] command(String tool, List<String> options, String... rest) {
    List<String> words = new ArrayList<>(List.of(tool));
    words.addAll(options);
    words.addAll(List.of(rest));
    return words.toArray(String[]::new);
  }

  private static boolean mayCutOff() throws Exception {
    return isThere("unshare")
        && isThere("ip")
        && new ProcessBuilder("unshare", "-n", "ip", "link", "set", "lo", "up").start().waitFor()
            == 0;
  }

  private void run(Path folder, Map<String, String> environment, String... command)
      throws Exception {
    List<String> words = new ArrayList<>();
    if (cutOff != null) {
      words.addAll(List.of("nsenter", "-t", Long.toString(cutOff.pid()), "-n"));
    }
    words.addAll(List.of(command));
    ProcessBuilder builder =
        new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.toLowerCase(Locale.ROOT).matches("https?_proxy|all_proxy|no_proxy"));
    Path output = Files.createTempFile("weir-client-", ".log");
    Process process = builder.redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(8, TimeUnit.MINUTES);
    if (!ended) {
      process.destroyForcibly();
    }
    assertThat(ended && process.exitValue() == 0)
        .as(String.join(" ", command) + "\n" + Files.readString(output))
        .isTrue();
    Files.delete(output);
  }
}
