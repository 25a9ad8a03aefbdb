package dev.weir.wire;

import com.typesafe.config.ConfigFactory;
import java.util.Collections;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
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

/**
 * What 16 MiB cost on their way through two TLS stages, one of each side, in one process: half of
 * it is the client's. Each begins with a handshake.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class TlsStageBenchmark {
  private static final int SLICE_BYTES = 256 << 10;
  private static final int SLICES = 64;
  private static final TlsSettings SETTINGS = new TlsSettings(10_000, 64 * 1024, 16);

  private final TestTls tls = new TestTls("localhost");
  private final ByteString slice = ByteString.fromArrayUnsafe(new byte[SLICE_BYTES]);
  private ActorSystem system = start();

  private static ActorSystem start() {
    return ActorSystem.create(
        "tls-benchmark",
        ConfigFactory.parseString("pekko.loglevel = ERROR").withFallback(ConfigFactory.load()));
  }

  @Setup
  public void again() {
    if (system.getWhenTerminated().toCompletableFuture().isDone()) {
      system = start();
    }
  }

  @TearDown
  public void stop() {
    system.terminate();
  }

  @Benchmark
  public long sixteenMebibytes() throws Exception {
    // Neither side ends its own direction first: the answer is there once the client has counted
    // it.
    Flow<ByteString, ByteString, NotUsed> answers =
        Flow.fromSinkAndSource(
            Sink.ignore(), Source.from(Collections.nCopies(SLICES, slice)).concat(Source.maybe()));
    Flow<ByteString, ByteString, CompletionStage<Long>> asks =
        Flow.fromSinkAndSourceMat(
            Flow.of(ByteString.class)
                .scan(0L, (sum, bytes) -> sum + bytes.size())
                .filter(sum -> sum >= (long) SLICES * SLICE_BYTES)
                .toMat(Sink.head(), Keep.right()),
            Source.maybe(),
            Keep.left());
    var server = TlsStage.server(() -> tls.serverEngine("TLSv1.3"), SETTINGS);
    var client = TlsStage.client(this::clientEngine, SETTINGS);
    return asks.joinMat(client, Keep.left())
        .join(server.reversed().join(answers))
        .run(system)
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
  }

  private SSLEngine clientEngine() {
    SSLEngine engine = tls.client.createSSLEngine("localhost", 443);
    engine.setUseClientMode(true);
    return engine;
  }
}
