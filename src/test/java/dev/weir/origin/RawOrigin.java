package dev.weir.origin;

import dev.weir.http.Authority;
import dev.weir.testing.FreshPorts;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import org.jspecify.annotations.Nullable;

/** An origin on a loopback port that a test speaks for, octet by octet. */
public final class RawOrigin implements AutoCloseable {
  /** Speaks on one connection; when it returns, the socket is closed. */
  public interface Script {
    void run(Peer peer) throws Exception;
  }

  /** The origin's side of one connection. */
  public static final class Peer {
    public final Socket socket;
    public final int number;
    public final InputStream in;
    public final OutputStream out;
    private final List<String> heads;

    Peer(Socket socket, int number, List<String> heads) throws IOException {
      this.socket = socket;
      this.number = number;
      this.heads = heads;
      this.in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
      this.out = socket.getOutputStream();
    }

    /** Reads one request head; null at the end. */
    public @Nullable String head() throws IOException {
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      while (true) {
        int octet = in.read();
        if (octet < 0) {
          return null;
        }
        read.write(octet);
        String text = read.toString(StandardCharsets.ISO_8859_1);
        if (octet == '\n' && text.endsWith("\r\n\r\n")) {
          heads.add(text);
          return text;
        }
      }
    }

    public void say(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    }

    /** Sends RST instead of FIN when the script ends. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
    }

    /** Waits until the other side has closed. */
    public boolean awaitEnd() {
      try {
        socket.setSoTimeout(10_000);
        while (in.read() >= 0) {
          // read past
        }
        return true;
      } catch (java.net.SocketTimeoutException e) {
        return false;
      } catch (IOException e) {
        return true;
      }
    }
  }

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final CountDownLatch closing = new CountDownLatch(1);

  private RawOrigin(ServerSocketFactory sockets, Script script) throws IOException {
    listener = FreshPorts.listen(sockets, 256);
    Thread.ofVirtual()
        .start(
            () -> {
              while (!listener.isClosed()) {
                try {
                  Socket socket = listener.accept();
                  int number = accepted.incrementAndGet();
                  Thread.ofVirtual().start(() -> serve(socket, number, script));
                } catch (IOException e) {
                  if (listener.isClosed()) {
                    return;
                  }
                }
              }
            });
  }

  public static RawOrigin start(Script script) throws IOException {
    return start(ServerSocketFactory.getDefault(), script);
  }

  public static RawOrigin start(ServerSocketFactory sockets, Script script) throws IOException {
    return new RawOrigin(sockets, script);
  }

  /** Answers every request on every connection with these octets. */
  public static RawOrigin answering(String response) throws IOException {
    return start(
        peer -> {
          while (peer.head() != null) {
            peer.say(response);
          }
        });
  }

  private void serve(Socket socket, int number, Script script) {
    open.add(socket);
    try (socket) {
      socket.setTcpNoDelay(true);
      script.run(new Peer(socket, number, heads));
    } catch (Exception e) {
      // The other side went away, or the test is over.
    } finally {
      open.remove(socket);
    }
  }

  public Authority authority() {
    return new Authority("127.0.0.1", listener.getLocalPort());
  }

  public int accepted() {
    return accepted.get();
  }

  public int openNow() {
    return open.size();
  }

  public List<String> heads() {
    return heads;
  }

  /** Blocks a script until the test is over. */
  public void hang() throws InterruptedException {
    closing.await(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws IOException {
    closing.countDown();
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
