import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Load over a fixed number of TLS tunnels: each is dialled once through the proxy's CONNECT and then asks for one URL
 * again and again over that connection. What is measured is hits, not dialling; a tunnel that ends early is counted
 * and dialled again. With a rate, each tunnel sends at its share of it whether or not earlier answers were late.
 *
 * <pre>java Tunnels.java PROXY_HOST:PORT|direct URL CONNECTIONS SECONDS [REQUESTS_PER_SECOND|0] [MODE]</pre>
 *
 * Modes: {@code new-tunnel-each} dials for every request, each time with a full handshake (nothing is resumed);
 * {@code new-name-each} dials a host name nobody has asked for yet, shakes hands and hangs up; {@code hold} dials
 * CONNECTIONS tunnels with one request each, says {@code held}, and keeps them idle until its standard input ends.
 * {@code direct} instead of a proxy is TLS straight to the URL's host.
 *
 * <p>With {@code -Dwarm=SECONDS} it works so long before it counts, says {@code counting}, and goes on for SECONDS: a
 * client that is still being compiled takes the machine from the side that is measured.
 *
 * <p>Prints one line: {@code requests=N failures=N dialled=N resumed=N seconds=S p50=us p99=us max=us}. Every certificate is
 * accepted: the proxies have authorities of their own.
 */
final class Tunnels {
  private static final int MAX_SAMPLES = 4_000_000;
  private static final long NAMES = System.currentTimeMillis() * 100_000;

  /** Dialling all at once would measure how a backlog overflows. */
  private static final int DIALLING = 32;

  private final InetSocketAddress proxy;
  private final boolean direct;
  private final String mode;
  private final URI url;
  private final ThreadLocal<SSLContext> contexts = ThreadLocal.withInitial(Tunnels::context);
  private final long warmNanos = (long) (Double.parseDouble(System.getProperty("warm", "0")) * 1e9);
  private final long endNanos;
  private final long intervalNanos;
  private final long startNanos = System.nanoTime() + warmNanos;
  private final LongAdder failures = new LongAdder();
  private final LongAdder dialled = new LongAdder();
  private final LongAdder resumed = new LongAdder();
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicLong names = new AtomicLong();
  private final int[] micros = new int[MAX_SAMPLES];

  private Tunnels(String[] args) throws Exception {
    url = URI.create(args[1]);
    direct = args[0].equals("direct");
    String[] at = (direct ? url.getHost() + ":" + port() : args[0]).split(":");
    proxy = new InetSocketAddress(at[0], Integer.parseInt(at[1]));
    int connections = Integer.parseInt(args[2]);
    endNanos = startNanos + (long) (Double.parseDouble(args[3]) * 1e9);
    double rate = args.length > 4 ? Double.parseDouble(args[4]) : 0;
    intervalNanos = rate > 0 ? (long) (1e9 * connections / rate) : 0;
    mode = args.length > 5 ? args[5] : "";
  }

  private static SSLContext context() {
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, new TrustManager[] {new Everybody()}, new SecureRandom());
      tls.getClientSessionContext().setSessionCacheSize(64);
      return tls;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private int port() {
    return url.getPort() < 0 ? 443 : url.getPort();
  }

  public static void main(String[] args) throws Exception {
    Tunnels load = new Tunnels(args);
    if (load.mode.equals("hold")) {
      load.hold(Integer.parseInt(args[2]));
      return;
    }
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      Thread thread = new Thread(load::keepAsking);
      thread.start();
      threads.add(thread);
    }
    if (load.warmNanos > 0) {
      Thread.sleep(load.warmNanos / 1_000_000);
      System.out.println("counting");
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

  /** Tunnels that stay open and idle, for looks at the proxy's memory. */
  private void hold(int tunnels) throws Exception {
    List<SSLSocket> held = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger left = new AtomicInteger(tunnels);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < DIALLING; i++) {
      Thread thread =
          new Thread(
              () -> {
                while (left.getAndDecrement() > 0) {
                  try {
                    SSLSocket tunnel = dial(new Socket(), url.getHost());
                    tunnel.getOutputStream().write(request());
                    InputStream in = tunnel.getInputStream();
                    skip(in, readHead(in), new byte[4096]);
                    count.incrementAndGet();
                    held.add(tunnel);
                  } catch (IOException e) {
                    if (failures.sum() == 0) {
                      System.err.println("first failure: " + e);
                    }
                    failures.increment();
                  }
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println("held " + held.size());
    while (System.in.read() >= 0) {}
    print();
    Runtime.getRuntime().halt(0); // the kernel closes them faster
  }

  private SSLSocket dial(Socket plain, String host) throws IOException {
    dialled.increment();
    String authority = host + ":" + port();
    plain.setTcpNoDelay(true);
    plain.connect(proxy, 10_000);
    plain.setSoTimeout(60_000);
    if (!direct) {
      plain
          .getOutputStream()
          .write(
              ("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      if (readHead(plain.getInputStream()) < -1) {
        throw new IOException("CONNECT refused");
      }
    }
    SSLContext context = contexts.get();
    if (mode.startsWith("new-")) {
      forgetSessions(context);
    }
    long begun = System.currentTimeMillis();
    SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port(), true);
    secure.startHandshake();
    if (secure.getSession().getCreationTime() < begun) {
      resumed.increment();
    }
    return secure;
  }

  /** Nothing is to be resumed, and a context for each dial would be most of the client's work. */
  private static void forgetSessions(SSLContext context) {
    SSLSessionContext sessions = context.getClientSessionContext();
    for (byte[] id : Collections.list(sessions.getIds())) {
      SSLSession session = sessions.getSession(id);
      if (session != null) {
        session.invalidate();
      }
    }
  }

  private byte[] request() {
    return ("GET " + url.getRawPath() + " HTTP/1.1\r\nHost: " + url.getRawAuthority() + "\r\nUser-Agent: tunnels\r\nAccept: */*\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private void askOver(Socket plain) throws IOException {
    long begun = System.nanoTime();
    boolean dialEach = mode.startsWith("new-");
    boolean nameEach = mode.equals("new-name-each");
    // Names of a size that hosts have; the process's own, so that no two runs share one.
    String host =
        nameEach
            ? "n" + Long.toString(NAMES + names.incrementAndGet(), 36) + "." + url.getHost()
            : url.getHost();
    SSLSocket secure = dial(plain, host);
    if (nameEach) {
      record(begun);
      return;
    }
    InputStream in = new BufferedInputStream(secure.getInputStream(), 32 * 1024);
    OutputStream out = secure.getOutputStream();
    byte[] request = request();
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
      record(start);
    } while (System.nanoTime() < endNanos && !dialEach);
    secure.close();
  }

  private void record(long start) {
    if (start - startNanos < 0) {
      return; // not counted yet
    }
    int at = count.getAndIncrement();
    if (at < MAX_SAMPLES) {
      micros[at] = (int) Math.min(Integer.MAX_VALUE, (System.nanoTime() - start) / 1000);
    }
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
        "requests=%d failures=%d dialled=%d resumed=%d seconds=%.2f p50=%d p99=%d max=%d%n",
        count.get(), failures.sum(), dialled.sum(), resumed.sum(), (System.nanoTime() - startNanos) / 1e9, at(sorted, 0.5), at(sorted, 0.99), at(sorted, 1));
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
