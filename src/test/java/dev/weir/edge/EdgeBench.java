package dev.weir.edge;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.ListenAt;
import dev.weir.wire.TestTls;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Serves a fixed 1 KiB response ({@code /}) and 64 MiB from memory ({@code /big}) through the whole
 * edge, and prints the CPU time per request once a second. Drive it with {@code wrk}: over plain
 * HTTP, or over TLS without CONNECT (server name {@code localhost}) on the same port.
 */
public final class EdgeBench {
  private static final int BLOCK_BYTES = 256 * 1024;
  private static final int BLOCKS = 256;

  private EdgeBench() {}

  public static void main(String[] args) throws Exception {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
    Config all =
        ConfigFactory.systemProperties()
            .withFallback(ConfigFactory.parseString("pekko.loglevel=WARNING"))
            .withFallback(ConfigFactory.parseResources("reference/pekko.conf"))
            .withFallback(ConfigFactory.parseResources("reference/edge.conf"))
            .withFallback(ConfigFactory.parseResources("reference/guard.conf"))
            .withFallback(ConfigFactory.load());
    ActorSystem system = ActorSystem.create("bench", all);
    TestTls tls = new TestTls("localhost");
    EdgeMetrics metrics = new EdgeMetrics();
    EdgeResponse small =
        new EdgeResponse.Full(
            new ResponseHead(200, "OK", fields()),
            HttpEntities.create(
                ContentTypes.APPLICATION_OCTET_STREAM, ByteString.fromArrayUnsafe(new byte[1024])),
            false);
    ByteString block = ByteString.fromArrayUnsafe(new byte[BLOCK_BYTES]);
    ExchangeHandler handler =
        request ->
            CompletableFuture.completedFuture(
                request.head().target().equals("/big") ? big(block) : small);
    Edge edge =
        Edge.bind(
                system,
                new ListenAt.Address("127.0.0.1", port),
                EdgeSettings.from(all.getConfig("weir.edge")),
                GuardSettings.from(all.getConfig("weir.guard")),
                EdgeParts.of(
                    handler,
                    host -> tls.serverEngine(),
                    to -> CompletableFuture.failedFuture(new TunnelRefusedException("none here"))),
                metrics)
            .toCompletableFuture()
            .get();
    System.out.println("listening on " + edge.address());
    report(metrics);
  }

  private static Headers fields() {
    return Headers.of(
        "Content-Type", "application/octet-stream",
        "ETag", "\"0123456789abcdef\"",
        "Cache-Control", "max-age=3600",
        "Age", "12",
        "Cache-Status", "weir; hit; ttl=3588",
        "Date", "Thu, 01 Jan 2026 00:00:00 GMT");
  }

  private static EdgeResponse big(ByteString block) {
    return new EdgeResponse.Full(
        new ResponseHead(200, "OK", fields()),
        HttpEntities.create(
            ContentTypes.APPLICATION_OCTET_STREAM,
            (long) BLOCK_BYTES * BLOCKS,
            Source.repeat(block).take(BLOCKS)),
        false);
  }

  private static void report(EdgeMetrics metrics) throws InterruptedException {
    var os =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = os.getProcessCpuTime();
    long requests = 0;
    while (true) {
      Thread.sleep(1000);
      long cpuNow = os.getProcessCpuTime();
      long requestsNow = metrics.requests();
      if (requestsNow > requests) {
        System.out.printf(
            "%d requests/s, %.1f us CPU each%n",
            requestsNow - requests, (cpuNow - cpu) / 1000.0 / (requestsNow - requests));
      }
      cpu = cpuNow;
      requests = requestsNow;
    }
  }
}
