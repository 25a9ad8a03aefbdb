package dev.weir.policy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.rules.RuleFiles;
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

/** What it costs to find a request's policy among all default rules, and its key. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PolicyBenchmark {
  private final PolicyTable table = RuleFiles.defaults(Policy.STANDARD);
  private final RequestHead request =
      new RequestHead(
          "GET",
          "https",
          new Authority("registry.example.com", 443),
          "/some/path/of/usual/length/file.bin?build=7",
          Headers.EMPTY);

  /** No rule matches, so that all are tried. */
  @Benchmark
  public Resolution policy() {
    return table.resolve(request);
  }

  @Benchmark
  public CacheKey key() {
    return CacheKeys.of(request, "");
  }
}
