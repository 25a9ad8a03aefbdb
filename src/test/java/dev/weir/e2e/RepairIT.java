package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Eventually;
import dev.weir.testing.FilesUnder;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.RangedBody;
import dev.weir.testing.S3Server;
import dev.weir.testing.Seen;
import dev.weir.testing.WeirProcess;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What others broke under a real node, on its disk and in S3, and that readers never see it. */
class RepairIT {
  private static final String TARGET = "/big";

  /** What happens to a chunk behind the node's back. */
  enum Damage {
    DELETED {
      @Override
      void doTo(Path file) throws Exception {
        Files.delete(file);
      }
    },
    CUT_OFF {
      @Override
      void doTo(Path file) throws Exception {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
          open.setLength(open.length() / 2);
        }
      }
    },
    FLIPPED {
      @Override
      void doTo(Path file) throws Exception {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
          open.seek(1_234_567);
          int octet = open.read();
          open.seek(1_234_567);
          open.write(octet ^ 1);
        }
      }
    };

    abstract void doTo(Path file) throws Exception;
  }

  @TempDir private Path folder;
  private final byte[] body = new byte[40 << 20];

  private static List<Path> chunks(Path root) throws Exception {
    return FilesUnder.of(root)
        .filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}"))
        .sorted(Comparator.comparing(Path::toString))
        .toList();
  }

  private static boolean isEmpty(Path pending) throws Exception {
    return chunks(pending).isEmpty();
  }

  /** Without parts: a fill that is slow on a loaded machine would ask for ranges, too. */
  private WeirProcess weir(String... more) throws Exception {
    return WeirProcess.start(
        folder.resolve("node"),
        "256m",
        Stream.concat(
                Stream.of(
                    "--allow-destinations=127.0.0.0/8",
                    "--health-port=0",
                    Patience.flag(folder, "weir.fill.acceleration.max-connections = 1")),
                Stream.of(more))
            .toArray(String[]::new));
  }

  @ParameterizedTest
  @EnumSource
  void aChunkOnTheDiskIsMendedByItsOwnRange(Damage damage) throws Exception {
    // Given
    new Random(1).nextBytes(body);
    try (OriginServer origin = OriginServer.start()) {
      origin.on(TARGET, new RangedBody(body, "\"one\""));
      try (WeirProcess weir = weir()) {
        ProxyClient client = new ProxyClient(weir.address());
        assertThat(client.get(origin.url(TARGET)).body()).isEqualTo(body);
        client.untilHit(origin.url(TARGET), "Range", "bytes=0-0");
        weir.terminate();
      }
      boolean byLength = damage != Damage.FLIPPED;
      if (!byLength) {
        damage.doTo(chunks(folder.resolve("node/data")).getFirst());
      }
      try (WeirProcess weir = weir()) {
        ProxyClient client = new ProxyClient(weir.address());
        Eventually.holds(() -> weir.log().contains("in order"));
        if (byLength) {
          damage.doTo(chunks(folder.resolve("node/data")).getFirst());
        }
        // When
        Eventually.holds(
            () -> {
              ProxyClient.Response got = client.tryGet(origin.url(TARGET));
              assertThat(got == null || Arrays.equals(got.body(), body)).isTrue();
              return got != null;
            });
        // Then
        assertThat(client.get(origin.url(TARGET)).isHit()).isTrue();
        assertThat(origin.count(TARGET, Seen::isPlainGet)).isEqualTo(1);
        assertThat(origin.count(TARGET, seen -> RangedBody.conditionalRange(seen) != null))
            .isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @Tag("stores")
  void aChunkInS3IsMendedByItsOwnRangeAndPutBack(Damage damage) throws Exception {
    // Given
    new Random(2).nextBytes(body);
    try (OriginServer origin = OriginServer.start();
        S3Server s3 = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir")) {
      origin.on(TARGET, new RangedBody(body, "\"one\""));
      String[] flags = {
        "--s3-bucket=weir", "--s3-region=us-east-1", "--s3-endpoint=" + s3.endpoint()
      };
      try (WeirProcess weir = weir(flags)) {
        ProxyClient client = new ProxyClient(weir.address());
        client.get(origin.url(TARGET));
        Path pending = folder.resolve("node/pending");
        Eventually.holds(() -> s3.objects("weir").size() >= 5 && isEmpty(pending));
        weir.terminate();
      }
      for (Path file : chunks(folder.resolve("node/data"))) {
        Files.delete(file);
      }
      // When
      Path object =
          s3.objects("weir").stream()
              .filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}"))
              .sorted()
              .findFirst()
              .orElseThrow();
      byte[] before = Files.readAllBytes(object);
      damage.doTo(object);
      try (WeirProcess weir = weir(flags)) {
        ProxyClient client = new ProxyClient(weir.address());
        Eventually.holds(
            () -> {
              ProxyClient.Response got = client.tryGet(origin.url(TARGET));
              assertThat(got == null || Arrays.equals(got.body(), body)).isTrue();
              return got != null;
            });
        // Then
        assertThat(origin.count(TARGET, Seen::isPlainGet)).isEqualTo(1);
        assertThat(origin.count(TARGET, seen -> RangedBody.conditionalRange(seen) != null))
            .isEqualTo(1);
        Eventually.holds(
            () -> Files.exists(object) && Arrays.equals(Files.readAllBytes(object), before));
      }
    }
  }

  @Test
  void aBodyOfOneChunkIsFetchedAnew() throws Exception {
    // Given
    byte[] small = Arrays.copyOf(body, 300_000);
    new Random(3).nextBytes(small);
    try (OriginServer origin = OriginServer.start();
        WeirProcess weir = weir()) {
      origin.on(TARGET, new RangedBody(small, "\"one\""));
      ProxyClient client = new ProxyClient(weir.address());
      client.get(origin.url(TARGET));
      Eventually.holds(() -> chunks(folder.resolve("node/data")).size() == 1);
      // When
      Files.delete(chunks(folder.resolve("node/data")).getFirst());
      // Then
      Eventually.holds(
          () -> {
            ProxyClient.Response got = client.tryGet(origin.url(TARGET));
            assertThat(got == null || Arrays.equals(got.body(), small)).isTrue();
            return got != null && chunks(folder.resolve("node/data")).size() == 1;
          });
    }
  }
}
