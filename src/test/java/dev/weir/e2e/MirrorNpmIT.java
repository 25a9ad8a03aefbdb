package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.WeirProcess;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The npm on the path at a mount over the registry that it is configured for, whichever that is: it
 * knows the mirror's address and nothing else. Skips where there is no npm, and where its registry
 * does not answer.
 */
@Tag("clients")
class MirrorNpmIT {
  private static final String PACKAGE = "is-number@7.0.0";
  private static final String TARBALL = "/is-number/-/is-number-7.0.0.tgz";
  private static final String MISSING = "undefined";

  @TempDir private Path folder;
  private final OriginServer near = OriginServer.start();
  private String registry = "";
  private List<String> flags = List.of();

  @BeforeEach
  void configured() throws Exception {
    assumeTrue(Command.isThere("npm"), "npm is not on the path");
    String named = setting("registry");
    registry = named.endsWith("/") ? named : named + "/";
    String authorities = setting("cafile");
    List<String> asking =
        new ArrayList<>(List.of("curl", "-q", "-sS", "-f", "--noproxy", "*", "--max-time", "20"));
    List<String> node = new ArrayList<>(List.of("--mode=mirror", "--mirror-hosts=none"));
    if (!authorities.isEmpty() && !authorities.equals(MISSING) && !authorities.equals("null")) {
      asking.addAll(List.of("--cacert", authorities));
      node.add("--upstream-ca=" + authorities);
    }
    asking.addAll(List.of("-o", folder.resolve("page").toString(), registry + "is-number"));
    assumeTrue(
        Command.of(asking).run().exitCode() == 0, "the registry of npm is not reached from here");
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            mounts = [
              { name = npm, path = /npm/, to = "%s", policy = Standard }
              { name = near, path = /near/, to = "%s", policy = Standard }
            ]
            """
                .formatted(registry, near.url("/")));
    node.addAll(List.of("--policy-file=" + rules, "--health-port=0"));
    flags = List.copyOf(node);
  }

  @AfterEach
  void stop() {
    near.close();
  }

  @Test
  void npmInstallsTwiceTheSecondTimeFromTheCacheAndOnceMoreWithoutTheRegistry() throws Exception {
    // Given
    Path data = folder.resolve("data");
    try (WeirProcess weir = start(data)) {
      Curl curl = new Curl("");
      // What comes before a node has found its fleet may not be kept.
      Eventually.holds(() -> curl.fetch(weir.proxyUrl() + "/near/policy/lasting/x").isHit());

      // When
      Client first = new Client("first", weir);
      first.installs();
      String link = first.link();
      Eventually.holds(() -> curl.fetch(link, "-HCache-Control: only-if-cached").isHit());
      int asked = weir.log().length();
      Client second = new Client("second", weir);
      second.installs();
      String since = weir.log().substring(asked);

      // Then
      assertThat(link).isEqualTo(weir.proxyUrl() + "/npm" + TARBALL);
      for (Client one : List.of(first, second)) {
        assertThat(one.resolved()).isEqualTo(link);
      }
      assertThat(since.lines().filter(line -> line.contains(TARBALL)))
          .isNotEmpty()
          .allMatch(line -> line.contains("\"reason\":\"fresh\""));
    }

    // When
    String host = URI.create(registry).getHost();
    try (WeirProcess cutOff = start(data, "--host-addresses=" + host + "=127.0.0.1")) {
      Client third = new Client("third", cutOff);
      third.installs();

      // Then
      assertThat(third.resolved()).isEqualTo(cutOff.proxyUrl() + "/npm" + TARBALL);
    }
  }

  private WeirProcess start(Path data, String... more) throws Exception {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of(more));
    return WeirProcess.start(data, "256m", all.toArray(String[]::new));
  }

  /** What the npm of whoever runs this is set to. */
  private static String setting(String name) throws Exception {
    Command command = Command.of("npm", "config", "get", name);
    for (Map.Entry<String, String> one : System.getenv().entrySet()) {
      String variable = one.getKey().toLowerCase(Locale.ROOT);
      if (variable.startsWith("npm_config_") || variable.equals("home")) {
        command.with(one.getKey(), one.getValue());
      }
    }
    return command.run().out().strip();
  }

  /** An npm with a home and a cache of its own, which has never asked anybody. */
  private final class Client {
    private final Path home;
    private final Path project;
    private final String mirror;

    Client(String name, WeirProcess weir) throws Exception {
      home = Files.createDirectories(folder.resolve(name));
      project = Files.createDirectories(home.resolve("project"));
      mirror = weir.proxyUrl() + "/npm/";
      Files.writeString(project.resolve("package.json"), "{\"name\":\"x\",\"version\":\"1.0.0\"}");
    }

    void installs() throws Exception {
      npm("install", PACKAGE);
      assertThat(project.resolve("node_modules/is-number/package.json")).exists();
    }

    String link() throws Exception {
      return npm("view", PACKAGE, "dist.tarball").strip();
    }

    /** Where the lock file says that the package is. */
    String resolved() throws Exception {
      JsonNode lock = new ObjectMapper().readTree(project.resolve("package-lock.json").toFile());
      JsonNode found = lock.path("packages").path("node_modules/is-number");
      assertThat(found.path("integrity").asText()).startsWith("sha512-");
      return found.path("resolved").asText();
    }

    private String npm(String... words) throws Exception {
      List<String> all = new ArrayList<>(List.of("npm"));
      all.addAll(List.of(words));
      Command.Ended ended =
          Command.of(all)
              .in(project)
              .with("HOME", home.toString())
              .with("npm_config_registry", mirror)
              .with("npm_config_cache", home.resolve("cache").toString())
              .with("npm_config_proxy", "")
              .with("npm_config_https_proxy", "")
              .with("npm_config_replace_registry_host", "never")
              .with("npm_config_omit_lockfile_registry_resolved", "false")
              .with("npm_config_audit", "false")
              .with("npm_config_fund", "false")
              .with("npm_config_update_notifier", "false")
              .with("npm_config_fetch_retries", "0")
              .run();
      assertThat(ended.exitCode()).as(ended.out() + ended.err()).isZero();
      return ended.out();
    }
  }
}
