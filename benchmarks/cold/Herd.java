import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients of a plain proxy that fetch one URL: {@code java Herd HOST:PORT URL CLIENTS AT_ONCE}. All
 * have asked before the first reads on; prints how many got the whole body, and their bytes.
 */
public final class Herd {
  public static void main(String[] args) throws Exception {
    String[] proxy = args[0].split(":");
    URI url = URI.create(args[1]);
    int clients = Integer.parseInt(args[2]);
    int atOnce = Integer.parseInt(args[3]);
    byte[] request =
        ("GET "
                + url
                + " HTTP/1.1\r\nHost: "
                + url.getAuthority()
                + "\r\nConnection: close\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    CountDownLatch asked = new CountDownLatch(atOnce >= clients ? clients : 0);
    Semaphore turn = new Semaphore(atOnce);
    AtomicInteger whole = new AtomicInteger();
    AtomicLong bytes = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(clients, atOnce));
    for (int i = 0; i < clients; i++) {
      threads.submit(
          () -> {
            turn.acquireUninterruptibly();
            try (Socket socket = new Socket()) {
              socket.connect(new InetSocketAddress(proxy[0], Integer.parseInt(proxy[1])), 60_000);
              socket.getOutputStream().write(request);
              asked.countDown();
              asked.await();
              long got = read(socket.getInputStream());
              bytes.addAndGet(got);
              whole.incrementAndGet();
            } catch (IOException broken) {
              System.err.println("herd: " + broken.getMessage());
            } finally {
              turn.release();
            }
            return null;
          });
    }
    threads.shutdown();
    threads.awaitTermination(10, TimeUnit.MINUTES);
    System.out.println("clients=" + whole + " bytes=" + bytes);
  }

  /** Bytes of the body; an error if it is not as long as it says. */
  private static long read(InputStream in) throws IOException {
    byte[] buffer = new byte[256 * 1024];
    int filled = 0;
    int end = -1;
    while (end < 0) {
      int n = in.read(buffer, filled, buffer.length - filled);
      if (n < 0) {
        throw new IOException("no answer");
      }
      filled += n;
      end = new String(buffer, 0, filled, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
    }
    String head = new String(buffer, 0, end, StandardCharsets.ISO_8859_1).toLowerCase();
    if (!head.startsWith("http/1.1 200")) {
      throw new IOException(head.lines().findFirst().orElse(""));
    }
    long announced =
        head.lines()
            .filter(line -> line.startsWith("content-length:"))
            .mapToLong(line -> Long.parseLong(line.substring(15).strip()))
            .findFirst()
            .orElse(-1);
    long got = filled - end - 4;
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      got += n;
    }
    if (got != announced) {
      throw new IOException("a body of " + got + " bytes instead of " + announced);
    }
    return got;
  }
}
