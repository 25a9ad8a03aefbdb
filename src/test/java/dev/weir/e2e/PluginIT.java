package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.OriginServer;
import dev.weir.testing.PluginJar;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example plug-in of the documentation, built against the API jar, in a real node. */
@Timeout(180)
class PluginIT {
  @TempDir private Path folder;
  private OriginServer origin;
  private Path plugins;

  @BeforeEach
  void start() throws Exception {
    origin = OriginServer.start();
    origin.on(
        "/page.txt",
        seen ->
            Answer.text(
                200,
                "for " + seen.headers().has("X-Tenant") + "\n",
                "Cache-Control",
                "max-age=600",
                "ETag",
                "\"1\""));
    plugins = Files.createDirectories(folder.resolve("plugins"));
    PluginJar.build(Path.of("docs/example-plugin"), plugins.resolve("weir-tenants.jar"));
  }

  @AfterEach
  void stop() {
    origin.close();
  }

  private String config(String filters) throws Exception {
    Path file = folder.resolve("weir.conf");
    Files.writeString(file, "weir.filters { " + filters + " }\n");
    return "--config=" + file;
  }

  private Command.Ended weir(String command, String config) throws Exception {
    return WeirProcess.run(
        command, "--plugins=" + plugins, config, "--data-dir=" + folder.resolve("none"));
  }

  @Test
  void thePluginDecidesInARealNode() throws Exception {
    // Given
    String config =
        config("order = [tenants], tenants { names = [red, blue], banner = \"-- kept --\" }");
    try (WeirProcess node =
        WeirProcess.start(
            folder.resolve("node"),
            "256m",
            "--plugins=" + plugins,
            config,
            "--health-port=0",
            "--allow-destinations=127.0.0.1")) {
      ProxyClient client = new ProxyClient(node.address());
      String url = origin.url("/page.txt");

      // When
      ProxyClient.Response nobody = client.get(url);
      ProxyClient.Response red = client.untilHit(url, "X-Tenant", "red");
      ProxyClient.Response blue = client.get(url, "X-Tenant", "blue");

      // Then
      assertThat(nobody.status()).isEqualTo(403);
      assertThat(nobody.text()).isEqualTo("Which tenant?\n");
      assertThat(red.text()).isEqualTo("for false\n-- kept --\n");
      assertThat(red.header("X-Served-For")).isEqualTo("red");
      assertThat(red.header("ETag")).isEqualTo("W/\"1\"");
      assertThat(blue.isHit()).isFalse();
      assertThat(blue.text()).isEqualTo("for false\n-- kept --\n");
    }
  }

  @Test
  void theKeyThatAFilterMakesIsPurgedShownAndExplained() throws Exception {
    // Given
    String config = config("order = [tenants], tenants { names = [red, blue] }");
    try (WeirProcess node =
        WeirProcess.start(
            folder.resolve("node"),
            "256m",
            "--plugins=" + plugins,
            config,
            "--health-port=" + freePort(),
            "--allow-destinations=127.0.0.1")) {
      ProxyClient client = new ProxyClient(node.address());
      String url = origin.url("/page.txt");
      String admin = "--admin=http://127.0.0.1:" + node.healthPort();
      client.untilHit(url, "X-Tenant", "red");
      client.untilHit(url, "X-Tenant", "blue");

      // When
      Command.Ended shown = WeirProcess.run("cache", "show", url, "-H", "X-Tenant: red", admin);
      Command.Ended ofNobody = WeirProcess.run("cache", "show", url, admin);
      Command.Ended explained =
          WeirProcess.run(
              "policy", "explain", url, "-H", "X-Tenant: red", config, "--plugins=" + plugins);
      Command.Ended purged = WeirProcess.run("purge", url, "-H", "X-Tenant: red", admin);
      Command.Ended again = WeirProcess.run("purge", url, "-H", "X-Tenant: red", admin);

      // Then
      assertThat(shown.exitCode()).as(shown.err()).isZero();
      assertThat(ofNobody.exitCode()).isEqualTo(1);
      assertThat(explained.out()).contains("filtered  " + url);
      String digest = explained.out().strip().replaceFirst("(?s).*digest +", "");
      assertThat(shown.out()).contains(digest);
      assertThat(purged.out()).as(purged.err()).contains(": purged");
      assertThat(again.out()).contains("nothing of that URL was stored");
      assertThat(client.get(url, "X-Tenant", "blue").isHit()).isTrue();
      assertThat(client.get(url, "X-Tenant", "red").isHit()).isFalse();
    }
  }

  @Test
  void whatAFilterCostsIsAMetric() throws Exception {
    // Given
    String config = config("order = [tenants], tenants { names = [red] }");
    try (WeirProcess node =
            WeirProcess.start(
                folder.resolve("node"),
                "256m",
                "--plugins=" + plugins,
                config,
                "--health-port=" + freePort(),
                "--allow-destinations=127.0.0.1");
        HttpClient http = HttpClient.newHttpClient()) {
      new ProxyClient(node.address()).get(origin.url("/page.txt"), "X-Tenant", "red");

      // When
      String metrics =
          http.send(
                  HttpRequest.newBuilder(
                          URI.create("http://127.0.0.1:" + node.healthPort() + "/metrics"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();

      // Then
      assertThat(metrics)
          .contains("weir_filter_calls_total{filter=\"tenants\",phase=\"request\"} 1.0")
          .contains("weir_filter_failures_total{filter=\"tenants\",phase=\"key\"} 0.0");
    }
  }

  private static int freePort() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  @Test
  void theFiltersAreListed() throws Exception {
    // When
    Command.Ended used = weir("filters", config("order = [tenants], tenants { names = [red] }"));
    Command.Ended unused = weir("filters", config("order = []"));

    // Then
    assertThat(used.exitCode()).isZero();
    assertThat(used.out())
        .contains("1. tenants (weir-tenants.jar): Each tenant, named by X-Tenant,")
        .contains("newContext, request, key, bodies, responseBody, response, logging");
    assertThat(unused.out()).contains("- tenants (weir-tenants.jar)");
  }

  @Test
  void whatCannotBeHadStopsTheStartWithASentence() throws Exception {
    // When
    Command.Ended unknown = weir("serve", config("order = [tenant]"));
    Command.Ended typo =
        weir("serve", config("order = [tenants], tenants { names = [red], baner = x }"));
    Command.Ended bad = weir("serve", config("order = [tenants], tenants { names = [] }"));
    Command.Ended stranger =
        weir("serve", config("order = [tenants], tenants { names = [red] }, others { a = 1 }"));
    Files.writeString(plugins.resolve("broken.jar"), "no jar at all");
    Command.Ended broken = weir("serve", config("order = [tenants], tenants { names = [red] }"));

    // Then
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("brings a filter 'tenant'; there are: tenants");
    assertThat(typo.err()).contains("weir.filters.tenants.baner: unknown key");
    assertThat(bad.err()).contains("weir.filters.tenants.names: at least one tenant is needed");
    assertThat(stranger.err()).contains("weir.filters.others: no plug-in in");
    assertThat(broken.exitCode()).isEqualTo(2);
    assertThat(broken.err()).contains("broken.jar");
  }
}
