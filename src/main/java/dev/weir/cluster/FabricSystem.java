package dev.weir.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.Greetings.Greeting;
import dev.weir.tls.PeerIdentity;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.remote.artery.tcp.SSLEngineProviderSetup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fabric of this node: starts an actor system, joins, and starts another when that one ends for
 * any reason but {@link #stop}. Starting takes seconds; whoever depends on it must work without it.
 */
public final class FabricSystem {
  private static final String NAME = "weir";

  /** Who is leaving on purpose is one of its fleet to the end. */
  private static final Set<String> GONE =
      Set.of(MemberStatus.down().toString(), MemberStatus.removed().toString());

  private static final Logger LOG = LoggerFactory.getLogger(FabricSystem.class);

  /** What a node must have to be one of several. */
  public record Peers(FleetSettings fleet, PeerIdentity identity, PeerClient client, Hello hello) {}

  /** Is given each new system before it has joined. */
  @FunctionalInterface
  public interface Begun {
    /**
     * A system has begun.
     *
     * @param heard whether this node hears the greater part of its fleet
     */
    void accept(ActorSystem<?> system, BooleanSupplier heard);
  }

  private final FabricSettings settings;
  private final @Nullable Peers peers;
  private final Begun begun;
  private final Runnable ended;
  private final Consumer<String> refused;
  private volatile boolean wasMember;
  private boolean stopping;
  private @Nullable ActorSystem<Void> system;

  /**
   * Makes one that is not started yet.
   *
   * @param peers null for a node without any
   * @param begun is given each new system before it has joined
   * @param ended is told when it is gone
   * @param refused is told, in a sentence, why this node can never be one of its fleet
   */
  public FabricSystem(
      FabricSettings settings,
      @Nullable Peers peers,
      Begun begun,
      Runnable ended,
      Consumer<String> refused) {
    this.settings = settings;
    this.peers = peers;
    this.begun = begun;
    this.ended = ended;
    this.refused = refused;
  }

  /** Starts without waiting for it to be up. */
  public void start() {
    CompletableFuture.runAsync(this::begin, FabricSystem::onNewThread).exceptionally(this::failed);
  }

  /** Ends it for good. */
  public CompletionStage<Void> stop() {
    ActorSystem<Void> running;
    synchronized (this) {
      stopping = true;
      running = system;
    }
    if (running == null) {
      return CompletableFuture.completedStage(null);
    }
    running.terminate();
    return running
        .getWhenTerminated()
        .toCompletableFuture()
        .copy()
        .<Void>thenApply(done -> null)
        .completeOnTimeout(null, settings.stopTimeoutMillis(), TimeUnit.MILLISECONDS);
  }

  private void begin() {
    long startedNanos = System.nanoTime();
    Peers others = peers;
    List<FleetSettings.Seed> seeds = others == null ? List.of() : Seeds.of(others.fleet());
    List<Greeting> greetings = others == null ? List.of() : Greetings.of(others, seeds);
    String difference = others == null ? null : Greetings.difference(others.hello(), greetings);
    if (difference != null) {
      disagrees(difference);
      return;
    }
    ActorSystem<Void> fresh;
    synchronized (this) {
      if (stopping) {
        return;
      }
      fresh = ActorSystem.create(Behaviors.empty(), NAME, setup(others));
      system = fresh;
    }
    fresh.getWhenTerminated().whenComplete((done, failed) -> onEnd());
    RemotingEnd.watch(fresh, settings.endTimeoutMillis());
    org.apache.pekko.cluster.Cluster.get(fresh).registerOnMemberUp(() -> wasMember = true);
    Cluster cluster = Cluster.get(fresh);
    begun.accept(fresh, () -> hearsMost(cluster));
    if (others == null) {
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    } else {
      new Joining(fresh, others, settings.lookAroundMillis(), this::fleet, () -> isRunning(fresh))
          .start(seeds, greetings);
    }
    long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    LOG.info("The fabric's system started in {} ms", tookMillis);
  }

  private ActorSystemSetup setup(@Nullable Peers others) {
    if (others == null) {
      return ActorSystemSetup.create(bootstrap(settings.system()));
    }
    FleetSettings fleet = others.fleet();
    Config artery =
        ConfigFactory.parseMap(
            Map.of(
                "transport", "tls-tcp",
                "canonical.hostname", fleet.host(),
                "canonical.port", fleet.port()),
            "--cluster-host and --cluster-port");
    Config config =
        settings
            .system()
            .withValue(
                "pekko.remote.artery",
                artery.withFallback(settings.system().getConfig("pekko.remote.artery")).root())
            .withFallback(FleetAgreement.of(others.hello()));
    return ActorSystemSetup.create(
        bootstrap(config),
        SSLEngineProviderSetup.create(system -> new PeerEngines(others.identity())));
  }

  private BootstrapSetup bootstrap(Config config) {
    return BootstrapSetup.create(config).withClassloader(settings.resources());
  }

  private synchronized boolean isRunning(ActorSystem<Void> one) {
    return !stopping && one.equals(system);
  }

  /** The addresses of all nodes of the fleet that this node is one of; empty if it is of none. */
  public List<String> fleet() {
    List<MemberState> members =
        members().stream().filter(member -> !GONE.contains(member.status())).toList();
    return members.stream().anyMatch(MemberState::self)
        ? members.stream().map(MemberState::address).toList()
        : List.of();
  }

  /**
   * A node as this one sees it.
   *
   * @param address in the fabric
   * @param oldest whether it is where the shards are dealt from
   */
  public record MemberState(
      String address, String status, boolean reachable, boolean oldest, boolean self) {}

  /** The nodes of the fleet, the oldest first; empty while there is no fabric. */
  public List<MemberState> members() {
    ActorSystem<Void> running;
    synchronized (this) {
      running = system;
    }
    if (running == null) {
      return List.of();
    }
    Cluster cluster = Cluster.get(running);
    CurrentClusterState state = cluster.state();
    List<Member> members = new ArrayList<>();
    state.getMembers().forEach(members::add);
    members.sort((one, other) -> one.isOlderThan(other) ? -1 : other.isOlderThan(one) ? 1 : 0);
    return members.stream()
        .map(
            member ->
                new MemberState(
                    member.address().hostPort(),
                    member.status().toString(),
                    !state.getUnreachable().contains(member),
                    member.equals(members.getFirst()),
                    member.address().equals(cluster.selfMember().address())))
        .toList();
  }

  /** Whether the greater part of the fleet, this node included, is within reach. */
  private static boolean hearsMost(Cluster cluster) {
    CurrentClusterState state = cluster.state();
    int members = 0;
    for (Iterator<Member> each = state.getMembers().iterator(); each.hasNext(); each.next()) {
      members++;
    }
    return 2 * state.getUnreachable().size() < Math.max(1, members);
  }

  /**
   * Before joining the others: a node that cannot be one of them never disturbs them. One that has
   * been of the fleet lost its membership only, and serves on.
   */
  private void disagrees(String difference) {
    LOG.error("This node cannot join: {}", difference);
    if (wasMember) {
      beginLater();
    } else {
      refused.accept(difference);
    }
  }

  private void onEnd() {
    ended.run();
    synchronized (this) {
      system = null;
      if (stopping) {
        return;
      }
    }
    LOG.warn("The fabric has ended; this node serves alone and starts it anew");
    beginLater();
  }

  private void beginLater() {
    CompletableFuture.runAsync(this::begin, later(settings.restartDelayMillis()))
        .exceptionally(this::failed);
  }

  private @Nullable Void failed(Throwable cause) {
    LOG.error("The fabric could not be started", cause);
    boolean again;
    synchronized (this) {
      again = !stopping && system == null;
    }
    if (again) {
      onEnd();
    }
    return null;
  }

  /** For work of the fabric's that is not for a shared thread, after that time. */
  static Executor later(long millis) {
    return CompletableFuture.delayedExecutor(
        millis, TimeUnit.MILLISECONDS, FabricSystem::onNewThread);
  }

  /** Starting an actor system takes a second of work: not on a shared thread. */
  private static void onNewThread(Runnable work) {
    Thread.ofPlatform().name("weir-fabric-start").daemon().start(work);
  }
}
