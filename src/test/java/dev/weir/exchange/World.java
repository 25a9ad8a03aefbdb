package dev.weir.exchange;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.cache.CacheSettings;
import dev.weir.cache.NodeCache;
import dev.weir.cluster.FabricSettings;
import dev.weir.cluster.FabricSystem;
import dev.weir.edge.Edge;
import dev.weir.edge.EdgeMetrics;
import dev.weir.edge.EdgeParts;
import dev.weir.edge.EdgeSettings;
import dev.weir.edge.EngineFactory;
import dev.weir.edge.TunnelRefusedException;
import dev.weir.entry.ChunkId;
import dev.weir.entry.NodeId;
import dev.weir.fill.FillRegistry;
import dev.weir.fill.FillSettings;
import dev.weir.fill.PeerFills;
import dev.weir.origin.ClientEngines;
import dev.weir.origin.EgressGate;
import dev.weir.origin.EgressRules;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginSettings;
import dev.weir.origin.OwnListeners;
import dev.weir.origin.PekkoOrigins;
import dev.weir.store.LocalStores;
import dev.weir.store.StoreSettings;
import dev.weir.testing.Eventually;
import dev.weir.testing.FilesUnder;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.ListenAt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;

/**
 * A node without an edge, started once for all tests of a run: real stores, fills and keepers.
 * Tests do not meet in it, for each has an origin, and so keys, of its own.
 */
final class World {
  private static final ClientEngines NO_TLS =
      new ClientEngines() {
        @Override
        public SSLEngine engine(String host, int port) {
          throw new IllegalStateException("no TLS here");
        }

        @Override
        public String explain(Throwable failure) {
          return "no TLS here";
        }
      };

  /** On a busy machine a keeper may be late: no request shall go alone for that. */
  private static final String PATIENT =
      "weir.cache { ack-timeout = 10 s, answer-timeout = 20 s, store-timeout = 15 s }";

  private static final World ONLY = new World();

  final Config rooms;
  final ActorSystem system;
  final LocalStores stores;
  final FillRegistry fills;
  final NodeCache cache;
  final PekkoOrigins origins;
  private final Path folder;

  private World() {
    rooms =
        ConfigFactory.parseString(PATIENT)
            .withFallback(ConfigFactory.parseResources("reference/exchange.conf"))
            .withFallback(ConfigFactory.parseResources("reference/fill.conf"))
            .withFallback(ConfigFactory.parseResources("reference/store.conf"))
            .withFallback(ConfigFactory.parseResources("reference/cache.conf"))
            .withFallback(ConfigFactory.parseResources("reference/cluster.conf"))
            .withFallback(ConfigFactory.parseResources("reference/origin.conf"))
            .withFallback(ConfigFactory.parseResources("reference/guard.conf"))
            .resolve();
    system =
        ActorSystem.create(
            "exchange-test",
            ConfigFactory.parseString("pekko.loglevel = WARNING, pekko.daemonic = on")
                .withFallback(ConfigFactory.load()));
    folder = temporary();
    stores = LocalStores.open(folder, StoreSettings.from(rooms.getConfig("weir.store")));
    origins = origins(NO_TLS);
    AtomicReference<FillRegistry> made = new AtomicReference<>();
    cache =
        new NodeCache(
            CacheSettings.from(rooms.getConfig("weir.cache")),
            new NodeId("exchange-test"),
            stores.metadata(),
            stores.retention(),
            system.dispatcher(),
            events -> {
              made.set(
                  new FillRegistry(
                      FillSettings.from(rooms.getConfig("weir.fill")),
                      system,
                      Executors.newVirtualThreadPerTaskExecutor(),
                      origins,
                      stores.chunks(),
                      PeerFills.NONE,
                      events));
              return made.get();
            });
    fills = made.get();
    FabricSystem fabric =
        new FabricSystem(
            FabricSettings.from(rooms.getConfig("weir.cluster")),
            null,
            cache::attach,
            cache::detach,
            refused -> {});
    fabric.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    try {
      Eventually.holds(cache::isAttached);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Origins of a test's own; fills use the shared ones, which speak no TLS. */
  PekkoOrigins origins(ClientEngines engines) {
    OriginSettings settings = OriginSettings.from(rooms.getConfig("weir.origin"));
    EgressGate gate =
        new EgressGate(
            EgressRules.forwardProxy("", "127.0.0.0/8"),
            new OwnListeners(settings.egress().ownAddressesMillis()),
            name ->
                CompletableFuture.failedFuture(
                    new OriginFailure(OriginFailure.Kind.RESOLVE, "There is no such name.", null)),
            settings.egress().maxAddresses());
    return new PekkoOrigins(
        system,
        settings,
        GuardSettings.from(rooms.getConfig("weir.guard")),
        GuardEvents.NONE,
        engines,
        gate,
        System::nanoTime);
  }

  /** A listener before these exchanges, on a free port; its clients may CONNECT to that port. */
  Edge listen(Exchanges exchanges, EngineFactory engines, int connectPort) throws Exception {
    Config edge =
        ConfigFactory.parseString("weir.edge.connect-ports = [" + connectPort + "]")
            .withFallback(ConfigFactory.parseResources("reference/edge.conf"))
            .withFallback(rooms)
            .resolve();
    EdgeParts parts =
        EdgeParts.of(
            exchanges,
            engines,
            authority -> CompletableFuture.failedFuture(new TunnelRefusedException("no tunnels")));
    return Edge.bind(
            system,
            new ListenAt.Address("127.0.0.1", 0),
            EdgeSettings.from(edge.getConfig("weir.edge")),
            GuardSettings.from(edge.getConfig("weir.guard")),
            parts,
            new EdgeMetrics())
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  static World get() {
    return ONLY;
  }

  Materializer materializer() {
    return SystemMaterializer.get(system).materializer();
  }

  /** Where a chunk is kept. */
  Path file(ChunkId id) {
    return folder.resolve(id.path(4));
  }

  /** Every chunk file goes, as if a disk had lost them. */
  void loseChunks() {
    FilesUnder.of(folder.resolve("data")).forEach(file -> file.toFile().delete());
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
