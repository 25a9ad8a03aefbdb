import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;

/**
 * A network link before an origin: passes connections on, and all of them together get so many bytes a second of what
 * the origin sends. Runs until it is killed.
 *
 * <pre>java Link.java PORT ORIGIN_PORT BYTES_PER_SECOND</pre>
 */
final class Link {
  /** As a switch's queue: small against a second, large against a packet. */
  private static final int PIECE = 64 * 1024;

  private final double nanosPerByte;
  private long freeAtNanos = System.nanoTime();

  private Link(double bytesPerSecond) {
    this.nanosPerByte = 1e9 / bytesPerSecond;
  }

  public static void main(String[] args) throws IOException {
    Link link = new Link(Double.parseDouble(args[2]));
    InetSocketAddress origin = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1]));
    try (ServerSocket listener = new ServerSocket(Integer.parseInt(args[0]), 512, InetAddress.getLoopbackAddress())) {
      while (true) {
        Socket client = listener.accept();
        Socket server = new Socket();
        server.connect(origin);
        start(() -> link.pass(client, server, false));
        start(() -> link.pass(server, client, true));
      }
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
  }

  private void pass(Socket from, Socket to, boolean limited) {
    byte[] piece = new byte[PIECE];
    try (from; to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        if (limited) {
          await(reserve(count));
        }
        out.write(piece, 0, count);
      }
    } catch (IOException gone) {
      // One side has hung up; closing tells the other.
    }
  }

  /** When the last of those bytes has gone over the link. */
  private synchronized long reserve(int bytes) {
    freeAtNanos = Math.max(freeAtNanos, System.nanoTime()) + (long) (bytes * nanosPerByte);
    return freeAtNanos;
  }

  private static void await(long nanos) {
    for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
