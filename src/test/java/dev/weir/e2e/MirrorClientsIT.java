package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.OriginServer;
import dev.weir.testing.Seen;
import dev.weir.testing.TestCa;
import dev.weir.testing.TestConnectProxy;
import dev.weir.testing.WeirProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real clients at a mirror, which have no proxy and no password. */
class MirrorClientsIT {
  @TempDir private static Path folder;

  /** The pip of the distribution, against a private index with links relative to its pages. */
  @Test
  void pipInstallsFromAPrivateIndexTwiceTheSecondTimeWithoutIt() throws Exception {
    // Given
    assumeTrue(
        Command.of(List.of("python3", "-m", "pip", "--version")).run().exitCode() == 0, "no pip");
    TestCa authority = new TestCa("Origins of tests");
    byte[] wheel = wheel("weir_demo", "1.0");
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(wheel));
    String basic =
        "Basic "
            + Base64.getEncoder().encodeToString("ci:hidden".getBytes(StandardCharsets.US_ASCII));
    Files.writeString(folder.resolve("index.secret"), "ci:hidden\n");
    try (OriginServer index = OriginServer.start(authority.sockets("localhost"))) {
      String file = "weir_demo-1.0-py3-none-any.whl";
      index.on(
          "/simple/weir-demo/",
          seen ->
              guarded(
                  seen,
                  basic,
                  Answer.text(
                      200,
                      "<!DOCTYPE html><html><body><a href=\"files/"
                          + file
                          + "#sha256="
                          + digest
                          + "\">"
                          + file
                          + "</a></body></html>",
                      "Content-Type",
                      "text/html",
                      "ETag",
                      "\"page\"")));
      index.on(
          "/simple/weir-demo/files/" + file,
          seen ->
              guarded(
                  seen,
                  basic,
                  Answer.of(
                      200,
                      dev.weir.http.Headers.of(
                          "Content-Type", "application/octet-stream", "ETag", "\"wheel\""),
                      wheel)));
      Path rules =
          Files.writeString(
              folder.resolve("rules.conf"),
              """
              mounts = [ { name = pypi, path = /pypi/, to = "https://localhost:%d/simple/",
                           credentials { basic = "file:%s/index.secret" } } ]
              """
                  .formatted(index.port(), folder));
      try (WeirProcess weir =
          WeirProcess.start(
              folder.resolve("data"),
              "256m",
              "--mode=mirror",
              "--mirror-hosts=none",
              "--policy-file=" + rules,
              "--upstream-ca=" + authority.pem(folder),
              "--health-port=0")) {
        // When
        Command.Ended first = pip(weir, "first");
        index.refuse();
        Command.Ended second = pip(weir, "second");

        // Then
        assertThat(first.exitCode()).as(first.err() + first.out()).isZero();
        assertThat(second.exitCode()).as(second.err() + second.out()).isZero();
        for (String target : List.of("first", "second")) {
          assertThat(folder.resolve(target).resolve("weir_demo/__init__.py")).exists();
        }
        assertThat(first.out() + second.out()).doesNotContain("localhost", "hidden");
        assertThat(weir.log()).doesNotContain("hidden", basic.substring(6));
      }
    }
  }

  /** All that goes out goes through the proxy that filters it. */
  @Test
  void aMirrorAsksItsOriginsThroughTheEgressProxy() throws Exception {
    // Given
    Files.writeString(folder.resolve("proxy.secret"), "weir:pass\n");
    try (OriginServer origin = OriginServer.start();
        TestConnectProxy proxy = TestConnectProxy.start("weir:pass", origin.port());
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("through"),
                "256m",
                "--mode=mirror",
                "--egress-proxy=http://127.0.0.1:" + proxy.port(),
                "--egress-proxy-credentials=file:" + folder.resolve("proxy.secret"),
                "--policy-file=" + plainRule(),
                "--health-port=0")) {
      // When
      String text = new Curl("").fetch(weir.proxyUrl() + "/far.example/policy/x").text();

      // Then
      assertThat(text).contains("version 1 of /policy/x");
      assertThat(proxy.targets()).containsExactly("far.example:80");
    }
  }

  /** The other way out: clients that know a proxy, and behind it one that filters. */
  @Test
  void aProxyBehindAnotherAsksThroughItAndDirectlyWhatIsExcepted() throws Exception {
    // Given
    Files.writeString(folder.resolve("parent.secret"), "weir:pass\n");
    try (OriginServer origin = OriginServer.start();
        TestConnectProxy proxy = TestConnectProxy.start("weir:pass", origin.port());
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("behind"),
                "256m",
                "--mode=upstream",
                "--egress-proxy=http://127.0.0.1:" + proxy.port(),
                "--egress-proxy-credentials=file:" + folder.resolve("parent.secret"),
                "--egress-proxy-except=127.0.0.1",
                "--allow-destinations=127.0.0.1",
                "--health-port=0")) {
      Curl curl = new Curl(weir.proxyUrl());

      // When
      String far = curl.fetch("http://far.example/policy/x").text();
      String near = curl.fetch(origin.url("/policy/y")).text();

      // Then
      assertThat(far).contains("version 1 of /policy/x");
      assertThat(near).contains("version 1 of /policy/y");
      assertThat(proxy.targets()).containsExactly("far.example:80");
    }
  }

  @Test
  void aProxyBehindAnotherDoesNotStartWithoutIt() throws Exception {
    // When
    Command.Ended ended =
        WeirProcess.run("serve", "--mode=upstream", "--data-dir=" + folder.resolve("alone"));

    // Then
    assertThat(ended.exitCode()).isNotZero();
    assertThat(ended.err()).contains("--mode upstream needs --egress-proxy");
  }

  /** A host that the DNS leads to us, by its own name and ours, is asked where it really is. */
  @Test
  void aHostThatWasTakenOverIsAskedAtItsOwnAddress() throws Exception {
    // Given
    try (OriginServer origin = OriginServer.start();
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("taken"),
                "256m",
                "--mode=transparent",
                "--host-addresses=taken.example=127.0.0.1",
                "--allow-destinations=taken.example",
                "--health-port=0")) {
      String there = "http://taken.example:" + origin.port() + "/policy/x";

      // When
      String text = new Curl("", "--connect-to", "::127.0.0.1:" + weir.port()).fetch(there).text();

      // Then
      assertThat(text).contains("version 1 of /policy/x");
      assertThat(origin.seen().getFirst().header("Host"))
          .isEqualTo("taken.example:" + origin.port());
    }
  }

  private static Path plainRule() throws IOException {
    return Files.writeString(
        folder.resolve("plain.conf"),
        "rules = [ { name = plain, continue = on, match { host-suffix = example },"
            + " mirror-scheme = http } ]");
  }

  private static Answer guarded(Seen seen, String authorization, Answer answer) {
    return authorization.equals(seen.header("Authorization"))
        ? answer
        : Answer.text(401, "", "WWW-Authenticate", "Basic realm=\"index\"");
  }

  private static Command.Ended pip(WeirProcess weir, String target) throws Exception {
    return Command.of(
            List.of(
                "python3",
                "-m",
                "pip",
                "-v",
                "--isolated",
                "--disable-pip-version-check",
                "--no-cache-dir",
                "install",
                "--no-deps",
                "--target",
                folder.resolve(target).toString(),
                "--index-url",
                weir.proxyUrl() + "/pypi/",
                "weir-demo"))
        .run();
  }

  /** A package of one empty module, as PEP 427 has it. */
  private static byte[] wheel(String name, String version) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    String info = name + "-" + version + ".dist-info/";
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      entry(zip, name + "/__init__.py", "");
      entry(
          zip,
          info + "METADATA",
          "Metadata-Version: 2.1\nName: weir-demo\nVersion: " + version + "\n");
      entry(
          zip,
          info + "WHEEL",
          "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
      entry(
          zip,
          info + "RECORD",
          name
              + "/__init__.py,,\n"
              + info
              + "METADATA,,\n"
              + info
              + "WHEEL,,\n"
              + info
              + "RECORD,,\n");
    }
    return bytes.toByteArray();
  }

  private static void entry(ZipOutputStream zip, String name, String text) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    zip.write(text.getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }
}
