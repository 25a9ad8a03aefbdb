package dev.weir.testing;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 origin on a loopback port for tests: scripted endpoints, the ready-made ones of
 * {@link OriginEndpoints}, faults that a polite server library would not let happen, and a record
 * of every request. A virtual thread per connection.
 */
public final class OriginServer implements AutoCloseable {
  /** Answers one request; may block. */
  @FunctionalInterface
  public interface Endpoint {
    Answer answer(Seen seen) throws IOException, InterruptedException;
  }

  private static final int BACKLOG = 1024;

  private final ServerSocketFactory sockets;
  private final Map<String, Endpoint> endpoints = new ConcurrentHashMap<>();
  private final Map<String, Integer> statuses = new ConcurrentHashMap<>();
  private final Map<String, Long> delays = new ConcurrentHashMap<>();
  private final List<Seen> seen = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicLong bodyBytes = new AtomicLong();
  private final OriginEndpoints builtIn = new OriginEndpoints(this);
  private final int port;
  private volatile ServerSocket listener;

  private OriginServer(ServerSocketFactory sockets) throws IOException {
    this.sockets = sockets;
    listener = FreshPorts.listen(sockets, BACKLOG);
    port = listener.getLocalPort();
    acceptOn(listener);
  }

  /** A plain one on a port of 127.0.0.1 that none has had before it. */
  public static OriginServer start() {
    return start(ServerSocketFactory.getDefault());
  }

  /** One that takes its sockets from the factory, such as that of an SSLContext. */
  public static OriginServer start(ServerSocketFactory sockets) {
    try {
      return new OriginServer(sockets);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  public int port() {
    return port;
  }

  public Authority authority() {
    return new Authority("127.0.0.1", port);
  }

  public String url(String target) {
    return "http://127.0.0.1:" + port + target;
  }

  /** Puts an endpoint at a path, before the ready-made ones. */
  public OriginServer on(String path, Endpoint endpoint) {
    endpoints.put(path, endpoint);
    return this;
  }

  /** From now on the path answers with that status, whatever stands there; 0 ends it. */
  public void overrideStatus(String path, int status) {
    if (status == 0) {
      statuses.remove(path);
    } else {
      statuses.put(path, status);
    }
  }

  /** From now on the path waits that long before its head; 0 ends it. */
  public void overrideDelay(String path, long millis) {
    delays.put(path, millis);
  }

  /** The ready-made resources change: other bytes, other validators. */
  public void bumpVersion() {
    builtIn.bumpVersion();
  }

  /** Every request read so far, in order. */
  public List<Seen> seen() {
    return List.copyOf(seen);
  }

  public List<Seen> seen(String path) {
    return seen.stream().filter(one -> one.path().equals(path)).toList();
  }

  public long count(String path) {
    return count(path, one -> true);
  }

  public long count(String path, Predicate<Seen> which) {
    return seen.stream().filter(one -> one.path().equals(path)).filter(which).count();
  }

  /** How many body bytes were handed to sockets. */
  public long bodyBytesSent() {
    return bodyBytes.get();
  }

  public int connectionsAccepted() {
    return connections.get();
  }

  /** Forgets what was seen and every override. */
  public void reset() {
    seen.clear();
    statuses.clear();
    delays.clear();
    bodyBytes.set(0);
  }

  /** Stops listening and breaks what is open: connecting is refused from now on. */
  public void refuse() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
    // The port is given up when the accepting thread has woken, a moment after close().
    while (accepts()) {
      Thread.onSpinWait();
    }
  }

  private boolean accepts() {
    try (Socket probe = new Socket()) {
      probe.connect(new InetSocketAddress("127.0.0.1", port), 1000);
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  /** Listens again on the same port. */
  public void accept() throws IOException {
    listener = listen(port);
    acceptOn(listener);
  }

  @Override
  public void close() {
    try {
      refuse();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private ServerSocket listen(int at) throws IOException {
    ServerSocket socket = sockets.createServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), at), BACKLOG);
    return socket;
  }

  private void acceptOn(ServerSocket server) {
    Thread.ofVirtual()
        .start(
            () -> {
              while (!server.isClosed()) {
                try {
                  Socket socket = server.accept();
                  int number = connections.incrementAndGet();
                  Thread.ofVirtual().start(() -> serve(socket, number));
                } catch (IOException e) {
                  if (!server.isClosed()) {
                    continue; // one bad connection must not end the server
                  }
                }
              }
            });
  }

  private void serve(Socket socket, int connection) {
    open.add(socket);
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
      OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 64 * 1024);
      boolean again = true;
      while (again) {
        Seen request = read(in, out, connection, socket.getInetAddress());
        again = request != null && respond(request, in, out);
      }
    } catch (IOException e) {
      // the peer went away, or refuse() broke the connection: nobody to tell
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }

  private @Nullable Seen read(InputStream in, OutputStream out, int connection, InetAddress from)
      throws IOException {
    String first = line(in);
    if (first == null) {
      return null;
    }
    String[] parts = first.split(" ", -1);
    Headers.Builder headers = Headers.builder();
    for (String line = line(in); line != null && !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.add(line.substring(0, colon), line.substring(colon + 1).strip());
    }
    Headers fields = headers.build();
    if (fields.has("Expect")) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }
    Seen request = new Seen(parts[0], parts[1], fields, body(in, fields), connection, from);
    seen.add(request);
    return request;
  }

  private static long body(InputStream in, Headers headers) throws IOException {
    String length = headers.first("Content-Length");
    if (length != null) {
      in.skipNBytes(Long.parseLong(length));
      return Long.parseLong(length);
    }
    if (!headers.has("Transfer-Encoding")) {
      return 0;
    }
    long total = 0;
    while (true) {
      String size = line(in);
      if (size == null) {
        throw new EOFException("in a chunked body");
      }
      long bytes = Long.parseLong(size.strip(), 16);
      in.skipNBytes(bytes);
      total += bytes;
      if (bytes == 0) {
        while (!"".equals(line(in))) {
          // trailer fields are read past
        }
        return total;
      }
      line(in);
    }
  }

  private boolean respond(Seen request, InputStream in, OutputStream out)
      throws IOException, InterruptedException {
    long delay = delays.getOrDefault(request.path(), 0L);
    if (delay > 0) {
      Thread.sleep(delay);
    }
    Answer answer = answerFor(request);
    if (answer.framing() == Answer.Framing.DROP) {
      return false;
    }
    out.write(render(answer));
    out.flush();
    if (answer.framing() == Answer.Framing.UPGRADE) {
      in.transferTo(new Flushing(out));
      return false;
    }
    boolean bodiless =
        "HEAD".equals(request.method()) || answer.status() == 304 || answer.status() == 204;
    if (bodiless) {
      return answer.framing() != Answer.Framing.CLOSE;
    }
    Counting counted = new Counting(out, answer.framing() == Answer.Framing.CHUNKED, bodyBytes);
    answer.body().writeTo(counted);
    if (answer.framing() == Answer.Framing.CHUNKED) {
      out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    }
    out.flush();
    return switch (answer.framing()) {
      case LENGTH -> counted.written == answer.declaredBytes();
      case CHUNKED -> true;
      case CLOSE, DROP, UPGRADE -> false;
    };
  }

  private Answer answerFor(Seen request) throws IOException, InterruptedException {
    Integer status = statuses.get(request.path());
    if (status != null) {
      return Answer.text(status, "status " + status + "\n", "Content-Type", "text/plain");
    }
    Endpoint endpoint = endpoints.get(request.path());
    return endpoint != null ? endpoint.answer(request) : builtIn.answer(request);
  }

  private static byte[] render(Answer answer) {
    StringBuilder head = new StringBuilder("HTTP/1.1 ").append(answer.status()).append(" Said\r\n");
    answer.headers().forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    switch (answer.framing()) {
      case LENGTH -> {
        if (answer.status() != 304 && answer.status() != 204) {
          head.append("Content-Length: ").append(answer.declaredBytes()).append("\r\n");
        }
      }
      case CHUNKED -> head.append("Transfer-Encoding: chunked\r\n");
      case CLOSE -> head.append("Connection: close\r\n");
      case UPGRADE, DROP -> {
        // nothing frames these
      }
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static @Nullable String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(80);
    while (true) {
      int octet = in.read();
      if (octet < 0) {
        return null;
      }
      if (octet == '\n') {
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
      }
      line.write(octet);
    }
  }

  /** Counts what is written; one chunk per write if asked, and never holds bytes back. */
  private static final class Counting extends OutputStream {
    private final OutputStream out;
    private final boolean chunked;
    private final AtomicLong total;
    private long written;

    Counting(OutputStream out, boolean chunked, AtomicLong total) {
      this.out = out;
      this.chunked = chunked;
      this.total = total;
    }

    @Override
    public void write(int octet) throws IOException {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return;
      }
      if (chunked) {
        out.write((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      }
      out.write(bytes, offset, length);
      if (chunked) {
        out.write("\r\n".getBytes(StandardCharsets.ISO_8859_1));
      }
      out.flush();
      written += length;
      total.addAndGet(length);
    }
  }

  /** An echo's output: every write leaves at once. */
  private static final class Flushing extends OutputStream {
    private final OutputStream out;

    Flushing(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int octet) throws IOException {
      out.write(octet);
      out.flush();
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      out.flush();
    }
  }
}
