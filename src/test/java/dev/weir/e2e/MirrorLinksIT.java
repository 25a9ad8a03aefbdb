package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.OriginServer;
import dev.weir.testing.Seen;
import dev.weir.testing.TestCa;
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
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real clients that know only the mirror's address: a private index, with credentials that they
 * never see, whose pages link absolutely to a second host.
 */
class MirrorLinksIT {
  private static final Pattern URL = Pattern.compile("https?://[^/\\s\"'<>]+");

  @TempDir private Path folder;

  private OriginServer index;
  private OriginServer files;
  private WeirProcess weir;

  @BeforeEach
  void start() throws Exception {
    TestCa authority = new TestCa("Origins of tests");
    index = OriginServer.start(authority.sockets("127.0.0.1", "localhost"));
    files = OriginServer.start(authority.sockets("127.0.0.1", "localhost"));
    Files.writeString(folder.resolve("index.secret"), "reader:top secret\n");
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            mounts = [
              { name = index, path = /pypi/, to = "https://127.0.0.1:%1$d/simple/",
                credentials { basic = "file:%2$s/index.secret" } }
              { name = packages, path = /npm/, to = "https://127.0.0.1:%1$d/npm/",
                credentials { basic = "file:%2$s/index.secret" } }
            ]
            """
                .formatted(index.port(), folder));
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--mirror-port=0",
            "--policy-file=" + rules,
            "--upstream-ca=" + authority.pem(folder),
            "--mirror-allow-destinations=localhost:" + files.port(),
            "--health-port=0");
  }

  @AfterEach
  void stop() {
    weir.close();
    index.close();
    files.close();
  }

  @Test
  void pipInstallsFromAPrivateIndexTwiceTheSecondTimeWithBothOriginsOff() throws Exception {
    assumeTrue(Command.isThere("pip"), "pip is not on the path");
    // Given
    byte[] wheel = wheel();
    String link = "https://localhost:" + files.port() + "/packages/weirdemo-1.0-py3-none-any.whl";
    index.on("/simple/weirdemo/", seen -> isReader(seen) ? page(link, wheel) : denied());
    files.on(
        "/packages/weirdemo-1.0-py3-none-any.whl",
        seen -> Answer.of(200, Headers.of("Cache-Control", "max-age=600", "ETag", "\"w\""), wheel));

    // When
    Command.Ended first = pip("first");
    index.refuse();
    files.refuse();
    Command.Ended second = pip("second");

    // Then
    assertThat(first.exitCode()).as(first.out() + first.err()).isZero();
    assertThat(second.exitCode()).as(second.out() + second.err()).isZero();
    for (Command.Ended one : List.of(first, second)) {
      assertThat(hosts(one.out() + one.err())).containsOnly(mirror());
    }
    assertThat(folder.resolve("second/weirdemo/__init__.py")).hasContent("answer = 42");
    assertThat(files.seen()).allMatch(seen -> seen.header("Authorization") == null);
    assertThat(weir.log()).doesNotContain("top secret", basic());
  }

  @Test
  void npmInstallsFromAPrivateRegistryTwiceTheSecondTimeWithBothOriginsOff() throws Exception {
    assumeTrue(Command.isThere("npm"), "npm is not on the path");
    // Given
    byte[] tarball = tarball();
    String link = "https://localhost:" + files.port() + "/tarballs/weirdemo-1.0.0.tgz";
    index.on("/npm/weirdemo", seen -> isReader(seen) ? packument(link, tarball) : denied());
    files.on(
        "/tarballs/weirdemo-1.0.0.tgz",
        seen ->
            Answer.of(200, Headers.of("Cache-Control", "max-age=600", "ETag", "\"t\""), tarball));

    // When
    Command.Ended first = npm("first");
    index.refuse();
    files.refuse();
    Command.Ended second = npm("second");

    // Then
    assertThat(first.exitCode()).as(first.out() + first.err()).isZero();
    assertThat(second.exitCode()).as(second.out() + second.err()).isZero();
    assertThat(folder.resolve("second/node_modules/weirdemo/index.js"))
        .hasContent("module.exports = 42");
    String lock = Files.readString(folder.resolve("second/package-lock.json"));
    assertThat(lock).contains(mirror() + "/localhost:" + files.port() + "/tarballs/");
  }

  private String mirror() {
    return "http://127.0.0.1:" + weir.mirrorPort();
  }

  private static boolean isReader(Seen seen) {
    return basic().equals(seen.header("Authorization"));
  }

  private static String basic() {
    byte[] user = "reader:top secret".getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(user);
  }

  private static Answer denied() {
    return Answer.text(401, "who are you?\n", "WWW-Authenticate", "Basic realm=\"index\"");
  }

  private static List<String> hosts(String text) {
    return URL.matcher(text).results().map(found -> found.group()).distinct().toList();
  }

  // --- pip

  private Command.Ended pip(String target) throws Exception {
    return Command.of(
            "pip",
            "-v",
            "--isolated",
            "--disable-pip-version-check",
            "install",
            "--no-cache-dir",
            "--no-deps",
            "--root-user-action=ignore",
            "--index-url",
            mirror() + "/pypi/",
            "--target",
            folder.resolve(target).toString(),
            "weirdemo")
        .with("NO_PROXY", "127.0.0.1")
        .run();
  }

  private static Answer page(String link, byte[] wheel) throws IOException {
    return Answer.text(
        200,
        "<!DOCTYPE html><html><body><a href=\"%s#sha256=%s\">weirdemo-1.0-py3-none-any.whl</a></body></html>"
            .formatted(link, HexFormat.of().formatHex(digest("SHA-256", wheel))),
        "Content-Type",
        "text/html; charset=utf-8",
        "ETag",
        "\"page\"",
        "Cache-Control",
        "max-age=0");
  }

  private static byte[] wheel() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      Map<String, String> entries =
          Map.of(
              "weirdemo/__init__.py", "answer = 42",
              "weirdemo-1.0.dist-info/METADATA",
                  "Metadata-Version: 2.1\nName: weirdemo\nVersion: 1.0\n",
              "weirdemo-1.0.dist-info/WHEEL",
                  "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
              "weirdemo-1.0.dist-info/RECORD",
                  "weirdemo/__init__.py,,\nweirdemo-1.0.dist-info/METADATA,,\n"
                      + "weirdemo-1.0.dist-info/WHEEL,,\nweirdemo-1.0.dist-info/RECORD,,\n");
      for (Map.Entry<String, String> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  // --- npm

  private Command.Ended npm(String target) throws Exception {
    Path project = Files.createDirectories(folder.resolve(target));
    Files.writeString(
        project.resolve("package.json"),
        "{\"name\":\"x\",\"version\":\"1.0.0\",\"dependencies\":{\"weirdemo\":\"1.0.0\"}}");
    return Command.of(
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--registry=" + mirror() + "/npm/",
            "--cache=" + folder.resolve(target + "-cache"))
        .in(project)
        .with("NO_PROXY", "127.0.0.1")
        .with("HOME", folder.toString())
        .run();
  }

  private static Answer packument(String link, byte[] tarball) throws IOException {
    String integrity = "sha512-" + Base64.getEncoder().encodeToString(digest("SHA-512", tarball));
    return Answer.text(
        200,
        """
        {"name":"weirdemo","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"weirdemo",
         "version":"1.0.0","dist":{"tarball":"%s","integrity":"%s"}}}}\
        """
            .formatted(link, integrity),
        "Content-Type",
        "application/json",
        "ETag",
        "\"packument\"",
        "Cache-Control",
        "max-age=300");
  }

  private static byte[] tarball() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      tarEntry(zip, "package/package.json", "{\"name\":\"weirdemo\",\"version\":\"1.0.0\"}");
      tarEntry(zip, "package/index.js", "module.exports = 42");
      zip.write(new byte[1024]);
    }
    return bytes.toByteArray();
  }

  /** One file in the oldest form of tar. */
  private static void tarEntry(GZIPOutputStream zip, String name, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    byte[] head = new byte[512];
    put(head, 0, name);
    put(head, 100, "0000644\0");
    put(head, 108, "0000000\0");
    put(head, 116, "0000000\0");
    put(head, 124, "%011o\0".formatted(body.length));
    put(head, 136, "00000000000\0");
    put(head, 148, "        ");
    put(head, 156, "0");
    put(head, 257, "ustar\00000");
    int sum = 0;
    for (byte one : head) {
      sum += one & 0xff;
    }
    put(head, 148, "%06o\0 ".formatted(sum));
    zip.write(head);
    zip.write(body);
    zip.write(new byte[(512 - body.length % 512) % 512]);
  }

  private static void put(byte[] head, int at, String text) {
    byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(octets, 0, head, at, octets.length);
  }

  private static byte[] digest(String name, byte[] bytes) throws IOException {
    try {
      return MessageDigest.getInstance(name).digest(bytes);
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new IOException(impossible);
    }
  }
}
