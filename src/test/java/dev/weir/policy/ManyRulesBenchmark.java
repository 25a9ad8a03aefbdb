package dev.weir.policy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.Matcher.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What policy and key of a request cost among thousands of rules, one in a hundred a regex. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ManyRulesBenchmark {
  @Param({"5000"})
  public int count;

  private PolicyTable table = new PolicyTable(List.of(), Policy.STANDARD);
  private final RequestHead missing = request("registry.example.com");
  private final RequestHead matching = request("h4321.mirror.example");

  @Setup
  public void rules() {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rules.add(Rule.of("r" + i, matcher(i), Policy.NO_REFRESH));
    }
    table = new PolicyTable(rules, Policy.STANDARD);
  }

  private static Matcher matcher(int i) {
    if (i % 100 == 0) {
      return Matcher.UrlRegex.of("/repository-" + i + "/[a-z]+/v[0-9]+\\.bin$");
    }
    return switch (i % 4) {
      case 0 -> new Matcher.HostIs("h" + i + ".mirror.example");
      case 1 -> new Matcher.HostBelow("h" + i + ".mirror.example");
      case 2 -> new Matcher.Prefix(Part.PATH, "/team-" + i + "/");
      default -> new Matcher.Contains(Part.URL, "token-" + i + "=");
    };
  }

  private static RequestHead request(String host) {
    return new RequestHead(
        "GET",
        "https",
        new Authority(host, 443),
        "/some/path/of/usual/length/file.bin?build=7",
        Headers.EMPTY);
  }

  @Benchmark
  public CacheKey noneMatches() {
    return CacheKeys.of(missing, "", table.resolve(missing).effects());
  }

  @Benchmark
  public CacheKey oneMatches() {
    return CacheKeys.of(matching, "", table.resolve(matching).effects());
  }
}
