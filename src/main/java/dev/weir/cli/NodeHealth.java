package dev.weir.cli;

import dev.weir.admin.AdminSettings;
import dev.weir.admin.Canary;
import dev.weir.admin.DebugPages;
import dev.weir.admin.HealthServer;
import dev.weir.admin.Readiness;
import dev.weir.cache.NodeCache;
import dev.weir.edge.AddressRanges;
import dev.weir.origin.PekkoOrigins;
import dev.weir.store.LocalStores;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.apache.pekko.http.javadsl.ServerBinding;

/** Wires what tells of a node's health: what it needs to be ready, its canary and its own port. */
final class NodeHealth {
  private NodeHealth() {}

  /** What the node wants to be well, whether or not anybody asks. */
  static void watch(Readiness readiness, DataPlane data) {
    LocalStores stores = data.stores();
    readiness
        .part("metadata", () -> stores.metadata().problem())
        .part("chunks", () -> stores.chunks().problem());
    data.storage().objects().ifPresent(store -> readiness.part("s3", store::problem));
  }

  /** Opens the health port; says where it is. */
  static InetSocketAddress open(
      NodeBase base,
      DataPlane data,
      NodeListeners listeners,
      PekkoOrigins origins,
      NodeKeeping keeping) {
    ServeSettings flags = base.settings().flags();
    AdminSettings admin = base.settings().admin();
    Canary canary = canary(base, listeners);
    HealthServer server =
        new HealthServer(
            data.system(),
            admin,
            base.readiness(),
            canary,
            base.metrics().registry(),
            debugPages(listeners, origins, keeping.cache()),
            keeping.operations());
    ServerBinding binding =
        Closings.await(
            server.bind(new InetSocketAddress(flags.healthHost(), flags.healthPort())),
            () ->
                "cannot listen on %s:%d for health; choose another --health-port, or 0 for none"
                    .formatted(flags.healthHost(), flags.healthPort()));
    canary.start();
    base.closings().add("canary", canary::close);
    base.own().add(flags.healthPort());
    return binding.localAddress();
  }

  /** Asks the node as a client does. */
  private static Canary canary(NodeBase base, NodeListeners listeners) {
    InetSocketAddress target = reachable(listeners.address());
    // From ourselves, for one, connections may have to begin with a PROXY header.
    boolean fromBalancer =
        AddressRanges.of(base.settings().flags().proxyProtocolFrom()).contains(target.getAddress());
    return new Canary(
        base.settings().admin(),
        target,
        listeners.main().canarySockets(),
        fromBalancer ? Canary.PROXY_HEADER : "",
        listeners.main().canaryRequest(),
        Optional::empty);
  }

  private static DebugPages debugPages(
      NodeListeners listeners, PekkoOrigins origins, NodeCache cache) {
    return new DebugPages()
        .connections("clients", () -> NodeMetrics.clients(listeners.metrics()))
        .connections("origins", () -> NodeMetrics.origins(origins.metrics()))
        .connections("keepers", () -> "attached: " + cache.isAttached() + "\n");
  }

  /** A listener on the wildcard address is reached by loopback. */
  private static InetSocketAddress reachable(InetSocketAddress listener) {
    return listener.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getPort())
        : listener;
  }
}
