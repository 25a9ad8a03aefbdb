import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A farm of build machines in front of a proxy, with an origin that both play on loopback: jobs ask for objects whose
 * popularity is Zipf's and whose sizes are those of package registries, one after another with pauses between them.
 *
 * <pre>java Farm.java PROXY_HOST:PORT SECONDS [objects=N] [jobs=N] [zipf=S] [think=MILLIS] [seed=N] [log=FILE] [speed=X]</pre>
 *
 * With {@code log}, the URLs, their order, sizes and spacing come from an access log of Weir (its JSON lines)
 * instead, played {@code speed} times as fast; hosts and queries become paths of the one origin. The same seed makes the
 * same requests in each job. Says at the end what was hit, which bytes the origin was spared, and how long answers took.
 */
final class Farm {
  private static final byte[] PIECE = new byte[64 * 1024];
  private static final int MAX_SAMPLES = 4_000_000;

  /** The origin's own delay: without any, a miss costs as little as a hit. */
  private static final int ORIGIN_DELAY_MILLIS = 20;

  private record Wanted(String path, long bytes, long atMillis) {}

  private final Proxy proxy;
  private final long seconds;
  private int objects = 1_000_000;
  private int jobs = 32;
  private double zipf = 0.9;
  private double thinkMillis = 20;
  private double speed = 1;
  private long seed = 1;
  private String log = "";

  private final LongAdder asked = new LongAdder();
  private final LongAdder askedBytes = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder fetched = new LongAdder();
  private final LongAdder fetchedBytes = new LongAdder();
  private final LongAdder hits = new LongAdder();
  private final LongAdder joined = new LongAdder();
  private final AtomicInteger samples = new AtomicInteger();
  private final int[] hitMicros = new int[MAX_SAMPLES];
  private final int[] missMicros = new int[MAX_SAMPLES];
  private final AtomicInteger misses = new AtomicInteger();
  private double[] shares = {};

  private Farm(String[] args) {
    String[] at = args[0].split(":");
    proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(at[0], Integer.parseInt(at[1])));
    seconds = Long.parseLong(args[1]);
    for (String option : Arrays.asList(args).subList(2, args.length)) {
      String value = option.substring(option.indexOf('=') + 1);
      switch (option.substring(0, Math.max(0, option.indexOf('=')))) {
        case "objects" -> objects = Math.min(1_000_000, Integer.parseInt(value));
        case "jobs" -> jobs = Math.min(1000, Integer.parseInt(value));
        case "zipf" -> zipf = Double.parseDouble(value);
        case "think" -> thinkMillis = Double.parseDouble(value);
        case "seed" -> seed = Long.parseLong(value);
        case "speed" -> speed = Double.parseDouble(value);
        case "log" -> log = value;
        default -> throw new IllegalArgumentException("unknown: " + option);
      }
    }
  }

  public static void main(String[] args) throws Exception {
    System.setProperty("http.keepAlive", "true");
    System.setProperty("http.maxConnections", "1000");
    new Farm(args).run();
  }

  private void run() throws Exception {
    HttpServer origin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    origin.setExecutor(Executors.newFixedThreadPool(64));
    origin.createContext("/", this::serve);
    origin.start();
    String base = "http://127.0.0.1:" + origin.getAddress().getPort();
    try {
      if (log.isEmpty()) {
        model(base);
      } else {
        replay(base);
      }
    } finally {
      origin.stop(0);
    }
    print();
    System.exit(failures.sum() == 0 ? 0 : 1);
  }

  /** Objects end in their size, so that the origin needs no memory of them. */
  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    long bytes = Long.parseLong(path.substring(path.lastIndexOf('.') + 1));
    LockSupport.parkNanos(ORIGIN_DELAY_MILLIS * 1_000_000L);
    exchange.getResponseHeaders().add("Cache-Control", "public, max-age=86400");
    exchange.getResponseHeaders().add("ETag", "\"" + Integer.toHexString(path.hashCode()) + "\"");
    exchange.sendResponseHeaders(200, bytes == 0 ? -1 : bytes);
    fetched.increment();
    try (OutputStream out = exchange.getResponseBody()) {
      for (long left = bytes; left > 0; left -= PIECE.length) {
        int now = (int) Math.min(left, PIECE.length);
        out.write(PIECE, 0, now);
        fetchedBytes.add(now);
      }
    }
    exchange.close();
  }

  private void model(String base) throws InterruptedException {
    shares = new double[objects];
    double sum = 0;
    for (int i = 0; i < objects; i++) {
      sum += 1 / Math.pow(i + 1, zipf);
      shares[i] = sum;
    }
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    CountDownLatch ended = new CountDownLatch(jobs);
    for (int job = 0; job < jobs; job++) {
      Random random = new Random(seed * 1_000_003 + job);
      new Thread(
              () -> {
                while (System.nanoTime() < end) {
                  int object = popular(random);
                  ask(base, "/o" + object + "." + size(object));
                  // Think times are exponential: bursts and gaps, as of resolvers and compilers.
                  LockSupport.parkNanos((long) (-Math.log(1 - random.nextDouble()) * thinkMillis * 1e6));
                }
                ended.countDown();
              })
          .start();
    }
    ended.await();
  }

  private int popular(Random random) {
    int at = Arrays.binarySearch(shares, random.nextDouble() * shares[shares.length - 1]);
    return Math.min(objects - 1, at < 0 ? -at - 1 : at);
  }

  /**
   * The size of an object, always the same one: half are documents of an index or metadata around 3 KiB, most of the
   * rest archives around 100 KiB, one in fifty a layer or a toolchain of megabytes. Log-normal each, at most 64 MiB.
   */
  private long size(int object) {
    Random random = new Random(object * 0x9E3779B97F4A7C15L + 7);
    double kind = random.nextDouble();
    double median = kind < 0.5 ? 3e3 : kind < 0.98 ? 1e5 : 6e6;
    double spread = kind < 0.5 ? 1.0 : 1.3;
    return Math.max(64, Math.min(64L << 20, (long) (median * Math.exp(spread * random.nextGaussian()))));
  }

  private void replay(String base) throws IOException, InterruptedException {
    List<Wanted> wanted = read(Path.of(log));
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("no finished GET in " + log);
    }
    long begun = System.nanoTime();
    long end = begun + seconds * 1_000_000_000L;
    long first = wanted.get(0).atMillis;
    AtomicInteger next = new AtomicInteger();
    CountDownLatch ended = new CountDownLatch(jobs);
    for (int job = 0; job < jobs; job++) {
      new Thread(
              () -> {
                for (int at = next.getAndIncrement(); at < wanted.size() && System.nanoTime() < end; at = next.getAndIncrement()) {
                  Wanted one = wanted.get(at);
                  long due = begun + (long) ((one.atMillis - first) * 1e6 / speed);
                  while (System.nanoTime() < Math.min(due, end)) {
                    LockSupport.parkNanos(Math.min(due, end) - System.nanoTime());
                  }
                  ask(base, one.path);
                }
                ended.countDown();
              })
          .start();
    }
    ended.await();
  }

  /** Every finished GET with a 200; an object's size is the largest that it was sent with. */
  private static List<Wanted> read(Path file) throws IOException {
    Pattern pattern =
        Pattern.compile("\"@timestamp\":\"([^\"]+)\".*\"method\":\"GET\",\"url\":\"([^\"]+)\",\"status\":200,.*\"bytes\":(\\d+)");
    java.util.Map<String, Long> sizes = new java.util.HashMap<>();
    List<Wanted> wanted = new ArrayList<>();
    try (java.util.stream.Stream<String> lines = Files.lines(file)) {
      lines.forEach(
          line -> {
            Matcher found = pattern.matcher(line);
            if (found.find() && !line.contains("\"complete\":false")) {
              String name = "/r" + Integer.toHexString(found.group(2).hashCode());
              long bytes = Math.min(1L << 30, Long.parseLong(found.group(3)));
              sizes.merge(name, bytes, Math::max);
              wanted.add(new Wanted(name, bytes, java.time.Instant.parse(found.group(1)).toEpochMilli()));
            }
          });
    }
    return wanted.stream().map(one -> new Wanted(one.path + "." + sizes.get(one.path), one.bytes, one.atMillis)).toList();
  }

  private void ask(String base, String path) {
    long begun = System.nanoTime();
    try {
      URL url = URI.create(base + path).toURL();
      HttpURLConnection connection = (HttpURLConnection) url.openConnection(proxy);
      connection.setConnectTimeout(10_000);
      connection.setReadTimeout(60_000);
      long bytes = 0;
      String status;
      try (InputStream in = connection.getInputStream()) {
        byte[] sink = new byte[64 * 1024];
        for (int read = in.read(sink); read >= 0; read = in.read(sink)) {
          bytes += read;
        }
        status = String.valueOf(connection.getHeaderField("Cache-Status"));
      }
      if (bytes != Long.parseLong(path.substring(path.lastIndexOf('.') + 1))) {
        throw new IOException("only " + bytes + " bytes of " + path);
      }
      asked.increment();
      askedBytes.add(bytes);
      count(status, (int) Math.min(Integer.MAX_VALUE, (System.nanoTime() - begun) / 1000));
    } catch (IOException e) {
      if (failures.sum() == 0) {
        System.err.println("first failure: " + e);
      }
      failures.increment();
      LockSupport.parkNanos(50_000_000);
    }
  }

  /** By Cache-Status (RFC 9211): a hit, an answer that joined somebody else's fetch, or a fetch of its own. */
  private void count(String status, int micros) {
    boolean hit = status.contains("hit");
    if (hit) {
      hits.increment();
    } else if (status.contains("collapsed")) {
      joined.increment();
    }
    int at = (hit ? samples : misses).getAndIncrement();
    if (at < MAX_SAMPLES) {
      (hit ? hitMicros : missMicros)[at] = micros;
    }
  }

  private void print() {
    long n = Math.max(1, asked.sum());
    System.out.printf(
        Locale.ROOT,
        "requests %d, failures %d%nhit ratio %.3f, joined a running fetch %.3f, fetched from the origin %d%n",
        asked.sum(), failures.sum(), hits.sum() / (double) n, joined.sum() / (double) n, fetched.sum());
    System.out.printf(
        Locale.ROOT,
        "bytes to clients %.1f MiB, from the origin %.1f MiB, saved %.3f%n",
        askedBytes.sum() / 1048576.0, fetchedBytes.sum() / 1048576.0, 1 - fetchedBytes.sum() / (double) Math.max(1, askedBytes.sum()));
    percentiles("hits", hitMicros, samples.get());
    percentiles("others", missMicros, misses.get());
  }

  private static void percentiles(String what, int[] micros, int count) {
    int[] sorted = Arrays.copyOf(micros, Math.min(count, MAX_SAMPLES));
    Arrays.sort(sorted);
    StringBuilder line = new StringBuilder(what + ", ms:");
    for (double part : new double[] {0.5, 0.9, 0.99, 0.999}) {
      double value = sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, part * sorted.length)] / 1000.0;
      line.append(String.format(Locale.ROOT, " p%s %.1f", Double.toString(part * 100).replaceAll("\\.0$", ""), value));
    }
    System.out.println(line);
  }
}
