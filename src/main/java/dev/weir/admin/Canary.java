package dev.weir.admin;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches a page of our own through the proxy port, again and again, over a real socket: if the way
 * of a request is wedged while the process looks alive, this is what notices. Several failures in a
 * row fail {@code /live}.
 */
public final class Canary implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Canary.class);
  private static final byte[] REQUEST =
      "GET http://weir.internal/ HTTP/1.1\r\nHost: weir.internal\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.ISO_8859_1);
  private final AdminSettings settings;
  private final InetSocketAddress proxy;
  private final Supplier<Optional<String>> inner;
  private final Thread thread;
  private volatile int failures;
  private volatile String lastFailure = "";
  private volatile boolean closed;

  /**
   * @param inner a further check of the inside (a question to a keeper, say); a text is what failed
   */
  public Canary(AdminSettings settings, InetSocketAddress proxy, Supplier<Optional<String>> inner) {
    this.settings = settings;
    this.proxy = proxy;
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
    try (Socket socket = new Socket()) {
      socket.connect(proxy, timeoutMillis);
      socket.setSoTimeout(timeoutMillis);
      socket.getOutputStream().write(REQUEST);
      InputStream in = socket.getInputStream();
      String start = new String(in.readNBytes(12), StandardCharsets.ISO_8859_1);
      return start.equals("HTTP/1.1 200")
          ? Optional.empty()
          : Optional.of("the canary's answer began with '" + printable(start) + "'");
    } catch (IOException failure) {
      return Optional.of("the canary got no answer from the proxy port: " + failure.getMessage());
    }
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
