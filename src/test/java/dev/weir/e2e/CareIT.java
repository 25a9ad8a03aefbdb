package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.S3Server;
import dev.weir.testing.WeirProcess;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code weir gc} and {@code weir fsck} as operators run them: real processes, a real S3 server.
 */
@Tag("stores")
class CareIT {
  private static final int BODY_BYTES = 3 << 20;

  @TempDir private Path folder;
  private final byte[] body = new byte[BODY_BYTES];
  private OriginServer origin;

  @BeforeEach
  void start() throws Exception {
    new Random(9).nextBytes(body);
    origin = OriginServer.start();
    origin.on(
        "/big",
        seen ->
            Answer.of(200, Headers.of("Cache-Control", "max-age=3600", "ETag", "\"one\""), body));
  }

  @AfterEach
  void stop() throws Exception {
    origin.close();
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private WeirProcess node(String... stores) throws Exception {
    List<String> flags =
        new ArrayList<>(List.of("--allow-destinations=127.0.0.0/8", "--health-port=" + freePort()));
    flags.add(Patience.flag(folder));
    flags.addAll(List.of(stores));
    return WeirProcess.start(folder.resolve("node"), "256m", flags.toArray(String[]::new));
  }

  private Command.Ended weir(String task, Stream<String> more) throws Exception {
    return WeirProcess.run(
        Stream.concat(Stream.of(task, "--data-dir=" + folder.resolve("node")), more)
            .toArray(String[]::new));
  }

  private static Stream<String> admin(WeirProcess node) {
    return Stream.of("--admin=http://127.0.0.1:" + node.healthPort());
  }

  private void wipeDisk() throws Exception {
    try (Stream<Path> files = Files.walk(folder.resolve("node/data"))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (Files.isRegularFile(file)) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void whatALifecycleRuleDeletedIsFoundByTheNodeHealedAndFetchedAnew() throws Exception {
    try (S3Server server = S3Server.start(Files.createDirectories(folder.resolve("s3")), "weir")) {
      String[] stores = {
        "--s3-bucket=weir", "--s3-region=us-east-1", "--s3-endpoint=" + server.endpoint()
      };
      // Given
      try (WeirProcess node = node(stores)) {
        ProxyClient client = new ProxyClient(node.address());
        client.get(origin.url("/big"));
        client.untilHit(origin.url("/big"));
        Eventually.holds(() -> server.objects("weir").stream().anyMatch(CareIT::isChunk));
        Eventually.holds(() -> weir("fsck", admin(node)).out().contains("1 entries, 1 chunks"));
        for (Path object : server.objects("weir").stream().filter(CareIT::isChunk).toList()) {
          Files.delete(object);
        }
        wipeDisk();

        // When
        Command.Ended looked = weir("fsck", Stream.concat(admin(node), Stream.of("--dry-run")));
        Command.Ended healed = weir("fsck", admin(node));
        client.get(origin.url("/big"));
        client.untilHit(origin.url("/big"));
        Eventually.holds(() -> server.objects("weir").stream().anyMatch(CareIT::isChunk));

        // Then
        assertThat(looked.exitCode()).as(looked.out() + looked.err()).isEqualTo(4);
        assertThat(healed.exitCode()).as(healed.out() + healed.err()).isEqualTo(3);
        assertThat(healed.out()).contains("done by the node", "1 removed");
        assertThat(healed.err()).doesNotContain("\u001b");
        assertThat(origin.count("/big")).isEqualTo(2);
        Eventually.holds(() -> weir("fsck", admin(node)).exitCode() == 0);
        node.terminate();
      }

      // When no node is there
      Command.Ended gc = weir("gc", Stream.concat(Stream.of(stores), Stream.of("--direct")));
      Command.Ended checked =
          weir("fsck", Stream.concat(Stream.of(stores), Stream.of("--direct", "--deep")));

      // Then
      assertThat(gc.exitCode()).as(gc.out() + gc.err()).isZero();
      assertThat(gc.out()).contains("1 entries name 1 chunks");
      assertThat(checked.exitCode()).as(checked.out() + checked.err()).isZero();
    }
  }

  private static boolean isChunk(Path object) {
    return object.getFileName().toString().matches("[0-9a-f]{64}");
  }

  @Test
  void onOneDiskTheNodeDoesItAndALockedFolderSaysWhatToDo() throws Exception {
    // Given
    try (WeirProcess node = node()) {
      ProxyClient client = new ProxyClient(node.address());
      client.get(origin.url("/big"));
      client.untilHit(origin.url("/big"));

      // When
      Command.Ended checked = weir("fsck", admin(node));
      Command.Ended locked = weir("gc", Stream.of("--direct"));
      wipeDisk();
      Command.Ended healed = weir("fsck", admin(node));

      // Then
      assertThat(checked.exitCode()).as(checked.out() + checked.err()).isZero();
      assertThat(locked.exitCode()).isEqualTo(2);
      assertThat(locked.err()).contains("Another Weir", "--admin");
      assertThat(healed.exitCode()).as(healed.out() + healed.err()).isEqualTo(3);
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
      node.terminate();
    }

    // When the node is down
    Command.Ended gc = weir("gc", Stream.of("--direct"));

    // Then
    assertThat(gc.exitCode()).as(gc.out() + gc.err()).isZero();
    assertThat(gc.out()).contains("1 entries");
  }
}
