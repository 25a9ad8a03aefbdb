package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.Seen;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The downloads of Bazel, whose configuration is the one in the documentation, letter by letter.
 * The rules are applied here as Bazel applies them, and curl asks as its downloader does: for what
 * is compressed already without a coding, after a break for the rest.
 */
class MirrorBazelIT {
  private static final Path DOCUMENT = Path.of("docs/mirror.md");
  private static final Pattern CONFIG =
      Pattern.compile("### Bazel\\n.*?```text\\n(.*?)```", Pattern.DOTALL);
  private static final String[] BAZEL = {"-A", "bazel/8.0.0", "-HAccept: */*"};

  @TempDir private Path folder;
  private final byte[] archive = new byte[200_000];
  private OriginServer origin;
  private OriginServer elsewhere;
  private WeirProcess weir;
  private Curl curl;
  private Downloader downloader;

  @BeforeEach
  void start() throws Exception {
    new Random(3).nextBytes(archive);
    TestCa authority = new TestCa("Origins of tests");
    origin = OriginServer.start(authority.sockets("files.example", "packages.example"));
    elsewhere = OriginServer.start(authority.sockets("storage.example"));
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            mounts = [ { name = releases, path = /releases/,
                         to = "https://packages.example:%d/releases/" } ]
            """
                .formatted(origin.port()));
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--mode=mirror",
            "--policy-file=" + rules,
            "--upstream-ca=" + authority.pem(folder),
            "--host-addresses=files.example=127.0.0.1,packages.example=127.0.0.1,"
                + "storage.example=127.0.0.1",
            "--mirror-allow-destinations=files.example:%d,storage.example:%d"
                .formatted(origin.port(), elsewhere.port()),
            "--health-port=0");
    curl = new Curl("", "--connect-to", "mirror.example:8090:127.0.0.1:" + weir.port());
    Matcher config = CONFIG.matcher(Files.readString(DOCUMENT));
    assertThat(config.find()).isTrue();
    downloader = Downloader.of(config.group(1));
    // What comes before a node has found its fleet may not be kept.
    Eventually.holds(() -> fetch(there("/policy/first")).isHit());
    origin.reset();
  }

  @AfterEach
  void stop() {
    weir.close();
    origin.close();
    elsewhere.close();
  }

  @Test
  void anArchiveIsFetchedOnceAndServedWithoutItsOrigin() throws Exception {
    // Given
    String url = there("/tools/archive-1.0.tar.gz");
    origin.on("/tools/archive-1.0.tar.gz", this::archive);

    // When
    ProxyClient.Response first = fetch(url);
    Eventually.holds(() -> fetch(url).isHit());
    List<Seen> asked = origin.seen();
    origin.refuse();
    ProxyClient.Response without = fetch(url);
    ProxyClient.Response rest = fetch(url, "-r", "150000-");

    // Then
    assertThat(downloader.urls(url))
        .containsExactly("http://mirror.example:8090/" + url.substring("https://".length()));
    assertThat(first.body()).isEqualTo(archive);
    assertThat(asked.stream().filter(Seen::isPlainGet)).hasSize(1);
    assertThat(asked.getFirst().header("Host")).isEqualTo("files.example:" + origin.port());
    assertThat(without.body()).isEqualTo(archive);
    assertThat(rest.status()).isEqualTo(206);
    assertThat(rest.header("Content-Range")).isEqualTo("bytes 150000-199999/200000");
    assertThat(rest.body()).isEqualTo(Arrays.copyOfRange(archive, 150_000, 200_000));
  }

  @Test
  void whatHasAMountGoesThereFirst() throws Exception {
    // Given
    String url = "https://packages.example/releases/v1/tool.zip";
    origin.on("/releases/v1/tool.zip", this::archive);

    // When
    ProxyClient.Response answer = fetch(url);

    // Then
    assertThat(downloader.urls(url))
        .containsExactly(
            "http://mirror.example:8090/releases/v1/tool.zip",
            "http://mirror.example:8090/packages.example/releases/v1/tool.zip");
    assertThat(answer.body()).isEqualTo(archive);
    assertThat(origin.seen().getLast().header("Host"))
        .isEqualTo("packages.example:" + origin.port());
  }

  /** Bazel would follow it past the mirror, and be stopped by its own configuration. */
  @Test
  void releasesThatAreRedirectedToAStoreAreFollowedInside() throws Exception {
    // Given
    String store = "https://storage.example:" + elsewhere.port() + "/signed/9?token=t";
    String url = there("/download/archive.tar.gz");
    origin.on("/download/archive.tar.gz", seen -> Answer.text(302, "", "Location", store));
    elsewhere.on("/signed/9", this::archive);

    // When
    ProxyClient.Response first = fetch(url);
    Eventually.holds(() -> fetch(url).isHit());
    origin.refuse();
    elsewhere.refuse();

    // Then
    assertThat(first.body()).isEqualTo(archive);
    assertThat(first.headers().has("Location")).isFalse();
    assertThat(fetch(url).body()).isEqualTo(archive);
  }

  /** What is not compressed by its name is asked for with gzip. */
  @Test
  void whatIsCodedOnItsWayIsDecodedToTheSameBytes() throws Exception {
    // Given
    String url = there("/rules/defs.bzl");
    String text = "def f():\n  pass\n".repeat(100);
    origin.on("/rules/defs.bzl", seen -> wantsGzip(seen) ? gzip(text) : plain(text));
    String[] coded = {"--compressed", "-HAccept-Encoding: gzip"};

    // When
    List<String> first = List.of(fetch(url).text(), fetch(url, coded).text());
    Eventually.holds(() -> fetch(url).isHit() && fetch(url, coded).isHit());
    origin.refuse();
    List<String> without = List.of(fetch(url).text(), fetch(url, coded).text());

    // Then
    assertThat(first).containsExactly(text, text);
    assertThat(without).containsExactly(text, text);
  }

  private static boolean wantsGzip(Seen seen) {
    return String.valueOf(seen.header("Accept-Encoding")).contains("gzip");
  }

  private static Answer plain(String text) {
    return Answer.text(200, text, "Vary", "Accept-Encoding", "ETag", "\"p\"");
  }

  private static Answer gzip(String text) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return Answer.of(
        200,
        Headers.of("Content-Encoding", "gzip", "Vary", "Accept-Encoding", "ETag", "\"z\""),
        packed.toByteArray());
  }

  /** Bazel asks again after 5xx, and not after 404: it is to see which of them it is. */
  @Test
  void failuresKeepTheirStatus() throws Exception {
    // Given
    String url = there("/tools/flaky.zip");
    origin.on("/tools/flaky.zip", this::archive);
    origin.overrideStatus("/tools/flaky.zip", 503);

    // When
    int failed = fetch(url).status();
    origin.overrideStatus("/tools/flaky.zip", 0);
    ProxyClient.Response again = fetch(url);

    // Then
    assertThat(failed).isEqualTo(503);
    assertThat(again.body()).isEqualTo(archive);
    assertThat(fetch(there("/status/404")).status()).isEqualTo(404);
  }

  @Test
  void nothingButTheMirrorIsAsked() {
    for (String url :
        List.of("https://other.example/x", "http://other.example:81/y?z", there("/a"))) {
      assertThat(downloader.urls(url))
          .isNotEmpty()
          .allMatch(one -> one.startsWith("http://mirror.example:8090/"));
    }
    assertThat(downloader.isAllowed("https://other.example/x")).isFalse();
  }

  private String there(String path) {
    return "https://files.example:" + origin.port() + path;
  }

  private ProxyClient.Response fetch(String url, String... more) throws Exception {
    List<String> options = new ArrayList<>(List.of(BAZEL));
    options.addAll(List.of(more));
    return curl.fetch(downloader.urls(url).getFirst(), options.toArray(String[]::new));
  }

  private Answer archive(Seen seen) {
    String tag = "\"archive\"";
    return tag.equals(seen.header("If-None-Match"))
        ? Answer.of(304, Headers.of("ETag", tag), new byte[0])
        : Answer.of(200, Headers.of("Content-Type", "application/gzip", "ETag", tag), archive);
  }

  /** A downloader's configuration: lines of a word and what it takes. */
  private record Downloader(List<String[]> rewrites, Set<String> allowed, Set<String> blocked) {
    static Downloader of(String config) {
      Downloader read =
          new Downloader(new ArrayList<>(), new LinkedHashSet<>(), new LinkedHashSet<>());
      for (String line : config.lines().toList()) {
        String[] words = line.strip().split("\\s+");
        switch (words[0]) {
          case "rewrite" -> read.rewrites.add(new String[] {words[1], words[2]});
          case "allow" -> read.allowed.add(words[1]);
          case "block" -> read.blocked.add(words[1]);
          case "", "all_blocked_message" -> {}
          default -> assertThat(words[0]).startsWith("#");
        }
      }
      return read;
    }

    /** What is asked instead, in this order. */
    List<String> urls(String url) {
      int start = url.indexOf("://") + 3;
      Set<String> found = new LinkedHashSet<>();
      for (String[] rewrite : rewrites) {
        Matcher matcher = Pattern.compile(rewrite[0]).matcher(url.substring(start));
        if (matcher.matches()) {
          String to = matcher.replaceFirst(rewrite[1]);
          found.add(to.matches("https?://.*") ? to : url.substring(0, start) + to);
        }
      }
      List<String> all = found.isEmpty() ? List.of(url) : List.copyOf(found);
      return all.stream().filter(this::isAllowed).toList();
    }

    boolean isAllowed(String url) {
      String host = URI.create(url).getHost();
      return allowed.stream().anyMatch(one -> isOf(host, one))
          || blocked.stream().noneMatch(one -> one.equals("*") || isOf(host, one));
    }

    private static boolean isOf(String host, String named) {
      return host.equals(named) || host.endsWith("." + named);
    }
  }
}
