package dev.weir.admin;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import javax.net.SocketFactory;
import javax.net.ssl.SSLSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the proxy port for something of our own, again and again, over a real socket: if the way of
 * a request is wedged while the process looks alive, this is what notices. Several failures in a
 * row fail {@code /live}.
 */
public final class Canary implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Canary.class);

  /** Fetches a page that a forward proxy has of its own. */
  public static final String OWN_PAGE =
      "GET http://weir.internal/ HTTP/1.1\r\nHost: weir.internal\r\nConnection: close\r\n\r\n";

  /** Asks what answers in front of an origin, without asking the origin (RFC 9110 7.6.2). */
  public static final String OWN_OPTIONS =
      "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n";

  /** Asks what a mirror answers itself. */
  public static final String OWN_HEALTH =
      "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

  /** Says that the connection is the sender's own, where listeners expect to be told. */
  public static final String PROXY_HEADER = "PROXY UNKNOWN\r\n";

  private final AdminSettings settings;
  private final InetSocketAddress proxy;
  private final SocketFactory sockets;
  private final byte[] preface;
  private final byte[] request;
  private final Supplier<Optional<String>> inner;
  private final Thread thread;
  private volatile int failures;
  private volatile String lastFailure = "";
  private volatile boolean closed;

  /**
   * @param sockets how the listener is spoken to, plain or over TLS
   * @param preface what is sent before everything else, TLS included; may be empty
   * @param request what is sent; a 2xx is expected
   * @param inner a further check of the inside (a question to a keeper, say); a text is what failed
   */
  public Canary(
      AdminSettings settings,
      InetSocketAddress proxy,
      SocketFactory sockets,
      String preface,
      String request,
      Supplier<Optional<String>> inner) {
    this.settings = settings;
    this.proxy = proxy;
    this.sockets = sockets;
    this.preface = preface.getBytes(StandardCharsets.ISO_8859_1);
    this.request = request.getBytes(StandardCharsets.ISO_8859_1);
    this.inner = inner;
    this.thread = Thread.ofVirtual().name("weir-canary").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  /** What is wedged, or empty if the node is alive. */
  public Optional<String> wedged() {
    return failures >= settings.canaryFailures() ? Optional.of(lastFailure) : Optional.empty();
  }

  private void run() {
    int inARow = 0;
    while (!closed) {
      Optional<String> failure = fetch().or(inner);
      if (failure.isPresent()) {
        lastFailure = failure.get();
        inARow++;
        log.warn("canary: {} ({} in a row)", lastFailure, inARow);
      } else {
        inARow = 0;
      }
      failures = inARow;
      LockSupport.parkNanos(settings.canaryIntervalMillis() * 1_000_000L);
    }
  }

  private Optional<String> fetch() {
    int timeoutMillis = (int) settings.canaryTimeoutMillis();
    try (Socket plain = SocketFactory.getDefault().createSocket()) {
      plain.connect(proxy, timeoutMillis);
      plain.setSoTimeout(timeoutMillis);
      plain.getOutputStream().write(preface);
      Socket socket = speaking(plain);
      socket.getOutputStream().write(request);
      InputStream in = socket.getInputStream();
      String start = new String(in.readNBytes(12), StandardCharsets.ISO_8859_1);
      return start.startsWith("HTTP/1.1 2")
          ? Optional.empty()
          : Optional.of("the canary's answer began with '" + printable(start) + "'");
    } catch (IOException failure) {
      return Optional.of("the canary got no answer from the proxy port: " + failure.getMessage());
    }
  }

  /** Closing the plain socket ends both. */
  private Socket speaking(Socket plain) throws IOException {
    return sockets instanceof SSLSocketFactory tls
        ? tls.createSocket(plain, proxy.getHostString(), proxy.getPort(), true)
        : plain;
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
