package dev.weir.e2e;

import dev.weir.testing.WeirProcess;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Many clients that ask for one large body at once and compare every byte as it comes: that many
 * bodies would not fit into the memory of a test.
 */
final class Herd implements AutoCloseable {
  private static final int PIECE_BYTES = 64 << 10;
  private static final int PATIENCE_MILLIS = 180_000;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final byte[] expected;

  Herd(byte[] expected) {
    this.expected = expected;
  }

  /** That many, spread over those nodes; each ends with what was wrong, empty if nothing was. */
  List<CompletableFuture<String>> ask(List<WeirProcess> nodes, String url, int count) {
    List<CompletableFuture<String>> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      WeirProcess node = nodes.get(i % nodes.size());
      clients.add(CompletableFuture.supplyAsync(() -> trouble(node, url), threads));
    }
    return clients;
  }

  /** Waits for all; what was wrong with those that did not get the body. */
  static List<String> troubles(List<CompletableFuture<String>> clients) {
    return clients.stream()
        .map(CompletableFuture::join)
        .filter(trouble -> !trouble.isEmpty())
        .toList();
  }

  private String trouble(WeirProcess node, String url) {
    try (Socket socket = new Socket()) {
      socket.connect(node.address());
      socket.setSoTimeout(PATIENCE_MILLIS);
      String request =
          "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
              .formatted(url, URI.create(url).getRawAuthority());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = new BufferedInputStream(socket.getInputStream(), PIECE_BYTES);
      String head = head(in);
      boolean whole =
          head.startsWith("HTTP/1.1 200 ")
              && head.toLowerCase(Locale.ROOT)
                  .contains("\r\ncontent-length: " + expected.length + "\r\n");
      return whole ? compare(in) : head;
    } catch (IOException broken) {
      return broken.toString();
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        throw new EOFException("within a head: " + head);
      }
      head.append((char) octet);
    }
    return head.toString();
  }

  private String compare(InputStream in) throws IOException {
    byte[] piece = new byte[PIECE_BYTES];
    int at = 0;
    for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
      if (read > expected.length - at || !Arrays.equals(piece, 0, read, expected, at, at + read)) {
        return "other bytes between " + at + " and " + (at + read);
      }
      at += read;
    }
    return at == expected.length ? "" : "ended after " + at + " bytes";
  }

  @Override
  public void close() {
    threads.close();
  }
}
