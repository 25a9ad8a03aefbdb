package dev.weir.filters;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import java.net.InetSocketAddress;
import java.util.Map;
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

/** What the chain adds to a request: empty, and with one filter that has one phase. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FilterChainBenchmark {
  private static final ResponseHead OK = new ResponseHead(200, "OK", Headers.EMPTY);
  private static final InetSocketAddress HERE = new InetSocketAddress("127.0.0.1", 1);

  private final Filters empty = Filters.NONE;
  private final Filters one =
      Filters.of(
          Map.of(
              "it",
              new Filter<Void>() {
                @Override
                public ResponseHead response(FilterExchange<Void> exchange, ResponseHead head) {
                  return head;
                }
              }),
          FilterTerms.USUAL);
  private final Incoming incoming =
      new Incoming(
          "id",
          new RequestHead("GET", "http", new Authority("a.example", 80), "/x", Headers.EMPTY),
          HERE,
          HERE,
          "connection",
          false);

  private static ResponseHead through(Filters filters, Incoming incoming) {
    FilterRun run = filters.begin(incoming);
    boolean asked =
        run.has(Phase.CACHE_POLICY)
            || run.has(Phase.KEY)
            || run.has(Phase.PURGE)
            || run.has(Phase.LOOKUP)
            || run.has(Phase.HIT)
            || run.has(Phase.NOT_MODIFIED)
            || run.has(Phase.RESPONSE_BODY)
            || run.has(Phase.LOGGING);
    return asked || run.has(Phase.RESPONSE) ? run.response(OK) : OK;
  }

  @Benchmark
  public ResponseHead noFilter() {
    return through(empty, incoming);
  }

  @Benchmark
  public ResponseHead oneFilter() {
    return through(one, incoming);
  }
}
