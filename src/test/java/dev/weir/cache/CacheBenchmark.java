package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a leased entry costs to find, and what asking its keeper on the same node costs instead. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CacheBenchmark {
  private static final int KEYS = 1024;

  private final NearTable table = new NearTable(CacheSettings.from(CacheHarness.room("cache", "")));
  private final PrimaryKey[] keys = new PrimaryKey[KEYS];
  private @Nullable Path folder;
  private @Nullable CacheHarness node;
  private int next;

  @Setup
  public void fill() throws IOException {
    long now = System.nanoTime();
    table.renewSession(now + TimeUnit.HOURS.toNanos(1));
    folder = Files.createTempDirectory("cache-benchmark");
    // Nothing fits into the node's own near table: every question goes to its keeper.
    node =
        new CacheHarness(
                folder,
                "near-bytes = 1, ack-timeout = 20 s, answer-timeout = 30 s",
                store -> KnownMetadata.before(store, ConcurrentHashMap.newKeySet()))
            .joined();
    for (int i = 0; i < KEYS; i++) {
      keys[i] = KnownMetadata.key(i);
      table.grant(new Lease(KnownMetadata.entry(keys[i]), List.of(), 1, 1, 3_600_000), now);
      node.ask(CacheHarness.look(keys[i]));
    }
  }

  @TearDown
  public void close() throws IOException {
    if (node != null) {
      node.close();
    }
    if (folder != null) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @Benchmark
  public @Nullable Entry nearHit() {
    return table.find(keys[next++ & KEYS - 1], names -> VariantKey.NONE, System.nanoTime());
  }

  @Benchmark
  public Object keeperRoundTrip() {
    return node.ask(CacheHarness.look(keys[next++ & KEYS - 1]));
  }
}
