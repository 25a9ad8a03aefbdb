package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.admin.AdminSettings;
import dev.weir.admin.Canary;
import dev.weir.admin.DebugPages;
import dev.weir.admin.HealthServer;
import dev.weir.admin.Readiness;
import dev.weir.cache.CacheSettings;
import dev.weir.cache.NodeCache;
import dev.weir.cluster.FabricSettings;
import dev.weir.cluster.FabricSystem;
import dev.weir.edge.AddressRanges;
import dev.weir.edge.Edge;
import dev.weir.edge.EdgeMetrics;
import dev.weir.edge.EdgeParts;
import dev.weir.edge.EdgeSettings;
import dev.weir.edge.ExchangeHandler;
import dev.weir.exchange.ExchangeSettings;
import dev.weir.exchange.Exchanges;
import dev.weir.fill.FillRegistry;
import dev.weir.fill.FillSettings;
import dev.weir.filters.FilterBook;
import dev.weir.filters.PluginException;
import dev.weir.inspect.InspectSettings;
import dev.weir.inspect.Inspector;
import dev.weir.log.ExchangeLog;
import dev.weir.log.LogSettings;
import dev.weir.log.ProcessLog;
import dev.weir.mirror.Mirror;
import dev.weir.mirror.MirrorGates;
import dev.weir.mirror.MirrorSettings;
import dev.weir.mirror.RegistryRoom;
import dev.weir.mirror.links.LinkSettings;
import dev.weir.mirror.links.LinkedDocuments;
import dev.weir.onboard.OnboardSettings;
import dev.weir.onboard.Onboarding;
import dev.weir.origin.ClientEngines;
import dev.weir.origin.EgressGate;
import dev.weir.origin.EgressGates;
import dev.weir.origin.EgressRules;
import dev.weir.origin.FixedAddresses;
import dev.weir.origin.OriginSettings;
import dev.weir.origin.OwnListeners;
import dev.weir.origin.ParentProxy;
import dev.weir.origin.PekkoOrigins;
import dev.weir.origin.Resolver;
import dev.weir.origin.SystemResolver;
import dev.weir.rules.LiveRules;
import dev.weir.rules.RuleFileException;
import dev.weir.rules.RulesSettings;
import dev.weir.store.LocalStores;
import dev.weir.store.ObjectStore;
import dev.weir.store.StoreSettings;
import dev.weir.store.collect.ChunkHome;
import dev.weir.store.collect.CollectionSettings;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.s3.S3StoreSettings;
import dev.weir.tls.CertificateAuthority;
import dev.weir.tls.InterceptionTls;
import dev.weir.tls.LeafMint;
import dev.weir.tls.NativeCurves;
import dev.weir.tls.TlsCaSettings;
import dev.weir.tls.UpstreamTrust;
import dev.weir.wire.GuardSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Terminated;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: every room wired to its neighbours, started from the inside out (stores, way out,
 * cache, listeners) and stopped from the outside in. The listeners open before the fabric is up.
 */
final class Node {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  private final ServeSettings settings;
  private final Config rooms;
  private final GuardSettings guard;
  private final EdgeSettings edgeSettings;
  private final Closings closings;
  private final ExchangeLog exchangeLog = new ExchangeLog();
  private final NodeMetrics metrics = new NodeMetrics();
  private final Readiness readiness;
  private final AdminSettings admin;
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final LiveRules rules;
  private final FilterBook filters;
  private Listening listening = Listening.PROXY;
  private final NodeStores storage;
  private @Nullable NodeOperations operations;
  private Runnable startFabric = () -> {};
  private volatile long drainUntilNanos = System.nanoTime();
  private @Nullable Edge edge;
  private @Nullable Listening beside;
  private @Nullable Edge mirror;
  private final List<Edge> listeners = new CopyOnWriteArrayList<>();
  private @Nullable InetSocketAddress proxy;
  private @Nullable InetSocketAddress health;

  private Node(ServeSettings settings) {
    this.settings = settings;
    this.rooms = settings.config().getConfig("weir");
    // Read before anything is opened: a bad limit is a fault of usage.
    this.guard = read(() -> GuardSettings.from(rooms.getConfig("guard")));
    this.edgeSettings = read(() -> EdgeSettings.from(rooms.getConfig("edge")));
    this.storage = new NodeStores(settings);
    this.rules = rules(settings);
    this.filters = filters(settings);
    this.closings = new Closings(rooms.getDuration("node.close-timeout"));
    closings.add("filters", filters::close);
    this.admin = AdminSettings.from(rooms.getConfig("admin"));
    this.readiness = new Readiness(admin, System::nanoTime);
  }

  private static <T> T read(Supplier<T> settings) {
    try {
      return settings.get();
    } catch (IllegalArgumentException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  static LiveRules rules(ServeSettings settings) {
    try {
      return new LiveRules(
          settings.policyFiles(), settings.defaultPolicy(), rulesSettings(settings));
    } catch (RuleFileException bad) {
      throw new SettingsException("--policy-file: " + bad.getMessage());
    }
  }

  static RulesSettings rulesSettings(ServeSettings settings) {
    try {
      return RulesSettings.from(settings.config().getConfig("weir.rules"));
    } catch (IllegalArgumentException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  /** Made before anything is opened: a filter that cannot be had stops the start. */
  private static FilterBook filters(ServeSettings settings) {
    try {
      return FilterBook.open(settings.plugins(), settings.config().getConfig("weir.filters"));
    } catch (PluginException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  /** Starts a node. What keeps it from starting is told in one sentence; nothing is left open. */
  static Node start(ServeSettings settings) {
    Node node = new Node(settings);
    try {
      node.open();
      return node;
    } catch (RuntimeException failure) {
      node.stop();
      throw failure;
    }
  }

  /** The interception CA that those settings name, made if it is not there yet. */
  static CertificateAuthority authority(ServeSettings settings) {
    return CertificateAuthority.open(
        TlsCaSettings.from(settings.config().getConfig("weir.tls")),
        dataDir(settings),
        InstantSource.system());
  }

  private void open() {
    ProcessLog log = ProcessLog.start(LogSettings.from(rooms.getConfig("log")));
    closings.add("log", log::close);
    long startedNanos = System.nanoTime();
    TlsCaSettings tls = TlsCaSettings.from(rooms.getConfig("tls"));
    Ahead<CertificateAuthority> authority = Ahead.of("weir-ca", () -> authority(settings));
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
    S3StoreSettings s3 = S3StoreSettings.from(rooms.getConfig("store.s3"));
    ActorSystem data = DataSystem.create("weir-data", s3.pools().withFallback(settings.config()));
    closings.addStage("streams", () -> terminated(data));
    CertificateAuthority ca = authority.get();
    LeafMint mint = leaves.get();
    listening = Listening.of(settings, mint, tls);
    beside = Listening.mirrorBeside(settings, mint, tls);
    FleetParts fleet = FleetParts.of(rooms.getConfig("cluster"), data);
    LocalStores stores = storage.open(data, s3, fleet);
    closings.add("stores", stores::close);
    ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
    closings.add("file work", blocking::close);
    // Once more: streams end before the stores that they read from, wherever the start has stopped.
    closings.addStage("streams", () -> terminated(data));
    if (stores.metadata() instanceof ElasticMetadataStore elastic) {
      metrics.elastic(elastic);
      closings.add("metadata", elastic::close); // its last words need streams
    }

    OriginSettings originSettings = originSettings();
    OwnListeners own = new OwnListeners(originSettings.egress().ownAddressesMillis());
    PekkoOrigins origins = origins(data, originSettings, own, trust.get());
    NodeCache cache = cache(data, stores, origins, blocking, fleet, ca, own);
    Exchanges exchanges = exchanges(data, ca, stores, origins, cache, exchangeLog, blocking);
    origins.stepsOfOthers(exchanges::stepsOfOthers);
    InterceptionTls interception = new InterceptionTls(mint, tls);
    EdgeMetrics edges = new EdgeMetrics();
    Edge edge = edge(data, interception, exchanges, origins, listening, settings.port(), edges);
    this.edge = edge;
    proxy = edge.address();
    own.add(edge.address().getPort());
    Listening besides = beside;
    if (besides != null) {
      mirror = edge(data, interception, exchanges, origins, besides, settings.mirrorPort(), edges);
      own.add(mirror.address().getPort());
    }
    readiness
        .part("metadata", () -> stores.metadata().problem())
        .part("chunks", () -> stores.chunks().problem());
    storage.objects().ifPresent(store -> readiness.part("s3", store::problem));
    metrics.edge(edges);
    metrics.exchanges(exchangeLog.counters(), log);
    metrics.stores(stores);
    metrics.cache(cache);
    metrics.origins(origins);
    if (settings.healthPort() != 0) {
      health = health(data, edge, cache, origins);
      own.add(settings.healthPort());
    }
    metrics.rules(rules);
    metrics.filters(filters.filters());
    Duration look = rooms.getDuration("node.policy-look");
    data.scheduler()
        .scheduleWithFixedDelay(look, look, () -> blocking.execute(rules::look), data.dispatcher());
    for (Listening one : besides == null ? List.of(listening) : List.of(listening, besides)) {
      Runnable reload = one.reload();
      if (reload == null) {
        continue;
      }
      Duration pause = Duration.ofSeconds(tls.serverReloadSeconds());
      data.scheduler()
          .scheduleWithFixedDelay(pause, pause, () -> blocking.execute(reload), data.dispatcher());
    }
    // The listeners come first: requests are served from the store meanwhile.
    startFabric.run();
    LOG.info(
        "serving on {}:{}, assembled in {} ms; CA {}",
        edge.address().getHostString(),
        edge.address().getPort(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos),
        ca.fingerprint());
  }

  private static CompletionStage<Terminated> terminated(ActorSystem system) {
    system.terminate();
    return system.getWhenTerminated();
  }

  /** Collects and checks what the node stores. */
  private CareDesk care(
      ActorSystem data, LocalStores stores, NodeCache cache, ExecutorService blocking) {
    ObjectStore shared = storage.objects().orElse(null);
    CollectionSettings collection = storage.collection();
    CareDesk care =
        new CareDesk(
            new StoreCare(
                stores.metadata(),
                shared,
                shared == null
                    ? ChunkHome.of(stores.chunks(), blocking, collection.checkReadBytes())
                    : ChunkHome.of(shared),
                collection,
                cache::drop,
                SystemMaterializer.get(data).materializer()));
    closings.add("collection", care::close);
    metrics.care(care);
    return care;
  }

  private PekkoOrigins origins(
      ActorSystem data, OriginSettings settings, OwnListeners own, UpstreamTrust trust) {
    SystemResolver system = new SystemResolver(settings.names());
    closings.add("names", system::close);
    Resolver resolver = FixedAddresses.before(system, this.settings.hostAddresses());
    ParentProxy parent = settings.egressProxy();
    if (parent != null) {
      LOG.info("origins are asked through {}", parent);
    }
    OwnServers ownServers = new OwnServers(this.settings);
    EgressRules rules =
        EgressRules.forwardProxy(
            ownServers.denied(),
            listening.isProxy() ? ownServers.objectStore() : "", // never in front of one
            listening.allowedDestinations(this.settings.allowDestinations()));
    int most = settings.egress().maxAddresses();
    EgressGate gate = new EgressGate(rules, own, resolver, most, parent);
    EgressGates gates =
        isMirror()
            ? new MirrorGates(
                gate,
                mirrored -> new EgressGate(mirrored, own, resolver, most, parent),
                mirrorSettings(),
                ownServers.deniedToMirrors(),
                this.rules::mounts)
            : EgressGates.of(gate);
    return new PekkoOrigins(
        data,
        settings,
        guard,
        metrics.refusals("origin"),
        ClientEngines.of(trust),
        gates,
        System::nanoTime,
        listening.upstream());
  }

  private OriginSettings originSettings() {
    try {
      return OriginSettings.from(rooms.getConfig("origin"));
    } catch (IllegalArgumentException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  /** Whether any listener of this node is a mirror. */
  private boolean isMirror() {
    return listening.isMirror() || beside != null;
  }

  private MirrorSettings mirrorSettings() {
    try {
      return MirrorSettings.from(rooms.getConfig("mirror"));
    } catch (IllegalArgumentException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  private NodeCache cache(
      ActorSystem data,
      LocalStores stores,
      PekkoOrigins origins,
      ExecutorService blocking,
      FleetParts fleet,
      CertificateAuthority ca,
      OwnListeners own) {
    FillSettings fillSettings = FillSettings.from(rooms.getConfig("fill"));
    NodeCache cache =
        new NodeCache(
            CacheSettings.from(rooms.getConfig("cache")),
            fleet.node(),
            stores.metadata(),
            stores.retention(),
            stores.holding(),
            data.dispatcher(),
            events -> {
              FillRegistry fills =
                  new FillRegistry(
                      fillSettings,
                      data,
                      blocking,
                      origins,
                      stores.chunks(),
                      fleet.fills(),
                      events);
              metrics.fills(fills);
              closings.addStage("fills", fills::close);
              return fills;
            });
    stores.retention().removeBy(cache::drop);
    FabricSystem fabric =
        new FabricSystem(
            FabricSettings.from(rooms.getConfig("cluster"), Resources.LOADER),
            fleet.peers(ca),
            cache::attach,
            cache::detach,
            reason -> {
              System.err.println("weir: " + reason);
              Runtime.getRuntime().exit(1);
            });
    closings.addStage("fabric", fabric::stop);
    fleet.peersAre(cache::peers);
    operations =
        new NodeOperations(
            cache,
            fabric,
            fleet.node(),
            rules,
            looks(stores, blocking),
            care(data, stores, cache, blocking),
            origins.breakers(),
            mirrorSettings());
    cache.share(origins.breakers());
    operations.readRulesWhenTold(blocking);
    ServerBinding peers = fleet.serve(data, ca, cache, stores.chunks(), blocking);
    if (peers != null) {
      closings.addStage("peer port", peers::unbind);
      own.add(fleet.settings().peerPort());
      own.add(fleet.settings().port());
      readiness.needs(
          "fleet",
          () -> cache.isAttached() ? Optional.empty() : Optional.of("not one of its fleet yet"));
    }
    startFabric = fabric::start;
    Duration drain = rooms.getDuration("node.drain-timeout");
    Duration handOver = rooms.getDuration("node.hand-over-timeout");
    closings.addStage(
        "fills that others follow",
        drain.plus(handOver),
        () -> cache.handOver(Duration.ofNanos(Math.max(0, drainUntilNanos - System.nanoTime()))));
    return cache;
  }

  private Looks looks(LocalStores stores, ExecutorService blocking) {
    StoreTiers tiers =
        StoreTiers.running(
            stores.bodies(),
            dataDir(settings),
            StoreSettings.from(rooms.getConfig("store")),
            storage.objects(),
            stores.holding());
    return new Looks(
        new Inspector(
            stores.metadata(),
            tiers,
            ExchangeSettings.from(rooms.getConfig("exchange")).storage(),
            InspectSettings.from(rooms.getConfig("inspect")),
            Clock.systemUTC(),
            blocking),
        rules);
  }

  private Exchanges exchanges(
      ActorSystem data,
      CertificateAuthority ca,
      LocalStores stores,
      PekkoOrigins origins,
      NodeCache cache,
      ExchangeLog log,
      ExecutorService blocking) {
    return new Exchanges(
        rules,
        listening::seenByRules,
        cache,
        stores.bodies(),
        origins,
        listening.isProxy() ? pages(ca) : (request, connection) -> null,
        ExchangeSettings.from(rooms.getConfig("exchange")),
        Clock.systemUTC(),
        log,
        storage.whole(data, stores, blocking),
        filters.filters(),
        SystemMaterializer.get(data).materializer());
  }

  private Exchanges.Onboarding pages(CertificateAuthority ca) {
    Onboarding onboarding = new Onboarding(ca, OnboardSettings.from(rooms.getConfig("onboard")));
    return (request, connection) ->
        onboarding
            .answer(request, connection.local())
            .map(
                page ->
                    new Exchanges.Page(
                        page.head().status(),
                        page.head().headers(),
                        ByteString.fromArrayUnsafe(page.body())))
            .orElse(null);
  }

  private Edge edge(
      ActorSystem data,
      InterceptionTls interception,
      Exchanges exchanges,
      PekkoOrigins origins,
      Listening listens,
      int port,
      EdgeMetrics edges) {
    EdgeParts parts =
        new EdgeParts(
            listens.isMirror() ? mirror(data, exchanges) : exchanges,
            interception::engine,
            new GatedTunnels(origins),
            settings.eagerConnections()
                ? authority -> origins.warm("https", authority).exceptionally(failed -> false)
                : authority -> {},
            metrics.refusals("client"),
            listens.role());
    Edge edge =
        Closings.await(
            Edge.bind(data, settings.bind(), port, edgeSettings, guard, parts, edges),
            () -> "cannot listen on %s:%d".formatted(settings.bind(), port));
    if (listeners.isEmpty()) {
      // All at once: each may take the whole of the time.
      Duration drain = rooms.getDuration("node.drain-timeout");
      closings.addStage(
          "running responses",
          drain.plusSeconds(5),
          () -> {
            drainUntilNanos = System.nanoTime() + drain.toNanos();
            return CompletableFuture.allOf(
                listeners.stream()
                    .map(one -> one.drain(drain).toCompletableFuture())
                    .toArray(CompletableFuture[]::new));
          });
    }
    listeners.add(edge);
    return edge;
  }

  private ExchangeHandler mirror(ActorSystem data, Exchanges exchanges) {
    return new Mirror(
        mirrorSettings(),
        rules::mounts,
        exchanges::through,
        new LinkedDocuments(
            LinkSettings.from(rooms.getConfig("mirror.links")),
            mirrorSettings().servesHosts(),
            rules::mounts,
            data.dispatchers().lookup("pekko.actor.default-blocking-io-dispatcher"),
            SystemMaterializer.get(data).materializer()),
        Map.of(RegistryRoom.NAME, new RegistryRoom(SystemMaterializer.get(data).materializer())),
        exchangeLog,
        SystemMaterializer.get(data).materializer());
  }

  private InetSocketAddress health(
      ActorSystem data, Edge edge, NodeCache cache, PekkoOrigins origins) {
    Canary canary =
        new Canary(
            admin,
            reachable(edge.address()),
            listening.canarySockets(),
            isBalancer(reachable(edge.address())) ? Canary.PROXY_HEADER : "",
            listening.canaryRequest(),
            () -> Optional.empty());
    DebugPages debug =
        new DebugPages()
            .connections("clients", () -> NodeMetrics.clients(edge.metrics()))
            .connections("origins", () -> NodeMetrics.origins(origins.metrics()))
            .connections("keepers", () -> "attached: " + cache.isAttached() + "\n");
    HealthServer server =
        new HealthServer(
            data,
            admin,
            readiness,
            canary,
            metrics.registry(),
            debug,
            Objects.requireNonNull(operations));
    ServerBinding binding =
        Closings.await(
            server.bind(new InetSocketAddress(settings.healthHost(), settings.healthPort())),
            () ->
                "cannot listen on %s:%d for health; choose another --health-port, or 0 for none"
                    .formatted(settings.healthHost(), settings.healthPort()));
    canary.start();
    closings.add("canary", canary::close);
    return binding.localAddress();
  }

  /** One line for whoever started it. */
  String welcome() {
    Edge mirrors = mirror;
    Listening besides = beside;
    return listening.welcome(
        Objects.requireNonNull(proxy),
        (health == null ? "" : ", health port " + health.getPort())
            + (mirrors == null || besides == null
                ? ""
                : ", mirror on " + besides.url(mirrors.address())));
  }

  InetSocketAddress address() {
    return Objects.requireNonNull(proxy);
  }

  /**
   * Says that it is not ready, gives balancers the time to notice, then drains and closes
   * everything; safe to call twice.
   */
  void stop() {
    readiness.drain();
    ServiceNotice.send(ServiceNotice.STOPPING);
    Edge listener = edge;
    if (listener != null && settings.drainDelayMillis() > 0 && !stopping.getAndSet(true)) {
      LOG.info("not ready any more; draining in {} ms", settings.drainDelayMillis());
      listeners.forEach(Edge::lastCall);
      pause(settings.drainDelayMillis());
    }
    closings.closeAll();
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether connections from that address, our own for one, have to begin with a PROXY header. */
  private boolean isBalancer(InetSocketAddress from) {
    return AddressRanges.of(settings.proxyProtocolFrom()).contains(from.getAddress());
  }

  /** A listener on the wildcard address is reached by loopback. */
  private static InetSocketAddress reachable(InetSocketAddress listener) {
    return listener.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getPort())
        : listener;
  }

  static Path dataDir(ServeSettings settings) {
    try {
      return Files.createDirectories(settings.dataDir());
    } catch (IOException failure) {
      throw new SettingsException(
          "--data-dir: cannot make or use %s: %s".formatted(settings.dataDir(), failure));
    }
  }
}
