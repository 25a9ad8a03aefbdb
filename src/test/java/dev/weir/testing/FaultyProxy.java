package dev.weir.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between a client and a server and does to their bytes what a bad day does. */
public final class FaultyProxy implements AutoCloseable {
  /** What happens to what passes from now on, on open connections as well. */
  public enum Fault {
    NONE,
    /** Each block is held back for 300 ms. */
    SLOW,
    /** Each request is held back for 300 ms, and its answer not. */
    LATE,
    /** Requests are answered 500. */
    ERROR_500,
    /** Requests are answered 503 SlowDown. */
    SLOW_DOWN,
    /** Requests are answered 403 AccessDenied. */
    DENIED,
    /** The connection is reset within the first bigger answer. */
    RESET_MID_BODY,
    /** A byte of every bigger answer is another one. */
    WRONG_BYTES,
    /** Nothing is answered at all. */
    SILENT,
    /** Connections are reset at once. */
    REFUSED
  }

  /** Heads and error pages are smaller. */
  private static final int BIGGER_BYTES = 4096;

  private static final long HELD_BACK_MILLIS = 300;

  /** How a block that begins a request begins. */
  private static final Set<String> METHODS = Set.of("GET ", "HEAD", "PUT ", "POST", "DELE");

  private final ServerSocket listener;
  private final int target;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger silenced = new AtomicInteger();
  private volatile Fault fault = Fault.NONE;

  private FaultyProxy(InetAddress address, int target) throws IOException {
    this.target = target;
    this.listener = new ServerSocket(0, 100, address);
    Thread.ofVirtual().start(this::accept);
  }

  /** A proxy before that port of loopback. */
  public static FaultyProxy before(int port) throws IOException {
    return new FaultyProxy(InetAddress.getLoopbackAddress(), port);
  }

  /** As before, but reached at another address of this machine. */
  public static FaultyProxy before(int port, String address) throws IOException {
    return new FaultyProxy(InetAddress.getByName(address), port);
  }

  public String url() {
    return "http://" + listener.getInetAddress().getHostAddress() + ":" + listener.getLocalPort();
  }

  public void set(Fault now) {
    fault = now;
  }

  /** GET requests that have come by, about: counted by the blocks that begin with one. */
  public int gets() {
    return requests.get();
  }

  /** Blocks of requests that have met silence. */
  public int silenced() {
    return silenced.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException _) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
      Thread answers = Thread.ofVirtual().start(() -> answers(server, client));
      InputStream in = client.getInputStream();
      OutputStream out = server.getOutputStream();
      byte[] block = new byte[64 << 10];
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        String text = new String(block, 0, Math.min(4, read), StandardCharsets.ISO_8859_1);
        if (text.equals("GET ")) {
          requests.incrementAndGet();
        }
        if (fault == Fault.LATE && METHODS.contains(text)) {
          Thread.sleep(HELD_BACK_MILLIS);
        }
        if (!forwards(client)) {
          return;
        }
        out.write(block, 0, read);
      }
      answers.interrupt();
    } catch (IOException | InterruptedException _) {
      // One side is gone, so the other goes too.
    }
  }

  private boolean forwards(Socket client) throws IOException, InterruptedException {
    switch (fault) {
      case ERROR_500 -> answer(client, "500 Internal Server Error", "InternalError");
      case SLOW_DOWN -> answer(client, "503 Slow Down", "SlowDown");
      case DENIED -> answer(client, "403 Forbidden", "AccessDenied");
      case REFUSED -> client.setSoLinger(true, 0);
      case SILENT -> {
        silenced.incrementAndGet();
        while (fault == Fault.SILENT) {
          Thread.sleep(20);
        }
      }
      case SLOW -> {
        Thread.sleep(HELD_BACK_MILLIS);
        return true;
      }
      case NONE, LATE, RESET_MID_BODY, WRONG_BYTES -> {
        return true;
      }
    }
    return false;
  }

  private static void answer(Socket client, String status, String code) throws IOException {
    String body = "<Error><Code>" + code + "</Code><Message>so it is</Message></Error>";
    client
        .getOutputStream()
        .write(
            ("HTTP/1.1 %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n"
                    + "Connection: close\r\n\r\n%s")
                .formatted(status, body.length(), body)
                .getBytes(StandardCharsets.US_ASCII));
  }

  private void answers(Socket server, Socket client) {
    try {
      InputStream in = server.getInputStream();
      OutputStream out = client.getOutputStream();
      byte[] block = new byte[64 << 10];
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        Fault now = fault;
        if (now == Fault.SLOW) {
          Thread.sleep(HELD_BACK_MILLIS);
        }
        if (read > BIGGER_BYTES && now == Fault.RESET_MID_BODY) {
          out.write(block, 0, read / 2);
          client.setSoLinger(true, 0);
          client.close();
          return;
        }
        if (read > BIGGER_BYTES && now == Fault.WRONG_BYTES) {
          block[read - 1] ^= 1;
        }
        out.write(block, 0, read);
      }
      client.close();
    } catch (IOException | InterruptedException _) {
      // One side is gone, so the other goes too.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
