package dev.weir.http;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** What it costs to decide about a stored response. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DecisionBenchmark {
  private final RequestHead request =
      new RequestHead(
          "GET",
          "https",
          new Authority("registry.example.com", 443),
          "/some/path/of/usual/length/file.bin?build=7",
          Headers.of(
              "Host", "registry.example.com",
              "User-Agent", "client/1.0",
              "Accept", "*/*",
              "Accept-Encoding", "gzip, br",
              "Connection", "keep-alive"));
  private final StoredResponse stored =
      new StoredResponse(
          200,
          "OK",
          Headers.of(
              "Date", HttpDates.format(1_795_219_200_000L),
              "Content-Type", "application/octet-stream",
              "Cache-Control", "public, max-age=3600, stale-while-revalidate=60",
              "ETag", "\"abcdef\"",
              "Vary", "Accept-Encoding"),
          "GET",
          1_795_219_200_000L,
          1_795_219_200_000L);
  private final FreshnessInfo info = FreshnessInfo.of(stored);
  private final List<String> vary = List.of("accept-encoding");
  private long now = 1_795_219_260_000L;

  /** A typical hit with its freshness at hand. */
  @Benchmark
  public CacheDecision decide() {
    now++;
    return CacheDecision.decide(
        now,
        RequestDirectives.of(request.headers()),
        CachingMode.STANDARD,
        info,
        ServingRules.NONE);
  }

  /** All that is decided about a typical hit: directives, freshness, preconditions, ranges. */
  @Benchmark
  public void hit(Blackhole sink) {
    now++;
    sink.consume(
        CacheDecision.decide(
            now,
            RequestDirectives.of(request.headers()),
            CachingMode.STANDARD,
            info,
            ServingRules.NONE));
    sink.consume(Conditional.evaluate(request, stored));
    sink.consume(request.headers().first("Range"));
  }

  /** The secondary key of a response that varies, where there is one. */
  @Benchmark
  public String variant() {
    return Vary.digest(vary, request.headers());
  }

  /** What it would cost to parse the stored fields each time. */
  @Benchmark
  public FreshnessInfo freshness() {
    return FreshnessInfo.of(stored);
  }
}
