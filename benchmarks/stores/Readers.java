import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URLConnection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads one URL through a proxy from many connections for some seconds, each from its beginning and
 * as fast as it can, and says what came.
 *
 * <pre>java Readers.java PROXY-PORT URL READERS SECONDS</pre>
 */
final class Readers {
  private static final LongAdder bytes = new LongAdder();
  private static final LongAdder begun = new LongAdder();
  private static final LongAdder failed = new LongAdder();
  private static final AtomicBoolean over = new AtomicBoolean();

  public static void main(String... arguments) throws Exception {
    Proxy proxy =
        new Proxy(
            Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    int readers = Integer.parseInt(arguments[2]);
    long seconds = Long.parseLong(arguments[3]);
    CountDownLatch ended = new CountDownLatch(readers);
    for (int i = 0; i < readers; i++) {
      Thread.ofVirtual()
          .start(
              () -> {
                read(proxy, arguments[1]);
                ended.countDown();
              });
    }
    Thread.sleep(seconds * 1000);
    over.set(true);
    ended.await();
    System.out.printf(
        "readers=%d MiB=%d failed=%d%n", begun.sum(), bytes.sum() >> 20, failed.sum());
  }

  private static void read(Proxy proxy, String url) {
    try {
      URLConnection connection = URI.create(url).toURL().openConnection(proxy);
      connection.setReadTimeout(60_000);
      try (InputStream body = connection.getInputStream()) {
        begun.increment();
        byte[] block = new byte[16 << 10];
        for (int read = body.read(block); read >= 0 && !over.get(); read = body.read(block)) {
          bytes.add(read);
        }
      }
    } catch (Exception broken) {
      failed.increment();
    }
  }

  private Readers() {}
}
