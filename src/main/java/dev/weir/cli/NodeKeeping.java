package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.cache.CacheSettings;
import dev.weir.cache.NodeCache;
import dev.weir.cluster.FabricSettings;
import dev.weir.cluster.FabricSystem;
import dev.weir.exchange.ExchangeSettings;
import dev.weir.exchange.FiledKeys;
import dev.weir.fill.FillRegistry;
import dev.weir.fill.FillSettings;
import dev.weir.inspect.InspectSettings;
import dev.weir.inspect.Inspector;
import dev.weir.origin.PekkoOrigins;
import dev.weir.store.LocalStores;
import dev.weir.store.ObjectStore;
import dev.weir.store.StoreSettings;
import dev.weir.store.collect.ChunkHome;
import dev.weir.store.collect.CollectionSettings;
import java.time.Clock;
import java.util.Optional;
import org.apache.pekko.stream.javadsl.Tcp;

/**
 * Wires what decides about keys: the cache and its fills, the fabric that spreads it over a fleet,
 * the port for peers, and what operators may do with them.
 *
 * @param fabric not started yet: the listeners come first
 */
record NodeKeeping(NodeCache cache, FabricSystem fabric, NodeOperations operations) {

  static NodeKeeping open(NodeBase base, DataPlane data, PekkoOrigins origins, FleetParts fleet) {
    NodeCache cache = cache(base, data, origins, fleet);
    FabricSystem fabric = fabric(base, cache, fleet);
    FleetStatus status = new FleetStatus(cache, fabric, fleet, data.stores(), base.rules());
    NodeOperations operations =
        new NodeOperations(
            cache,
            status,
            base.rules(),
            looks(base, data),
            care(base, data, cache),
            origins.breakers(),
            base.settings().mirror());
    cache.share(origins.breakers());
    operations.readRulesWhenTold(data.blocking());
    peerPort(base, data, cache, fleet, fabric, status);
    base.closings()
        .addStage(
            "fills that others follow",
            base.drain()
                .whole()
                .plus(base.settings().rooms().getDuration("node.hand-over-timeout")),
            () -> cache.handOver(base.drain().left()));
    return new NodeKeeping(cache, fabric, operations);
  }

  private static NodeCache cache(
      NodeBase base, DataPlane data, PekkoOrigins origins, FleetParts fleet) {
    Config rooms = base.settings().rooms();
    LocalStores stores = data.stores();
    FillSettings fills = FillSettings.from(rooms.getConfig("fill"));
    NodeCache cache =
        new NodeCache(
            CacheSettings.from(rooms.getConfig("cache")),
            fleet.node(),
            stores.metadata(),
            stores.retention(),
            stores.holding(),
            data.system().dispatcher(),
            events -> {
              FillRegistry registry =
                  new FillRegistry(
                      fills,
                      data.system(),
                      data.blocking(),
                      origins,
                      stores.chunks(),
                      fleet.fills(),
                      events);
              base.metrics().fills(registry);
              base.closings().addStage("fills", registry::close);
              return registry;
            });
    stores.retention().removeBy(cache::drop);
    base.metrics().cache(cache);
    return cache;
  }

  private static FabricSystem fabric(NodeBase base, NodeCache cache, FleetParts fleet) {
    FabricSystem fabric =
        new FabricSystem(
            FabricSettings.from(base.settings().rooms().getConfig("cluster"), Resources.LOADER),
            fleet.peers(),
            cache::attach,
            cache::detach,
            reason -> {
              System.err.println("weir: " + reason);
              Runtime.getRuntime().exit(1);
            });
    base.closings().addStage("fabric", fabric::stop);
    fleet.peersAre(cache::peers);
    return fabric;
  }

  /** Other nodes read bodies there; a node alone has none. */
  private static void peerPort(
      NodeBase base,
      DataPlane data,
      NodeCache cache,
      FleetParts fleet,
      FabricSystem fabric,
      FleetStatus status) {
    Tcp.ServerBinding peers = fleet.serve(data, cache, fabric, status::own);
    if (peers == null) {
      return;
    }
    base.closings().addStage("peer port", peers::unbind);
    base.own().add(fleet.settings().peerPort());
    base.own().add(fleet.settings().port());
    base.readiness()
        .needs(
            "fleet",
            () -> cache.isAttached() ? Optional.empty() : Optional.of("not one of its fleet yet"));
  }

  /** Shows what is stored. */
  private static Looks looks(NodeBase base, DataPlane data) {
    Config rooms = base.settings().rooms();
    LocalStores stores = data.stores();
    StoreTiers tiers =
        StoreTiers.running(
            stores.bodies(),
            NodeSettings.dataDir(base.settings().flags()),
            StoreSettings.from(rooms.getConfig("store")),
            data.storage().objects(),
            stores.holding());
    ExchangeSettings exchange = ExchangeSettings.from(rooms.getConfig("exchange"));
    return new Looks(
        new Inspector(
            stores.metadata(),
            tiers,
            exchange.storage(),
            InspectSettings.from(rooms.getConfig("inspect")),
            Clock.systemUTC(),
            data.blocking()),
        new UrlKeys(new FiledKeys(base.rules(), base.filters().filters(), exchange)));
  }

  /** Collects and checks what is stored. */
  private static CareDesk care(NodeBase base, DataPlane data, NodeCache cache) {
    LocalStores stores = data.stores();
    ObjectStore shared = data.storage().objects().orElse(null);
    CollectionSettings collection = data.storage().collection();
    CareDesk care =
        new CareDesk(
            new StoreCare(
                stores.metadata(),
                shared,
                shared == null
                    ? ChunkHome.of(stores.chunks(), data.blocking(), collection.checkReadBytes())
                    : ChunkHome.of(shared),
                collection,
                cache::drop,
                data.streams()));
    base.closings().add("collection", care::close);
    base.metrics().care(care);
    return care;
  }
}
