package dev.weir.tls;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a new name, a known name, and a whole handshake (both sides) cost. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MintBenchmark {
  /** Whether native code does the arithmetic; each value has a process of its own. */
  @Param({"true", "false"})
  public boolean nativeCurves;

  private Path folder = Path.of("");
  private LeafMint mint;
  private InterceptionTls tls;
  private UpstreamTrust trust;
  private long next;

  @Setup
  public void prepare() throws IOException {
    folder = Files.createTempDirectory("mint-benchmark");
    CertificateAuthority ca = CertificateAuthority.openOrCreate(folder, InstantSource.system());
    TlsCaSettings settings =
        TlsCaSettings.from(
            ConfigFactory.parseString(
                    "weir.tls { native-curves = "
                        + nativeCurves
                        + ", mints-per-second = 1000000000, mint-burst = 1000000000,"
                        + " upstream-session-cache-entries = 1, upstream-session-timeout-seconds ="
                        + " 1, upstream-ca = [\"\"\""
                        + ca.pem()
                        + "\"\"\"] }")
                .withFallback(ConfigFactory.parseResources("reference/tls.conf"))
                .resolve()
                .getConfig("weir.tls"));
    mint = new LeafMint(ca, settings, InstantSource.system());
    tls = new InterceptionTls(mint, settings);
    trust = UpstreamTrust.load(settings, Map.of(), InstantSource.system());
  }

  @TearDown
  public void remove() throws IOException {
    Files.delete(folder.resolve("ca/ca.key"));
    Files.delete(folder.resolve("ca/ca.pem"));
    Files.delete(folder.resolve("ca"));
    Files.delete(folder);
  }

  @Benchmark
  public Object newName() {
    return mint.leaf("host" + next++ + ".example");
  }

  @Benchmark
  public Object knownName() {
    return mint.leaf("www.example.com");
  }

  @Benchmark
  public Object engine() {
    return tls.engine("www.example.com");
  }

  /**
   * The client's half, with verification, included; a new port each time keeps it from resuming.
   */
  @Benchmark
  public void fullHandshake() throws SSLException {
    int port = (int) (next++ % 60_000) + 1;
    Handshake.run(trust.clientEngine("www.example.com", port), tls.engine("www.example.com"));
  }

  @Benchmark
  public void resumedHandshake() throws SSLException {
    Handshake.run(trust.clientEngine("www.example.com", 443), tls.engine("www.example.com"));
  }
}
