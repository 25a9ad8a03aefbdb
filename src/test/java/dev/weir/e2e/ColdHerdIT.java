package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.OriginServer;
import dev.weir.testing.WeirProcess;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two hundred clients at once on one cold object of 64 MiB, in a process with 256 MiB of heap. */
class ColdHerdIT {
  private static final int BODY_BYTES = 64 << 20;
  private static final int CLIENTS = 200;
  private static final int QUITTERS = 10;

  @TempDir private Path folder;

  @Test
  void oneFetchFeedsTwoHundredClients() throws Exception {
    // Given
    byte[] body = new byte[BODY_BYTES];
    new Random(7).nextBytes(body);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    AtomicBoolean originDone = new AtomicBoolean();
    ConcurrentLinkedQueue<Boolean> firstBytesBeforeTheEnd = new ConcurrentLinkedQueue<>();
    try (OriginServer origin = OriginServer.start();
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("data"),
                "256m",
                "--allow-destinations=127.0.0.0/8",
                "--health-port=0",
                Patience.flag(folder));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      origin.on(
          "/big",
          seen ->
              Answer.stream(
                  200,
                  Headers.of("Cache-Control", "max-age=3600", "ETag", "\"big\""),
                  BODY_BYTES,
                  out -> {
                    for (int offset = 0; offset < BODY_BYTES; offset += 1 << 20) {
                      out.write(body, offset, 1 << 20);
                      out.flush();
                      Thread.sleep(60);
                    }
                    originDone.set(true);
                  }));

      // When
      List<Future<String>> digests = new ArrayList<>();
      List<Future<?>> quitters = new ArrayList<>();
      Future<Integer> slow = threads.submit(() -> readSlowly(weir, origin, originDone));
      for (int i = 0; i < CLIENTS - QUITTERS - 1; i++) {
        digests.add(
            threads.submit(() -> download(weir, origin, originDone, firstBytesBeforeTheEnd)));
      }
      for (int i = 0; i < QUITTERS; i++) {
        quitters.add(threads.submit(() -> quitMidway(weir, origin)));
      }
      for (Future<?> quitter : quitters) {
        quitter.get(3, TimeUnit.MINUTES);
      }

      // Then
      for (Future<String> one : digests) {
        assertThat(one.get(3, TimeUnit.MINUTES)).isEqualTo(digest);
      }
      assertThat(slow.get(3, TimeUnit.MINUTES)).isPositive();
      assertThat(firstBytesBeforeTheEnd).hasSize(CLIENTS - QUITTERS - 1).containsOnly(true);
      assertThat(origin.count("/big")).as("plain GETs").isEqualTo(1);
      assertThat(origin.bodyBytesSent()).as("every byte once").isEqualTo(BODY_BYTES);
      assertThat(weir.isAlive()).isTrue();
    }
  }

  private static Socket ask(WeirProcess weir, OriginServer origin) throws Exception {
    Socket socket = new Socket();
    socket.connect(weir.address());
    socket.setSoTimeout(120_000);
    String request =
        "GET " + origin.url("/big") + " HTTP/1.1\r\nHost: 127.0.0.1:" + origin.port() + "\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  private static String download(
      WeirProcess weir,
      OriginServer origin,
      AtomicBoolean originDone,
      ConcurrentLinkedQueue<Boolean> firstBytesBeforeTheEnd)
      throws Exception {
    try (Socket socket = ask(weir, origin)) {
      InputStream in = socket.getInputStream();
      assertThat(head(in)).startsWith("HTTP/1.1 200").contains("Content-Length: " + BODY_BYTES);
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[64 * 1024];
      for (long left = BODY_BYTES; left > 0; ) {
        int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (count < 0) {
          return "cut short, " + left + " bytes missing";
        }
        if (left == BODY_BYTES) {
          firstBytesBeforeTheEnd.add(!originDone.get());
        }
        sha.update(buffer, 0, count);
        left -= count;
      }
      return HexFormat.of().formatHex(sha.digest());
    }
  }

  /** Takes a kilobyte a second until the others have long ended. */
  private static int readSlowly(WeirProcess weir, OriginServer origin, AtomicBoolean originDone)
      throws Exception {
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(weir.address());
      String request =
          "GET "
              + origin.url("/big")
              + " HTTP/1.1\r\nHost: 127.0.0.1:"
              + origin.port()
              + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      int read = 0;
      while (!originDone.get()) {
        read += socket.getInputStream().readNBytes(1024).length;
        Thread.sleep(1000);
      }
      return read;
    }
  }

  private static boolean quitMidway(WeirProcess weir, OriginServer origin) throws Exception {
    try (Socket socket = ask(weir, origin)) {
      return socket.getInputStream().readNBytes(5 << 20).length == 5 << 20;
    }
  }

  private static String head(InputStream in) throws Exception {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        return "ended within the head: " + head;
      }
      head.append((char) octet);
    }
    return head.toString();
  }
}
