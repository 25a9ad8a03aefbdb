import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Load over a fixed number of TLS tunnels: each is dialled once through the proxy's CONNECT and then asks for one URL
 * again and again over that connection. What is measured is hits, not dialling; a tunnel that ends early is counted
 * and dialled again. With a rate, each tunnel sends at its share of it whether or not earlier answers were late.
 *
 * <pre>java Tunnels.java PROXY_HOST:PORT URL CONNECTIONS SECONDS [REQUESTS_PER_SECOND] [new-tunnel-each]</pre>
 *
 * Prints one line: {@code requests=N failures=N dialled=N p50=us p99=us max=us}. Every certificate is accepted: the
 * two proxies have authorities of their own.
 */
final class Tunnels {
  private static final int MAX_SAMPLES = 4_000_000;

  private final InetSocketAddress proxy;
  private final URI url;
  private final SSLContext tls;
  private final long endNanos;
  private final long intervalNanos;
  private final boolean dialEach;
  private final LongAdder failures = new LongAdder();
  private final LongAdder dialled = new LongAdder();
  private final AtomicInteger count = new AtomicInteger();
  private final int[] micros = new int[MAX_SAMPLES];

  private Tunnels(String[] args) throws Exception {
    String[] at = args[0].split(":");
    proxy = new InetSocketAddress(at[0], Integer.parseInt(at[1]));
    url = URI.create(args[1]);
    int connections = Integer.parseInt(args[2]);
    endNanos = System.nanoTime() + (long) (Double.parseDouble(args[3]) * 1e9);
    double rate = args.length > 4 ? Double.parseDouble(args[4]) : 0;
    intervalNanos = rate > 0 ? (long) (1e9 * connections / rate) : 0;
    dialEach = args.length > 5;
    tls = SSLContext.getInstance("TLS");
    tls.init(null, new TrustManager[] {new Everybody()}, new SecureRandom());
  }

  public static void main(String[] args) throws Exception {
    Tunnels load = new Tunnels(args);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      Thread thread = new Thread(load::keepAsking);
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    load.print();
  }

  private void keepAsking() {
    while (System.nanoTime() < endNanos) {
      try (Socket plain = new Socket()) {
        askOver(plain);
      } catch (IOException e) {
        if (System.nanoTime() < endNanos) {
          failures.increment();
          if (failures.sum() == 1) {
            System.err.println("first failure: " + e);
          }
          LockSupport.parkNanos(20_000_000);
        }
      }
    }
  }

  private void askOver(Socket plain) throws IOException {
    long begun = System.nanoTime();
    dialled.increment();
    int port = url.getPort() < 0 ? 443 : url.getPort();
    String authority = url.getHost() + ":" + port;
    plain.setTcpNoDelay(true);
    plain.connect(proxy, 10_000);
    plain.setSoTimeout(60_000);
    plain
        .getOutputStream()
        .write(("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    if (readHead(plain.getInputStream()) < -1) {
      throw new IOException("CONNECT refused");
    }
    SSLSocket secure = (SSLSocket) tls.getSocketFactory().createSocket(plain, url.getHost(), port, true);
    secure.startHandshake();
    InputStream in = new BufferedInputStream(secure.getInputStream(), 32 * 1024);
    OutputStream out = secure.getOutputStream();
    byte[] request =
        ("GET " + url.getRawPath() + " HTTP/1.1\r\nHost: " + url.getRawAuthority() + "\r\nUser-Agent: tunnels\r\nAccept: */*\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] sink = new byte[64 * 1024];
    long due = System.nanoTime();
    do {
      if (intervalNanos > 0) {
        due += intervalNanos;
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
      }
      long start = dialEach ? begun : intervalNanos > 0 ? due : System.nanoTime();
      out.write(request);
      skip(in, readHead(in), sink);
      int at = count.getAndIncrement();
      if (at < MAX_SAMPLES) {
        micros[at] = (int) Math.min(Integer.MAX_VALUE, (System.nanoTime() - start) / 1000);
      }
    } while (System.nanoTime() < endNanos && !dialEach);
    secure.close();
  }

  /** Reads a head; its Content-Length, or -1 without one. An answer that is no 200 is a failure. */
  private static long readHead(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder(512);
    int seen = 0;
    while (seen < 4) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException("closed within a head");
      }
      seen = b == (seen % 2 == 0 ? '\r' : '\n') ? seen + 1 : b == '\r' ? 1 : 0;
      head.append((char) b);
    }
    if (!head.substring(8, 12).equals(" 200")) {
      throw new IOException(head.substring(0, head.indexOf("\r")));
    }
    int field = head.toString().toLowerCase().indexOf("content-length:");
    return field < 0 ? -1 : Long.parseLong(head.substring(field + 15, head.indexOf("\r", field)).trim());
  }

  private static void skip(InputStream in, long bytes, byte[] sink) throws IOException {
    while (bytes > 0) {
      int read = in.read(sink, 0, (int) Math.min(bytes, sink.length));
      if (read < 0) {
        throw new EOFException("closed within a body");
      }
      bytes -= read;
    }
  }

  private void print() {
    int samples = Math.min(count.get(), MAX_SAMPLES);
    int[] sorted = Arrays.copyOf(micros, samples);
    Arrays.sort(sorted);
    System.out.printf(
        "requests=%d failures=%d dialled=%d p50=%d p99=%d max=%d%n",
        count.get(), failures.sum(), dialled.sum(), at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1));
  }

  private static int at(int[] sorted, double part) {
    return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, part * sorted.length)];
  }

  private static final class Everybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
