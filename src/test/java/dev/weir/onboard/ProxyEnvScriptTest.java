package dev.weir.onboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.typesafe.config.ConfigFactory;
import dev.weir.tls.CertificateAuthority;
import dev.weir.tls.EngineServer;
import dev.weir.tls.InterceptionTls;
import dev.weir.tls.LeafMint;
import dev.weir.tls.TlsCaSettings;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The script in real shells, started with an empty environment. Nothing here touches the machine.
 */
class ProxyEnvScriptTest {
  private static final String SOURCE = "set -- --no-certificate; . ./script";
  private static final String PATH = System.getenv("PATH");

  @TempDir static Path caFolder;
  static CertificateAuthority ca;

  @TempDir Path folder;
  Path home;

  @BeforeAll
  static void makeCa() {
    ca = CertificateAuthority.openOrCreate(caFolder, InstantSource.system());
  }

  @BeforeEach
  void writeScript() throws IOException {
    home = Files.createDirectory(folder.resolve("home"));
    write(new OnboardSettings("", List.of("corp.example", "10.0.0.0/8"), "s3.example"));
  }

  private void write(OnboardSettings settings) throws IOException {
    ProxyAddress proxy =
        ProxyAddress.parse(
            settings.publicProxyUrl().isEmpty()
                ? "http://cache.example:8080"
                : settings.publicProxyUrl());
    Files.writeString(
        folder.resolve("script"),
        new ProxyEnvScript(ca, settings).render(proxy).toCompletableFuture().join());
  }

  private record Ran(int code, String out, String err) {
    Map<String, String> variables() {
      Map<String, String> found = new TreeMap<>();
      for (String line : out.split("\0", -1)) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          found.put(line.substring(0, equals).strip(), line.substring(equals + 1));
        }
      }
      return found;
    }
  }

  private Ran run(Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("env", "-i"));
    environment.forEach((name, value) -> line.add(name + "=" + value));
    line.addAll(Arrays.asList(command));
    File err = folder.resolve("stderr").toFile();
    Process process =
        new ProcessBuilder(line)
            .directory(folder.toFile())
            .redirectError(err)
            .redirectInput(new File("/dev/null"))
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ran(process.exitValue(), out, Files.readString(err.toPath()));
  }

  private Map<String, String> clean() {
    return new TreeMap<>(Map.of("PATH", PATH, "HOME", home.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "bash", "bash --posix"})
  void sourcedItSetsEveryVariableAndLeavesNothingElse(String shell) throws Exception {
    // When
    Ran ran =
        run(
            clean(),
            words(shell, "-c", "set -eu; " + SOURCE + "; env -0; set >all; echo survived=yes"));

    // Then
    assertThat(ran.code()).as(ran.err()).isZero();
    Map<String, String> variables = ran.variables();
    for (String name : List.of("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")) {
      assertThat(variables).containsEntry(name, "http://cache.example:8080");
    }
    String direct =
        "localhost,127.0.0.1,::1,169.254.169.254,169.254.170.2,.amazonaws.com,s3.example,"
            + "corp.example,10.0.0.0/8";
    assertThat(variables).containsEntry("NO_PROXY", direct).containsEntry("no_proxy", direct);
    for (String name :
        List.of(
            "SSL_CERT_FILE",
            "CURL_CA_BUNDLE",
            "REQUESTS_CA_BUNDLE",
            "PIP_CERT",
            "GIT_SSL_CAINFO",
            "AWS_CA_BUNDLE",
            "CARGO_HTTP_CAINFO")) {
      assertThat(variables).containsEntry(name, home + "/.weir/ca-bundle.pem");
    }
    assertThat(variables).containsEntry("NODE_EXTRA_CA_CERTS", home + "/.weir/ca.pem");
    assertThat(variables.get("JAVA_TOOL_OPTIONS"))
        .contains("-Djavax.net.ssl.trustStore=" + home + "/.weir/truststore.p12")
        .contains("-Dhttps.proxyHost=cache.example -Dhttps.proxyPort=8080");
    assertThat(ran.out()).contains("survived=yes");
    assertThat(Files.readString(folder.resolve("all"))).doesNotContain("_weir_");
  }

  private static String[] words(String shell, String... more) {
    return Stream.concat(Arrays.stream(shell.split(" ", -1)), Arrays.stream(more))
        .toArray(String[]::new);
  }

  @Test
  void itCanBeSourcedFromAProcessSubstitutionWithItsFlag() throws Exception {
    // When
    Ran ran = run(clean(), "bash", "-c", ". <(cat script) --no-certificate && env -0");

    // Then
    assertThat(ran.variables()).containsEntry("HTTPS_PROXY", "http://cache.example:8080");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "bash"})
  void sourcedTwiceItChangesNothing(String shell) throws Exception {
    // Given
    Map<String, String> environment = clean();
    environment.put("JAVA_TOOL_OPTIONS", "-Xmx64m");
    environment.put("NO_PROXY", "mine.example, *,127.0.0.1");

    // When
    Ran once = run(environment, shell, "-c", SOURCE + "; env -0");
    Ran twice = run(environment, shell, "-c", SOURCE + "; . ./script; env -0");
    Ran copy =
        run(environment, shell, "-c", ". ~/.weir/proxy-env.sh; . ~/.weir/proxy-env.sh; env -0");

    // Then
    assertThat(once.variables().get("JAVA_TOOL_OPTIONS")).startsWith("-Xmx64m -Djavax");
    assertThat(once.variables().get("NO_PROXY")).endsWith("10.0.0.0/8,mine.example");
    assertThat(twice.variables()).isEqualTo(once.variables());
    assertThat(copy.variables()).isEqualTo(once.variables());
  }

  @Test
  void whatItLeavesInTheHomeFolderIsForTheOwnerOnly() throws Exception {
    // When
    run(clean(), "sh", "-c", "umask 0; set -C; " + SOURCE + "; . ./script");

    // Then
    try (Stream<Path> files = Files.list(home.resolve(".weir"))) {
      assertThat(files)
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .isEqualTo("rw-------"))
          .extracting(file -> file.getFileName().toString())
          .containsExactlyInAnyOrder(
              "ca.pem", "ca-bundle.pem", "truststore.p12", "truststore.id", "proxy-env.sh");
    }
    assertThat(Files.readString(home.resolve(".weir/ca-bundle.pem"))).contains(ca.pem());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "bash"})
  void withoutAHomeFolderTheShellLivesAndHasItsProxies(String shell) throws Exception {
    for (Map<String, String> environment :
        List.of(
            Map.of("PATH", PATH),
            Map.of("PATH", PATH, "HOME", "/nonexistent"),
            Map.of("PATH", PATH, "HOME", "/proc"))) {
      // When
      Ran ran = run(environment, shell, "-c", "set -eu; " + SOURCE + "; env -0");

      // Then
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(ran.variables()).containsEntry("http_proxy", "http://cache.example:8080");
      assertThat(ran.variables()).doesNotContainKey("SSL_CERT_FILE");
      assertThat(ran.err()).contains("weir: ");
    }
  }

  @Test
  void aHomeFolderWithASpaceAndAQuoteWorks() throws Exception {
    // Given
    Path odd = Files.createDirectory(folder.resolve("o'dd home"));
    Map<String, String> environment = clean();
    environment.put("HOME", odd.toString());

    // When
    Ran ran = run(environment, "sh", "-c", SOURCE + "; . ~/.weir/proxy-env.sh; env -0");

    // Then
    assertThat(ran.variables()).containsEntry("PIP_CERT", odd + "/.weir/ca-bundle.pem");
    assertThat(ran.variables().get("JAVA_TOOL_OPTIONS"))
        .contains("trustStore=\"" + odd + "/.weir/truststore.p12\"");
  }

  @Test
  void settingsCannotBecomeCommands() throws Exception {
    // Given
    write(
        new OnboardSettings(
            "http://u$(touch${IFS}hit)'`touch${IFS}hit`:p@cache.example",
            List.of("';touch${IFS}hit;'", "$(touch${IFS}hit)"),
            ""));

    // When
    Ran ran = run(clean(), "sh", "-c", SOURCE + "; . ~/.weir/proxy-env.sh; env -0");

    // Then
    assertThat(ran.variables().get("http_proxy"))
        .isEqualTo("http://u$(touch${IFS}hit)'`touch${IFS}hit`:p@cache.example");
    assertThat(folder.resolve("hit")).doesNotExist();
    assertThat(ran.err()).doesNotContain(":p@");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dash", "bash"})
  void asAUserItInstallsThroughSudoAndElseUsesItsOwnBundle(String shell) throws Exception {
    // Given
    Path tools = Files.createDirectory(folder.resolve("tools"));
    tool(tools, "id", "echo 1000");
    tool(tools, "uname", "echo Linux");
    tool(
        tools, "sudo", "echo \"$*\" >>" + folder.resolve("asked") + "; [ -t 0 ] || cat >/dev/null");
    tool(tools, "update-ca-certificates", "exit 99");
    Map<String, String> environment = clean();
    environment.put("PATH", tools + ":" + PATH);

    // When
    Ran ran = run(environment, shell, "-c", "set -eu; . ./script; env -0");

    // Then
    assertThat(Files.readAllLines(folder.resolve("asked")))
        .containsExactly(
            "-n mkdir -p /usr/local/share/ca-certificates",
            "-n tee /usr/local/share/ca-certificates/weir-ca.crt",
            "-n update-ca-certificates");
    assertThat(ran.variables()).containsEntry("SSL_CERT_FILE", home + "/.weir/ca-bundle.pem");
  }

  @Test
  void whereSudoIsRefusedItSaysSoAndGoesOn() throws Exception {
    // Given
    Path tools = Files.createDirectory(folder.resolve("tools"));
    tool(tools, "id", "echo 1000");
    tool(tools, "sudo", "exit 1");
    tool(tools, "update-ca-certificates", "exit 99");
    Map<String, String> environment = clean();
    environment.put("PATH", tools + ":" + PATH);

    // When
    Ran ran = run(environment, "sh", "-c", "set -eu; . ./script; env -0");

    // Then
    assertThat(ran.code()).isZero();
    assertThat(ran.err()).contains("could not be installed");
    assertThat(ran.variables()).containsEntry("SSL_CERT_FILE", home + "/.weir/ca-bundle.pem");
  }

  private static void tool(Path folder, String name, String body) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void aBundleTheShellAlreadyUsesIsKeptInOurs() throws Exception {
    // Given
    Path corporate = Files.writeString(folder.resolve("corporate.pem"), "# corporate authority\n");
    Map<String, String> environment = clean();
    environment.put("SSL_CERT_FILE", corporate.toString());

    // When
    run(environment, "sh", "-c", SOURCE + "; . ./script");

    // Then
    assertThat(Files.readString(home.resolve(".weir/ca-bundle.pem")))
        .contains("# corporate authority", ca.pem());
  }

  @Test
  void curlNodeAndJavaTrustALeafOfOursWithTheseVariablesOnly() throws Exception {
    // Given
    TlsCaSettings settings =
        TlsCaSettings.from(
            ConfigFactory.parseResources("reference/tls.conf").resolve().getConfig("weir.tls"));
    InterceptionTls tls =
        new InterceptionTls(new LeafMint(ca, settings, InstantSource.system()), settings);
    try (EngineServer server = new EngineServer(() -> tls.engine("127.0.0.1"))) {
      String url = "https://127.0.0.1:" + server.port() + "/";
      Files.writeString(folder.resolve("Get.java"), JAVA_CLIENT);
      String node =
          "require('https').get('"
              + url
              + "',r=>r.pipe(process.stdout))"
              + ".on('error',e=>console.log(e.code))";

      // When
      Ran curl = run(clean(), "sh", "-c", SOURCE + "; curl -sS " + url);
      Ran nodeRan = run(clean(), "sh", "-c", SOURCE + "; node -e \"" + node + "\"");
      Ran java = run(clean(), "sh", "-c", SOURCE + "; " + java() + " Get.java " + url);
      Ran distrust = run(clean(), "sh", "-c", "curl -sS " + url);

      // Then
      assertThat(curl.out()).as(curl.err()).isEqualTo("ok\n");
      assertThat(nodeRan.out()).as(nodeRan.err()).isEqualTo("ok\n");
      assertThat(java.out()).as(java.err()).isEqualTo("ok\n");
      assertThat(distrust.code()).isEqualTo(60);
    }
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static final String JAVA_CLIENT =
      """
      class Get {
        public static void main(String[] a) throws Exception {
          try (var in = java.net.URI.create(a[0]).toURL().openStream()) {
            in.transferTo(System.out);
          }
        }
      }
      """;

  @Test
  void shellcheckHasNothingToSay() throws Exception {
    // Given
    assumeTrue(run(clean(), "sh", "-c", "command -v shellcheck").code() == 0);

    // When
    Ran ran = run(clean(), "shellcheck", "-s", "sh", "script");

    // Then
    assertThat(ran.out()).isEmpty();
  }
}
