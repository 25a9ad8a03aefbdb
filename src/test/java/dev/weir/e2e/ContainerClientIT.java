package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Command;
import dev.weir.testing.ContainerImage;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.GuardedRegistry;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real client of container registries at a real registry that wants tokens. */
class ContainerClientIT {
  private static final String USER = "puller:top secret";

  @TempDir private Path folder;
  private GuardedRegistry registry;
  private WeirProcess weir;
  private ContainerImage image;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Command.isThere("skopeo"), "skopeo is not on the path");
    assumeTrue(Command.isThere("docker-registry"), "docker-registry is not on the path");
    TestCa authority = new TestCa("Origins of tests");
    registry = GuardedRegistry.start(folder, authority, USER);
    image = ContainerImage.write(folder.resolve("image"));
    for (String repository : List.of("open/image", "closed/image")) {
      Command.Ended pushed =
          skopeo(
              "--dest-tls-verify=false",
              "oci:" + folder.resolve("image") + ":made",
              "docker://127.0.0.1:" + registry.plainPort() + "/" + repository + ":latest");
      assertThat(pushed.exitCode()).as(pushed.err()).isZero();
    }
    Files.writeString(folder.resolve("puller"), USER + "\n");
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            mounts = [
              { name = public, path = /v2/hub/, to = "https://localhost:%1$d/v2/" }
              { name = private, path = /v2/ours/, to = "https://localhost:%1$d/v2/",
                credentials { basic = "file:%2$s/puller" } }
            ]
            """
                .formatted(registry.port(), folder));
    Path config =
        Files.writeString(
            folder.resolve("node.conf"),
            "weir.edge.connect-ports = [%d]\n".formatted(registry.port()));
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--mirror-port=0",
            "--policy-file=" + rules,
            "--upstream-ca=" + authority.pem(folder),
            "--allow-destinations=localhost," + GuardedRegistry.NAME,
            "--host-addresses=" + GuardedRegistry.NAME + "=127.0.0.1",
            "--config=" + config,
            "--health-port=0");
    Curl curl = new Curl(weir.proxyUrl());
    String layer = "/v2/open/image/blobs/sha256:" + image.layerDigest();
    String plain = "http://localhost:" + registry.plainPort() + layer;
    // What comes before a node has found its fleet may not be kept.
    Eventually.holds(() -> curl.fetch(plain).isHit());
  }

  @AfterEach
  void stop() throws Exception {
    if (weir != null) {
      weir.close();
    }
    if (registry != null) {
      registry.close();
    }
  }

  @Test
  void anImageIsCopiedTwiceThroughTheMirrorTheSecondTimeWithoutTheRegistry() throws Exception {
    // When
    Command.Ended first = pull("ours/closed/image", "first");
    int blobs = registry.blobsAsked();
    Command.Ended second = pull("ours/closed/image", "second");
    int blobsAfter = registry.blobsAsked();
    registry.close();
    Command.Ended third = pull("ours/closed/image", "third");

    // Then
    for (Command.Ended one : List.of(first, second, third)) {
      assertThat(one.exitCode()).as(one.err()).isZero();
    }
    assertThat(blobs).isEqualTo(2);
    assertThat(blobsAfter).as("asked for a second time").isEqualTo(blobs);
    assertThat(folder.resolve("third/blobs/sha256/" + image.layerDigest())).exists();
    assertThat(weir.log()).doesNotContain("top secret");
  }

  @Test
  void whoHasNoRightsGets401ThoughTheImageIsKeptForOthers() throws Exception {
    // Given
    assertThat(pull("ours/closed/image", "entitled").exitCode()).isZero();
    // When
    Command.Ended stranger = pull("hub/closed/image", "stranger");
    Command.Ended open = pull("hub/open/image", "open");
    // Then
    assertThat(stranger.exitCode()).isNotZero();
    assertThat(stranger.err()).containsIgnoringCase("unauthorized");
    assertThat(open.exitCode()).as(open.err()).isZero();
  }

  @Test
  void anImageIsCopiedTwiceThroughTheForwardProxyAndItsBlobsAreAskedForOnce() throws Exception {
    // Given
    String place = GuardedRegistry.NAME + ":" + registry.port();
    String there = "docker://" + place + "/closed/image:latest";
    // When
    Command.Ended first = proxied("--src-creds=" + USER, there, "one");
    int blobs = registry.blobsAsked();
    Command.Ended second = proxied("--src-creds=" + USER, there, "two");
    Command.Ended stranger = proxied("--src-no-creds", there, "none");
    // Then
    for (Command.Ended one : List.of(first, second)) {
      assertThat(one.exitCode()).as(one.err()).isZero();
    }
    assertThat(folder.resolve("two/blobs/sha256/" + image.layerDigest())).exists();
    assertThat(blobs).isEqualTo(2);
    assertThat(registry.blobsAsked()).as("asked for a second time").isEqualTo(blobs);
    assertThat(stranger.exitCode()).isNotZero();
    assertThat(weir.log()).contains("GET https://" + place + "/v2/closed/image/blobs/");
  }

  private Command.Ended proxied(String credentials, String source, String target) throws Exception {
    return command(credentials, "--src-tls-verify=false", source, layout(target))
        .with("HTTPS_PROXY", weir.proxyUrl())
        .with("NO_PROXY", "")
        .run();
  }

  private Command.Ended pull(String name, String target) throws Exception {
    return skopeo(
        "--src-tls-verify=false",
        "docker://127.0.0.1:" + weir.mirrorPort() + "/" + name + ":latest",
        layout(target));
  }

  private String layout(String target) {
    return "oci:" + folder.resolve(target) + ":pulled";
  }

  private Command.Ended skopeo(String... words) throws Exception {
    return command(words).run();
  }

  private Command command(String... words) {
    List<String> all = new ArrayList<>(List.of("skopeo", "--insecure-policy", "copy"));
    all.addAll(List.of(words));
    return Command.of(all).with("HOME", folder.toString()).with("TMPDIR", folder.toString());
  }
}
