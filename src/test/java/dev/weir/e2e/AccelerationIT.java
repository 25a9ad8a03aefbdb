package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.Seen;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large bodies from an origin that gives every connection little, through a real node. */
class AccelerationIT {
  private static final int BODY_BYTES = 96 << 20;
  private static final int RATE = 4 << 20;
  private static final int READERS = 5;

  @TempDir private Path folder;

  @Test
  void aLargeBodyComesOverManyConnectionsOnceForAllWhoWantIt() throws Exception {
    try (OriginServer origin = OriginServer.start();
        var readers = Executors.newVirtualThreadPerTaskExecutor();
        WeirProcess weir =
            WeirProcess.start(
                folder, "256m", Patience.flag(folder), "--allow-destinations=127.0.0.0/8")) {
      // Given
      String path = "/range-data/" + BODY_BYTES;
      String url = origin.url(path + "?rate=" + RATE);
      ProxyClient client = new ProxyClient(weir.address());

      // When
      List<Future<ProxyClient.Response>> all = new ArrayList<>();
      for (int i = 0; i < READERS; i++) {
        all.add(readers.submit(() -> client.get(url)));
      }

      // Then
      for (Future<ProxyClient.Response> one : all) {
        assertThat(one.get().status()).isEqualTo(200);
        assertThat(isPattern(one.get().body(), 0)).isTrue();
      }
      assertThat(origin.count(path, seen -> seen.header("Range") == null)).isEqualTo(1);
      assertThat(origin.connectionsAccepted()).isBetween(4, 20);
      assertThat(origin.bodyBytesSent()).isLessThan(BODY_BYTES + (8L << 20));
      assertThat(isPattern(client.untilHit(url).body(), 0)).isTrue();
    }
  }

  @Test
  void theEndOfALargeBodyComesBeforeItsMiddle() throws Exception {
    try (OriginServer origin = OriginServer.start();
        WeirProcess weir =
            WeirProcess.start(
                folder, "256m", Patience.flag(folder), "--allow-destinations=127.0.0.0/8")) {
      // Given
      String path = "/range-data/" + BODY_BYTES;
      String url = origin.url(path + "?rate=" + RATE);
      ProxyClient client = new ProxyClient(weir.address());
      int from = BODY_BYTES - (20 << 20);

      // When
      ProxyClient.Response part =
          client.get(url, "Range", "bytes=" + from + "-" + (from + 999_999));

      // Then
      assertThat(part.status()).isEqualTo(206);
      assertThat(part.body()).hasSize(1_000_000);
      assertThat(isPattern(part.body(), from)).isTrue();
      assertThat(origin.bodyBytesSent()).isLessThan(BODY_BYTES / 2);
    }
  }

  @Test
  void whereARuleForbidsItALargeBodyComesInOneStream() throws Exception {
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            "rules = [{ name = one, match { host = 127.0.0.1 }, acceleration = off }]");
    try (OriginServer origin = OriginServer.start();
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("data"),
                "256m",
                Patience.flag(folder),
                "--policy-file=" + rules,
                "--allow-destinations=127.0.0.0/8")) {
      // Given
      String path = "/range-data/" + BODY_BYTES;
      ProxyClient client = new ProxyClient(weir.address());

      // When
      ProxyClient.Response whole = client.get(origin.url(path + "?rate=" + 2 * RATE));

      // Then
      assertThat(isPattern(whole.body(), 0)).isTrue();
      assertThat(origin.count(path)).isEqualTo(1);
      assertThat(origin.count(path, Seen::isRange)).isZero();
    }
  }

  private static boolean isPattern(byte[] body, int from) {
    for (int i = 0; i < body.length; i++) {
      if (body[i] != (byte) (from + i)) {
        return false;
      }
    }
    return true;
  }
}
