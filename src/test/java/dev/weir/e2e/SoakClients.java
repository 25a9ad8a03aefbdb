package dev.weir.e2e;

import dev.weir.testing.ProxyClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Clients that ask nodes at random for objects of a {@link SoakOrigin}, and judge every answer. */
final class SoakClients implements AutoCloseable {
  /** What became of a request. */
  enum Outcome {
    /** Every byte of one version, or of the range of it that was asked for. */
    RIGHT,
    /** A range that begins beyond the end of one version, and is refused for that. */
    BEYOND_END,
    /** The node said in the status that it cannot. */
    REFUSED,
    /** Nobody listened. */
    NO_CONNECTION,
    /** Cut off where everybody can see it. */
    BROKEN_OFF,
    /** Nothing for two minutes. */
    HUNG,
    /** Bytes that no version has, of several versions, or fewer with a clean end. */
    WRONG,
    /** Older than what was purged before it was asked for. */
    PURGED
  }

  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+)");
  private static final int MOST_TOLD = 50;

  private final SoakOrigin origin;
  private final IntFunction<InetSocketAddress> nodes;
  private final int nodeCount;
  private final AtomicIntegerArray floors;
  private final Map<Outcome, LongAdder> counts = new EnumMap<>(Outcome.class);
  private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
  private final LongAdder hits = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean ended;

  private record Judged(Outcome outcome, String why) {
    static final Judged RIGHT = new Judged(Outcome.RIGHT, "");
  }

  /**
   * @param nodes where a node listens at the moment
   */
  SoakClients(SoakOrigin origin, int nodeCount, IntFunction<InetSocketAddress> nodes) {
    this.origin = origin;
    this.nodeCount = nodeCount;
    this.nodes = nodes;
    this.floors = new AtomicIntegerArray(origin.objects());
    for (Outcome outcome : Outcome.values()) {
      counts.put(outcome, new LongAdder());
    }
  }

  void start(int clients, Random seeds) {
    for (int i = 0; i < clients; i++) {
      Random random = new Random(seeds.nextLong());
      threads.execute(() -> askOnAndOn(random));
    }
  }

  private void askOnAndOn(Random random) {
    try {
      while (!ended) {
        ask(random.nextInt(nodeCount), origin.any(random, 12), random);
        Thread.sleep(random.nextInt(40));
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** No answer that is asked for from now on may be older than that. */
  void purged(int object, int version) {
    floors.accumulateAndGet(object, version, Math::max);
  }

  Outcome ask(int node, int object, Random random) {
    int floor = floors.get(object);
    String[] fields = {};
    if (random.nextInt(4) == 0) {
      int from = random.nextInt(origin.bytes(new SoakOrigin.Version(object, floor + 1)));
      int count = 1 + random.nextInt(1 << (random.nextBoolean() ? 10 : 21));
      fields = new String[] {"Range", "bytes=" + from + "-" + (from + count - 1)};
    }
    Judged judged = judge(node, object, floor, fields);
    counts.get(judged.outcome()).increment();
    if (isBad(judged.outcome()) && wrong.size() < MOST_TOLD) {
      String asked = String.join("", fields);
      wrong.add(
          "%s %s: node %d, object %d %s: %s"
              .formatted(SoakIT.now(), judged.outcome(), node, object, asked, judged.why()));
    }
    return judged.outcome();
  }

  private static boolean isBad(Outcome outcome) {
    return switch (outcome) {
      case WRONG, PURGED, HUNG -> true;
      case RIGHT, BEYOND_END, REFUSED, NO_CONNECTION, BROKEN_OFF -> false;
    };
  }

  private Judged judge(int node, int object, int floor, String... fields) {
    try {
      ProxyClient client = new ProxyClient(nodes.apply(node));
      return judge(object, floor, client.get(origin.url(object), fields), fields);
    } catch (ConnectException nobody) {
      return new Judged(Outcome.NO_CONNECTION, "");
    } catch (SocketTimeoutException silent) {
      return new Judged(Outcome.HUNG, silent.toString());
    } catch (IOException cut) {
      return new Judged(Outcome.BROKEN_OFF, "");
    } catch (RuntimeException garbled) {
      return new Judged(Outcome.WRONG, garbled.toString());
    }
  }

  private Judged judge(int object, int floor, ProxyClient.Response got, String... fields) {
    bytes.add(got.body().length);
    if (got.isHit()) {
      hits.increment();
    }
    if (got.status() == 416 && fields.length > 0) {
      return beyond(object, got, fields[1]);
    }
    if (got.status() != 200 && got.status() != 206) {
      String reason = got.header("Cache-Status").replaceAll(".*detail=", "");
      refusals.computeIfAbsent(got.status() + " " + reason, _ -> new LongAdder()).increment();
      return new Judged(
          got.status() >= 500 ? Outcome.REFUSED : Outcome.WRONG, "status " + got.status());
    }
    SoakOrigin.Version version = SoakOrigin.named(object, got.header("ETag"));
    if (version.number() < 1 || version.number() > origin.version(object)) {
      return new Judged(Outcome.WRONG, "no version of it: " + got.headers());
    }
    int from = 0;
    int end = origin.bytes(version);
    if (got.status() == 206) {
      Matcher range = CONTENT_RANGE.matcher(got.header("Content-Range"));
      if (!range.matches() || Integer.parseInt(range.group(3)) != end) {
        return new Judged(Outcome.WRONG, "another whole: " + got.headers());
      }
      from = Integer.parseInt(range.group(1));
      end = Integer.parseInt(range.group(2)) + 1;
      if (!fields[1].startsWith("bytes=" + from + "-")) {
        return new Judged(Outcome.WRONG, "another range: " + got.headers());
      }
    }
    int differs = origin.differsAt(got.body(), version, from);
    if (got.body().length != end - from || differs >= 0) {
      return new Judged(
          Outcome.WRONG,
          "%d bytes of %d, different at %d: %s"
              .formatted(got.body().length, end - from, differs, got.headers()));
    }
    return version.number() < floor
        ? new Judged(Outcome.PURGED, version.number() + " after " + floor + ": " + got.headers())
        : Judged.RIGHT;
  }

  private Judged beyond(int object, ProxyClient.Response got, String range) {
    String total = got.header("Content-Range").replace("bytes */", "");
    boolean isOne =
        IntStream.rangeClosed(1, origin.version(object))
            .mapToObj(number -> new SoakOrigin.Version(object, number))
            .anyMatch(version -> total.equals(Integer.toString(origin.bytes(version))));
    int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-.*", "$1"));
    return isOne && from >= Integer.parseInt(total)
        ? new Judged(Outcome.BEYOND_END, "")
        : new Judged(Outcome.WRONG, "no such end: " + got.headers());
  }

  List<String> wrong() {
    return List.copyOf(wrong);
  }

  String summary() {
    return "requests "
        + counts
        + ", hits "
        + hits
        + ", MiB "
        + (bytes.sum() >> 20)
        + ", statuses "
        + new TreeMap<>(refusals);
  }

  /** Returns when the last has its answer. */
  @Override
  public void close() {
    ended = true;
    threads.close();
  }
}
