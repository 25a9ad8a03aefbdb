package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.FilesUnder;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} in the middle of fills: what was committed hits, the rest leaves nothing. */
class KillIT {
  private static final int BODY_BYTES = 20 << 20;

  @TempDir private Path folder;

  @Test
  void aKilledProcessLeavesEitherTheEntryOrNothing() throws Exception {
    // Given
    byte[] body = new byte[BODY_BYTES];
    new Random(11).nextBytes(body);
    CountDownLatch halfway = new CountDownLatch(1);
    Path data = folder.resolve("data");
    try (OriginServer origin = OriginServer.start()) {
      origin.on("/whole", seen -> answer(body, null));
      origin.on("/small", seen -> Answer.text(200, "small", "Cache-Control", "max-age=3600"));
      origin.on("/half", seen -> answer(body, seen.connection() > 0 ? halfway : null));
      try (WeirProcess weir = start(data)) {
        ProxyClient client = new ProxyClient(weir.address());
        assertThat(client.get(origin.url("/whole")).body()).isEqualTo(body);
        assertThat(client.get(origin.url("/small")).text()).isEqualTo("small");
        client.untilHit(origin.url("/whole"));
        client.untilHit(origin.url("/small"));
        Thread reader = Thread.ofVirtual().start(() -> client.tryGet(origin.url("/half")));
        assertThat(halfway.await(1, TimeUnit.MINUTES)).isTrue();

        // When
        weir.kill();
        reader.join();
      }
      origin.reset();
      origin.on("/half", seen -> answer(body, null));
      try (WeirProcess weir = start(data)) {
        ProxyClient client = new ProxyClient(weir.address());

        // Then
        assertThat(client.get(origin.url("/whole")).body()).isEqualTo(body);
        assertThat(client.get(origin.url("/small")).text()).isEqualTo("small");
        assertThat(origin.count("/whole") + origin.count("/small")).isZero();
        assertThat(spoolFiles(data)).as("leftovers of the unfinished fill").isZero();
        long before = dataBytes(data);
        assertThat(before).isEqualTo(BODY_BYTES);
        assertThat(client.get(origin.url("/half")).body()).isEqualTo(body);
        assertThat(origin.count("/half")).isEqualTo(1);
      }
    }
  }

  private WeirProcess start(Path data) throws Exception {
    return WeirProcess.start(
        data, "256m", "--allow-destinations=127.0.0.0/8", "--health-port=0", Patience.flag(folder));
  }

  private static Answer answer(byte[] body, CountDownLatch halfway) {
    return Answer.stream(
        200,
        Headers.of("Cache-Control", "max-age=3600", "ETag", "\"one\""),
        body.length,
        out -> {
          out.write(body, 0, body.length / 2);
          out.flush();
          if (halfway != null) {
            Thread.sleep(500);
            halfway.countDown();
            Thread.sleep(60_000);
          }
          out.write(body, body.length / 2, body.length - body.length / 2);
        });
  }

  private static long spoolFiles(Path data) throws Exception {
    return FilesUnder.of(data).filter(file -> file.toString().contains("/spool/")).count();
  }

  private static long dataBytes(Path data) throws Exception {
    return FilesUnder.of(data)
        .filter(
            file ->
                file.toString().contains("/data/") && file.getFileName().toString().length() == 64)
        .mapToLong(file -> file.toFile().length())
        .sum();
  }
}
