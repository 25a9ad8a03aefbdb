package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.exchange.Exchanges;
import dev.weir.log.LogSettings;
import dev.weir.log.ProcessLog;
import dev.weir.origin.PekkoOrigins;
import dev.weir.tls.CertificateAuthority;
import dev.weir.tls.LeafMint;
import dev.weir.tls.NativeCurves;
import dev.weir.tls.TlsCaSettings;
import dev.weir.tls.UpstreamTrust;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: every room wired to its neighbours, started from the inside out and stopped from
 * the outside in. The order is here; how each part is wired is in {@link DataPlane} (streams and
 * stores), {@link NodeOrigins} (the way out), {@link NodeKeeping} (cache, fills, fleet), {@link
 * NodeExchanges} (requests), {@link NodeListeners} (ports for clients) and {@link NodeHealth}. The
 * listeners open before the fabric is up.
 */
final class Node {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  private final NodeBase base;
  private final NodeStores storage;
  private final AtomicBoolean stopping = new AtomicBoolean();
  private @Nullable NodeListeners listeners;
  private @Nullable InetSocketAddress health;

  private Node(ServeSettings flags) {
    NodeSettings settings = NodeSettings.of(flags);
    this.storage = new NodeStores(flags);
    this.base = NodeBase.of(settings);
  }

  /** Starts a node. What keeps it from starting is told in one sentence; nothing is left open. */
  static Node start(ServeSettings flags) {
    Node node = new Node(flags);
    try {
      node.open();
      return node;
    } catch (RuntimeException failure) {
      node.stop();
      throw failure;
    }
  }

  /** The interception CA that those settings name, made if it is not there yet. */
  static CertificateAuthority authority(ServeSettings flags) {
    return CertificateAuthority.open(
        TlsCaSettings.from(flags.config().getConfig("weir.tls")),
        NodeSettings.dataDir(flags),
        InstantSource.system());
  }

  private void open() {
    ServeSettings flags = base.settings().flags();
    Config rooms = base.settings().rooms();
    ProcessLog log = ProcessLog.start(LogSettings.from(rooms.getConfig("log")));
    base.closings().add("log", log::close);
    base.metrics().exchanges(base.log().counters(), log);
    long startedNanos = System.nanoTime();
    TlsCaSettings tls = TlsCaSettings.from(rooms.getConfig("tls"));
    Ahead<CertificateAuthority> authority = Ahead.of("weir-ca", () -> authority(flags));
    Ahead<UpstreamTrust> trust =
        Ahead.of(
            "weir-trust", () -> UpstreamTrust.load(tls, System.getenv(), InstantSource.system()));
    Ahead<LeafMint> leaves =
        Ahead.of(
            "weir-leaves",
            () -> {
              NativeCurves.of(tls); // loads while the CA is read
              return new LeafMint(authority.get(), tls, InstantSource.system());
            });

    ActorSystem system = DataPlane.system(base, storage);
    CertificateAuthority ca = authority.get();
    NodeListeners clients = new NodeListeners(base, leaves.get(), tls);
    FleetParts fleet = FleetParts.of(rooms.getConfig("cluster"), system, ca);
    DataPlane data = DataPlane.open(base, system, storage, fleet);
    PekkoOrigins origins = NodeOrigins.open(base, system, clients, trust.get());
    NodeKeeping keeping = NodeKeeping.open(base, data, origins, fleet);
    Exchanges exchanges =
        NodeExchanges.open(base, data, origins, keeping.cache(), clients.main(), ca);
    clients.open(data, exchanges, origins);
    listeners = clients;
    NodeHealth.watch(base.readiness(), data);
    if (flags.healthPort() != 0) {
      health = NodeHealth.open(base, data, clients, origins, keeping);
    }
    data.every(rooms.getDuration("node.policy-look"), base.rules()::look);
    clients.watchCertificates(data);
    // The listeners come first: requests are served from the store meanwhile.
    keeping.fabric().start();
    LOG.info(
        "serving on {}:{}, assembled in {} ms; CA {}",
        clients.address().getHostString(),
        clients.address().getPort(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos),
        ca.fingerprint());
  }

  /** One line for whoever started it. */
  String welcome() {
    return Objects.requireNonNull(listeners)
        .welcome(health == null ? "" : ", health port " + health.getPort());
  }

  InetSocketAddress address() {
    return Objects.requireNonNull(listeners).address();
  }

  /**
   * Says that it is not ready, gives balancers the time to notice, then drains and closes
   * everything; safe to call twice.
   */
  void stop() {
    base.readiness().drain();
    ServiceNotice.send(ServiceNotice.STOPPING);
    long delayMillis = base.settings().flags().drainDelayMillis();
    NodeListeners clients = listeners;
    if (clients != null && delayMillis > 0 && !stopping.getAndSet(true)) {
      LOG.info("not ready any more; draining in {} ms", delayMillis);
      clients.lastCall();
      pause(delayMillis);
    }
    base.closings().closeAll();
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }
}
