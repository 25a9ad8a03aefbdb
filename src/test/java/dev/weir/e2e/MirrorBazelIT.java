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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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

  @TempDir private static Path folder;
  private static final byte[] ARCHIVE = new byte[200_000];
  private static OriginServer origin;
  private static OriginServer elsewhere;
  private static WeirProcess weir;
  private static Curl curl;
  private static Downloader downloader;

  @BeforeAll
  static void start() throws Exception {
    new Random(3).nextBytes(ARCHIVE);
    TestCa authority = new TestCa("Origins of tests");
    origin = OriginServer.start(authority.sockets("files.example", "packages.example"));
    elsewhere = OriginServer.start(authority.sockets("storage.example"));
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            rules = [ { name = steady, continue = on, match { host-suffix = example },
                        circuit-breaker = off } ]
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
    untilKept(there("/policy/first"));
  }

  @AfterAll
  static void stop() {
    weir.close();
    origin.close();
    elsewhere.close();
  }

  @BeforeEach
  void forget() {
    origin.reset();
  }

  @Test
  void anArchiveIsFetchedOnceAndServedWithoutItsOrigin() throws Exception {
    // Given
    String url = there("/tools/archive-1.0.tar.gz");
    origin.on("/tools/archive-1.0.tar.gz", MirrorBazelIT::archive);

    // When
    ProxyClient.Response first = fetch(url);
    untilKept(url);
    List<Seen> asked = origin.seen();
    origin.refuse();
    ProxyClient.Response without = fetch(url);
    ProxyClient.Response rest = fetch(url, "-r", "150000-");
    origin.accept();

    // Then
    assertThat(downloader.urls(url))
        .containsExactly("http://mirror.example:8090/" + url.substring("https://".length()));
    assertThat(first.body()).isEqualTo(ARCHIVE);
    assertThat(asked.stream().filter(Seen::isPlainGet)).hasSize(1);
    assertThat(asked.getFirst().header("Host")).isEqualTo("files.example:" + origin.port());
    assertThat(without.body()).isEqualTo(ARCHIVE);
    assertThat(rest.status()).isEqualTo(206);
    assertThat(rest.header("Content-Range")).isEqualTo("bytes 150000-199999/200000");
    assertThat(rest.body()).isEqualTo(Arrays.copyOfRange(ARCHIVE, 150_000, 200_000));
  }

  @Test
  void whatHasAMountGoesThereFirst() throws Exception {
    // Given
    String url = "https://packages.example/releases/v1/tool.zip";
    origin.on("/releases/v1/tool.zip", MirrorBazelIT::archive);

    // When
    ProxyClient.Response answer = fetch(url);

    // Then
    assertThat(downloader.urls(url))
        .containsExactly(
            "http://mirror.example:8090/releases/v1/tool.zip",
            "http://mirror.example:8090/packages.example/releases/v1/tool.zip");
    assertThat(answer.body()).isEqualTo(ARCHIVE);
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
    elsewhere.on("/signed/9", MirrorBazelIT::archive);

    // When
    ProxyClient.Response first = fetch(url);
    untilKept(url);
    origin.refuse();
    elsewhere.refuse();
    ProxyClient.Response without = fetch(url);
    origin.accept();
    elsewhere.accept();

    // Then
    assertThat(first.body()).isEqualTo(ARCHIVE);
    assertThat(first.headers().has("Location")).isFalse();
    assertThat(without.body()).isEqualTo(ARCHIVE);
  }

  /** What is not compressed by its name is asked for with gzip. */
  @Test
  void whatIsCodedOnItsWayIsDecodedToTheSameBytes() throws Exception {
    // Given
    String url = there("/rules/defs.bzl");
    String text = "def f():\n  pass\n".repeat(100);
    origin.on("/rules/defs.bzl", seen -> wantsGzip(seen) ? gzip(seen, text) : plain(seen, text));
    String[] coded = {"--compressed", "-HAccept-Encoding: gzip"};

    // When
    List<String> first = List.of(fetch(url).text(), fetch(url, coded).text());
    untilKept(url);
    untilKept(url, coded);
    origin.refuse();
    List<String> without = List.of(fetch(url).text(), fetch(url, coded).text());
    origin.accept();

    // Then
    assertThat(first).containsExactly(text, text);
    assertThat(without).containsExactly(text, text);
  }

  private static boolean wantsGzip(Seen seen) {
    return String.valueOf(seen.header("Accept-Encoding")).contains("gzip");
  }

  private static Answer plain(Seen seen, String text) {
    return of(seen, "\"plain\"", text.getBytes(StandardCharsets.UTF_8), "Vary", "Accept-Encoding");
  }

  private static Answer gzip(Seen seen, String text) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return of(
        seen,
        "\"packed\"",
        packed.toByteArray(),
        "Content-Encoding",
        "gzip",
        "Vary",
        "Accept-Encoding");
  }

  /** Bazel asks again after 5xx, and not after 404: it is to see which of them it is. */
  @Test
  void failuresKeepTheirStatus() throws Exception {
    // Given
    String url = there("/tools/flaky.zip");
    origin.on("/tools/flaky.zip", MirrorBazelIT::archive);
    origin.overrideStatus("/tools/flaky.zip", 503);

    // When
    int failed = fetch(url).status();
    origin.overrideStatus("/tools/flaky.zip", 0);
    ProxyClient.Response again = fetch(url);

    // Then
    assertThat(failed).isEqualTo(503);
    assertThat(again.body()).isEqualTo(ARCHIVE);
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

  private static String there(String path) {
    return "https://files.example:" + origin.port() + path;
  }

  private static ProxyClient.Response fetch(String url, String... more) throws Exception {
    List<String> options = new ArrayList<>(List.of(BAZEL));
    options.addAll(List.of(more));
    return curl.fetch(downloader.urls(url).getFirst(), options.toArray(String[]::new));
  }

  /** What is kept is validated each time: the mirror's own policy holds. */
  private static void untilKept(String url, String... more) throws Exception {
    Eventually.holds(
        () -> {
          ProxyClient.Response answer = fetch(url, more);
          return answer.isHit() || answer.header("Cache-Status").contains("fwd-status=304");
        });
  }

  private static Answer archive(Seen seen) {
    return of(seen, "\"archive\"", ARCHIVE, "Content-Type", "application/gzip");
  }

  private static Answer of(Seen seen, String tag, byte[] body, String... fields) {
    Headers all = Headers.of(fields).plus("ETag", tag);
    return tag.equals(seen.header("If-None-Match"))
        ? Answer.of(304, all, new byte[0])
        : Answer.of(200, all, body);
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
