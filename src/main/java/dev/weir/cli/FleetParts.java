package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.cache.NodeCache;
import dev.weir.cluster.FabricSystem;
import dev.weir.cluster.FleetSettings;
import dev.weir.cluster.Hello;
import dev.weir.cluster.NodeNames;
import dev.weir.cluster.NodeState;
import dev.weir.cluster.PeerChunks;
import dev.weir.cluster.PeerClient;
import dev.weir.cluster.PeerServer;
import dev.weir.cluster.PeeredObjects;
import dev.weir.entry.NodeId;
import dev.weir.fill.PeerFills;
import dev.weir.store.ObjectStore;
import dev.weir.tls.CertificateAuthority;
import dev.weir.tls.PeerIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Tcp;
import org.jspecify.annotations.Nullable;

/** What makes a node one of several; all of it absent in a node without peers. */
final class FleetParts {
  private final FleetSettings settings;
  private final Hello hello;
  private final @Nullable PeerIdentity identity;
  private final @Nullable PeerClient client;
  private final NodeId node;
  private volatile Supplier<Set<NodeId>> peers = Set::of;

  private FleetParts(
      FleetSettings settings,
      Hello hello,
      @Nullable PeerIdentity identity,
      @Nullable PeerClient client,
      NodeId node) {
    this.settings = settings;
    this.hello = hello;
    this.identity = identity;
    this.client = client;
    this.node = node;
  }

  static FleetParts of(Config room, ActorSystem data, CertificateAuthority ca) {
    FleetSettings settings = NodeSettings.read(() -> FleetSettings.from(room));
    Hello hello =
        Hello.of(
            ca.fingerprint(),
            room.getInt("pekko.cluster.sharding.number-of-shards"),
            Main.version());
    Path folder = settings.folder();
    if (folder == null) {
      return new FleetParts(settings, hello, null, null, NodeNames.alone());
    }
    PeerIdentity identity = PeerIdentity.load(folder);
    return new FleetParts(
        settings,
        hello,
        identity,
        new PeerClient(data, identity, settings),
        NodeNames.fresh(settings.host(), settings.peerPort()));
  }

  /** Nodes that keep what they know to themselves would each be a cache of its own. */
  void requireShared(boolean objectStore, boolean sharedMetadata) {
    if (settings.isFleet() && !settings.unshared() && !(objectStore && sharedMetadata)) {
      throw new SettingsException(
          "--cluster-dir makes this node one of a fleet, which shares its stores: give"
              + " --s3-bucket and --elasticsearch-url too");
    }
  }

  /** The object store with the other nodes' disks behind it. */
  ObjectStore peered(ObjectStore store) {
    return client == null ? store : new PeeredObjects(store, client, () -> peers.get());
  }

  void peersAre(Supplier<Set<NodeId>> known) {
    peers = known;
  }

  FleetSettings settings() {
    return settings;
  }

  NodeId node() {
    return node;
  }

  PeerFills fills() {
    return client == null ? PeerFills.NONE : client;
  }

  /** What the fabric needs; null without peers. */
  FabricSystem.@Nullable Peers peers() {
    return client == null || identity == null
        ? null
        : new FabricSystem.Peers(settings, identity, client, hello);
  }

  /** What another node says of itself; fails if it does not answer. */
  CompletionStage<NodeState> state(NodeId other) {
    return client == null
        ? CompletableFuture.failedStage(new IOException("a node without peers"))
        : client.state(other);
  }

  /** Opens the peer port; null without peers. */
  Tcp.@Nullable ServerBinding serve(
      DataPlane data, NodeCache cache, FabricSystem fabric, Supplier<NodeState> state) {
    if (identity == null) {
      return null;
    }
    PeerServer server =
        new PeerServer(
            () -> hello.joined(fabric.fleet()),
            cache::led,
            new PeerChunks(data.stores().chunks(), data.blocking(), settings.pieceBytes()),
            state,
            settings.portLimits());
    return Closings.await(
        server.bind(data.system(), identity, settings.host(), settings.peerPort()),
        () ->
            "cannot listen on %s:%d for peers; choose another --peer-port or --cluster-host"
                .formatted(settings.host(), settings.peerPort()));
  }
}
