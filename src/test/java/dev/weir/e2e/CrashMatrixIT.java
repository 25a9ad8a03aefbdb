package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.store.FaultPoints;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.FilesUnder;
import dev.weir.testing.HaltAt;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.S3Server;
import dev.weir.testing.SearchServer;
import dev.weir.testing.WeirProcess;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process that ends at each step of replacing an entry: after a restart there is the old one or
 * the new one, whole, and of the other nothing is left, in S3 nothing after a collection.
 */
@Tag("crash")
class CrashMatrixIT {
  private static final String TARGET = "/big";
  private static final int CHUNK = 8 << 20;

  /** So that the body's list of chunks is too long for its document. */
  private static final int SMALL_CHUNK = 128 << 10;

  /** Each of them a process of its own: three at least, with a grace between them. */
  private static final Duration SEVERAL_PASSES = Duration.ofMinutes(4);

  private static final byte[] OLD = body(1);
  private static final byte[] NEW = body(2);

  @TempDir private Path folder;
  private OriginServer origin;
  private volatile boolean changed;
  private volatile boolean varies;
  private int chunkBytes = CHUNK;

  private static byte[] body(int seed) {
    byte[] body = new byte[12 << 20];
    new Random(seed).nextBytes(body);
    return body;
  }

  @BeforeEach
  void start() {
    origin = OriginServer.start();
    origin.on(
        TARGET,
        _ -> {
          Headers fields =
              Headers.of("Cache-Control", "max-age=3600", "ETag", changed ? "\"new\"" : "\"old\"");
          return Answer.of(
              200,
              changed && varies ? fields.with("Vary", "Accept-Language") : fields,
              changed ? NEW : OLD);
        });
  }

  @AfterEach
  void stop() {
    origin.close();
  }

  private WeirProcess weir(List<String> jvm, List<String> flags) throws Exception {
    List<String> all = new ArrayList<>(flags);
    all.add("--allow-destinations=127.0.0.0/8");
    all.add("--health-port=0");
    all.add("--config=" + config("node.conf", "weir.fill.chunk-bytes = " + chunkBytes));
    return WeirProcess.startWith(jvm, folder.resolve("node"), "256m", all.toArray(String[]::new));
  }

  private Path config(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name), text + "\n");
  }

  /** What a point needs to be reached at all. */
  private void prepare(FaultPoints.Point point) {
    varies = point == FaultPoints.Point.BEFORE_INDEX;
    chunkBytes = point == FaultPoints.Point.MANIFEST_ADOPTED ? SMALL_CHUNK : CHUNK;
  }

  /** Stores the old entry, ends at that point while the new one is stored, and returns who won. */
  private byte[] crashAt(FaultPoints.Point point, List<String> flags) throws Exception {
    prepare(point);
    try (WeirProcess weir = weir(List.of(), flags)) {
      ProxyClient client = new ProxyClient(weir.address());
      assertThat(client.get(origin.url(TARGET)).body()).isEqualTo(OLD);
      client.untilHit(origin.url(TARGET));
      Eventually.holds(() -> names("node/pending").isEmpty());
      weir.terminate();
    }
    changed = true;
    try (WeirProcess weir = weir(List.of(HaltAt.option(point)), flags)) {
      ProxyClient client = new ProxyClient(weir.address());
      // Before its keepers answer a node passes bodies on and stores nothing.
      Eventually.holds(
          () -> {
            var _ = client.tryGet(origin.url(TARGET), "Cache-Control", "no-cache");
            return !weir.isAlive();
          });
    }
    try (WeirProcess weir = weir(List.of(), flags)) {
      ProxyClient client = new ProxyClient(weir.address());
      Eventually.holds(() -> names("node/pending").isEmpty());
      ProxyClient.Response got = stored(client);
      byte[] winner = Arrays.equals(got.body(), OLD) ? OLD : NEW;
      assertThat(got.body()).isEqualTo(winner);
      assertThat(got.header("ETag")).isEqualTo(winner == OLD ? "\"old\"" : "\"new\"");
      assertThat(names("node/spool")).isEmpty();
      if (flags.isEmpty()) {
        byte[] last = varies ? NEW : winner;
        Eventually.holds(
            () -> {
              if (varies) {
                // The variant that no index lists goes with the next one that is stored.
                client.get(origin.url(TARGET), "Cache-Control", "no-cache");
              }
              return isExactly(names("node/data"), last);
            });
      }
      return winner;
    }
  }

  /** Never from the origin; asked again while the metadata are slower to answer than they may. */
  private ProxyClient.Response stored(ProxyClient client) throws Exception {
    AtomicReference<ProxyClient.Response> got = new AtomicReference<>();
    Eventually.holds(
        () -> {
          got.set(client.get(origin.url(TARGET), "Cache-Control", "only-if-cached, max-stale"));
          return got.get().status() != 504;
        });
    assertThat(got.get().status()).isEqualTo(200);
    assertThat(got.get().isHit()).isTrue();
    return got.get();
  }

  /** Whether the chunks of that body are there and no others, but for its list of chunks. */
  private boolean isExactly(Set<String> names, byte[] body) throws Exception {
    Set<String> chunks = chunks(body);
    int lists = chunkBytes == SMALL_CHUNK ? 1 : 0;
    return names.containsAll(chunks) && names.size() == chunks.size() + lists;
  }

  private Set<String> chunks(byte[] body) throws Exception {
    Set<String> names = new TreeSet<>();
    for (int at = 0; at < body.length; at += chunkBytes) {
      byte[] chunk = Arrays.copyOfRange(body, at, Math.min(at + chunkBytes, body.length));
      names.add(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(chunk)));
    }
    return names;
  }

  private static Set<String> objects(S3Server s3) {
    return s3.objects("weir").stream()
        .map(file -> file.getFileName().toString())
        .filter(name -> name.matches("[0-9a-f]{64}"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Collects with a grace of seconds until nothing is left but what the winner needs. */
  private void collectUntilOnly(byte[] winner, List<String> flags, S3Server s3) throws Exception {
    List<String> words =
        new ArrayList<>(List.of("gc", "--direct", "--data-dir=" + folder.resolve("node")));
    words.addAll(flags);
    words.add("--config=" + config("gc.conf", "weir.store.collection { grace = 4s, lease = 1s }"));
    Eventually.within(
        SEVERAL_PASSES,
        () -> {
          Command.Ended gc = WeirProcess.run(words.toArray(String[]::new));
          assertThat(gc.exitCode()).as(gc.out() + gc.err()).isZero();
          return isExactly(objects(s3), winner);
        });
    words.set(0, "fsck");
    Command.Ended checked = WeirProcess.run(words.toArray(String[]::new));
    assertThat(checked.exitCode()).as(checked.out() + checked.err()).isZero();
    assertThat(isExactly(objects(s3), winner)).isTrue();
  }

  /** Of the files below. */
  private Set<String> names(String below) throws Exception {
    Path root = folder.resolve(below);
    if (!Files.isDirectory(root)) {
      return Set.of();
    }
    return FilesUnder.of(root)
        .map(file -> file.getFileName().toString())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "CHUNK_SPOOLED",
        "CHUNK_ADOPTED",
        "MANIFEST_ADOPTED",
        "BEFORE_DOCUMENT",
        "AFTER_DOCUMENT",
        "BEFORE_INDEX"
      })
  void inTheDataFolderAlone(FaultPoints.Point point) throws Exception {
    // When
    byte[] winner = crashAt(point, List.of());
    // Then
    assertThat(winner).isSameAs(point == FaultPoints.Point.AFTER_DOCUMENT ? NEW : OLD);
  }

  @ParameterizedTest
  @EnumSource
  void withS3AndElasticsearch(FaultPoints.Point point) throws Exception {
    // Given
    SearchServer search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    String index = "crash_" + UUID.randomUUID();
    try (S3Server s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir")) {
      List<String> flags =
          List.of(
              "--s3-bucket=weir",
              "--s3-region=us-east-1",
              "--s3-endpoint=" + s3.endpoint(),
              "--elasticsearch-url=" + search.url(),
              "--elasticsearch-meta-index=" + index,
              "--elasticsearch-shards=1",
              "--elasticsearch-replicas=0");
      // When
      byte[] winner = crashAt(point, flags);
      // Then whatever the document names is in S3, and after collection nothing else
      assertThat(objects(s3)).containsAll(chunks(winner));
      collectUntilOnly(winner, flags, s3);
      if (point.compareTo(FaultPoints.Point.HELD) < 0) {
        assertThat(winner).isSameAs(OLD);
      } else {
        assertThat(winner).isSameAs(NEW);
      }
    } finally {
      for (String each : List.of(index, index + "_access", index + "_notes")) {
        search.call("DELETE", each, "");
      }
    }
  }
}
