package dev.weir.e2e;

import dev.weir.testing.Answer;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** One object whose origin counts its versions, read on all nodes while it is purged on one. */
final class PurgeLoad implements AutoCloseable {
  private static final String PATH = "/versions";
  private static final int READERS_PER_NODE = 2;

  /**
   * What came of it.
   *
   * @param staleAnswers version answered and version purged before the question
   */
  record Result(
      int purges,
      int refused,
      List<String> staleAnswers,
      long reads,
      long medianMicros,
      long p99Micros,
      long maxMicros) {}

  private final TestFleet fleet;
  private final String url;
  private final AtomicInteger version = new AtomicInteger(1);
  private final AtomicLong reads = new AtomicLong();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final List<String> stale = java.util.Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http = HttpClient.newHttpClient();

  PurgeLoad(TestFleet fleet, OriginServer origin) {
    this.fleet = fleet;
    this.url = origin.url(PATH);
    origin.on(
        PATH,
        seen -> Answer.text(200, Integer.toString(version.get()), "Cache-Control", "max-age=600"));
  }

  void start() {
    for (WeirProcess node : fleet.nodes()) {
      ProxyClient client = new ProxyClient(node.address());
      for (int i = 0; i < READERS_PER_NODE; i++) {
        readers.execute(
            () -> {
              while (!ended.get()) {
                read(client);
              }
            });
      }
    }
  }

  /** An answer older than what was purged before it was asked for is a stale one. */
  private void read(ProxyClient client) {
    int least = acknowledged.get();
    ProxyClient.Response response = client.tryGet(url);
    reads.incrementAndGet();
    if (response != null && response.status() == 200) {
      int got = Integer.parseInt(new String(response.body(), StandardCharsets.US_ASCII));
      if (got < least) {
        stale.add(got + " after " + least);
      }
    }
  }

  /** Purges so many times, each on the next node, and asks every node at once after each. */
  Result purge(int times) throws Exception {
    long[] micros = new long[times];
    int refused = 0;
    for (int i = 0; i < times; i++) {
      int next = version.incrementAndGet();
      WeirProcess node = fleet.nodes().get(i % fleet.nodes().size());
      URI purge =
          URI.create(
              "http://127.0.0.1:"
                  + node.healthPort()
                  + "/purge?url="
                  + java.net.URLEncoder.encode(url, StandardCharsets.UTF_8));
      long begun = System.nanoTime();
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(purge)
                  .method("PURGE", HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      micros[i] = (System.nanoTime() - begun) / 1000;
      // 404: nobody had read it since the last one.
      if (answer.statusCode() == 200 || answer.statusCode() == 404) {
        acknowledged.set(next);
      } else {
        refused++;
      }
      for (WeirProcess each : fleet.nodes()) {
        read(new ProxyClient(each.address()));
      }
    }
    Arrays.sort(micros);
    return new Result(
        times,
        refused,
        List.copyOf(stale),
        reads.get(),
        micros[times / 2],
        micros[times * 99 / 100],
        micros[times - 1]);
  }

  @Override
  public void close() {
    ended.set(true);
    readers.close();
    http.close();
  }
}
