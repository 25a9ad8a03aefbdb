package dev.weir.exchange;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.edge.ClientConnection;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.fill.FillRegistry;
import dev.weir.fill.FillSettings;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.log.ExchangeRecord;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.store.LocalStores;
import dev.weir.store.StoreSettings;
import dev.weir.testing.OriginServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.util.ByteString;

/**
 * Exchanges over real fills and a real origin; only what is between nodes and disk is a stand-in.
 */
final class Rig implements AutoCloseable {
  /** What a client got. */
  record Got(int status, Headers headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    String cacheStatus() {
      return headers.combined("Cache-Status");
    }
  }

  final ActorSystem system =
      ActorSystem.create(
          "exchange-test",
          ConfigFactory.parseString("pekko.loglevel=WARNING").withFallback(ConfigFactory.load()));
  final OriginServer origin = OriginServer.start();
  final FakeCache cache = new FakeCache();
  private final Path folder;
  final LocalStores stores;
  final List<ExchangeRecord> log = new CopyOnWriteArrayList<>();
  final AtomicLong aheadMillis = new AtomicLong();
  private final FillRegistry fills;
  final Exchanges exchanges;

  Rig(Policy policy) {
    this(PolicyTable.defaults(policy), "");
  }

  Rig(PolicyTable policies, String overrides) {
    Config config =
        ConfigFactory.parseString(overrides)
            .withFallback(ConfigFactory.parseResources("reference/exchange.conf"))
            .withFallback(ConfigFactory.parseResources("reference/fill.conf"))
            .withFallback(ConfigFactory.parseResources("reference/store.conf"))
            .resolve();
    folder = temporary();
    stores = LocalStores.open(folder, StoreSettings.from(config.getConfig("weir.store")));
    cache.retention = stores.retention();
    FakeOrigins origins = new FakeOrigins(SystemMaterializer.get(system).materializer());
    fills =
        new FillRegistry(
            FillSettings.from(config.getConfig("weir.fill")),
            system,
            Executors.newVirtualThreadPerTaskExecutor(),
            origins,
            stores.chunks(),
            cache);
    cache.fills = fills;
    exchanges =
        new Exchanges(
            policies,
            head -> CacheKeys.of(head, ""),
            cache,
            stores.bodies(),
            origins,
            (head, connection) ->
                head.authority().host().equals("weir.internal")
                    ? new Exchanges.Page(200, Headers.EMPTY, ByteString.fromString("ours"))
                    : null,
            ExchangeSettings.from(config.getConfig("weir.exchange")),
            clock(),
            log::add,
            SystemMaterializer.get(system).materializer());
  }

  /** The real time and what a test adds: origins cannot be moved in time, entries can. */
  private Clock clock() {
    return new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return Instant.ofEpochMilli(millis());
      }

      @Override
      public long millis() {
        return System.currentTimeMillis() + aheadMillis.get();
      }
    };
  }

  void pass(long seconds) {
    aheadMillis.addAndGet(seconds * 1000);
  }

  Got get(String target, String... headers) {
    return send("GET", target, headers);
  }

  Got send(String method, String target, String... headers) {
    return finish(begin(method, target, new CompletableFuture<>(), headers));
  }

  CompletableFuture<EdgeResponse> begin(
      String method, String target, CompletableFuture<Done> gone, String... headers) {
    return begin(method, target, HttpEntities.EMPTY, gone, headers);
  }

  CompletableFuture<EdgeResponse> begin(
      String method,
      String target,
      RequestEntity entity,
      CompletableFuture<Done> gone,
      String... headers) {
    RequestHead head = new RequestHead(method, "http", origin.authority(), target, fields(headers));
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    return exchanges
        .handle(
            new EdgeRequest(
                head,
                entity,
                new ClientConnection(here, here, (Authority) null, 1),
                gone,
                (ResponseHead interim) -> {}))
        .toCompletableFuture();
  }

  Got finish(CompletableFuture<EdgeResponse> begun) {
    try {
      EdgeResponse.Full full = (EdgeResponse.Full) begun.get(10, TimeUnit.SECONDS);
      byte[] body =
          full.entity()
              .toStrict(10_000, Long.MAX_VALUE, system)
              .toCompletableFuture()
              .get(10, TimeUnit.SECONDS)
              .getData()
              .toArray();
      return new Got(full.head().status(), full.head().headers(), body);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private Headers fields(String... more) {
    List<String> all = new ArrayList<>(List.of("Host", "127.0.0.1:" + origin.port()));
    all.addAll(List.of(more));
    return Headers.of(all.toArray(String[]::new));
  }

  @Override
  public void close() {
    fills.close().toCompletableFuture().join();
    origin.close();
    stores.close();
    system.terminate();
    delete(folder);
  }

  /** Every chunk file goes, as if a disk had lost them. */
  void loseChunks() {
    delete(folder.resolve("data"));
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("weir-exchange");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
