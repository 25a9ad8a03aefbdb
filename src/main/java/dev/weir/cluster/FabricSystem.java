package dev.weir.cluster;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fabric of this node: starts an actor system, joins, and starts another when that one ends for
 * any reason but {@link #stop}. Starting takes seconds; whoever depends on it must work without it.
 */
public final class FabricSystem {
  private static final Logger LOG = LoggerFactory.getLogger(FabricSystem.class);

  private final FabricSettings settings;
  private final Consumer<ActorSystem<?>> begun;
  private final Runnable ended;
  private boolean stopping;
  private @Nullable ActorSystem<Void> system;

  /**
   * Makes one that is not started yet.
   *
   * @param begun is given each new system before it has joined
   * @param ended is told when it is gone
   */
  public FabricSystem(FabricSettings settings, Consumer<ActorSystem<?>> begun, Runnable ended) {
    this.settings = settings;
    this.begun = begun;
    this.ended = ended;
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
    ActorSystem<Void> fresh;
    synchronized (this) {
      if (stopping) {
        return;
      }
      fresh = ActorSystem.create(Behaviors.empty(), "weir", settings.system());
      system = fresh;
    }
    fresh.getWhenTerminated().whenComplete((done, failed) -> onEnd());
    begun.accept(fresh);
    Cluster cluster = Cluster.get(fresh);
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
    LOG.info("The fabric's system started in {} ms", tookMillis);
  }

  private void onEnd() {
    ended.run();
    Executor later =
        CompletableFuture.delayedExecutor(
            settings.restartDelayMillis(), TimeUnit.MILLISECONDS, FabricSystem::onNewThread);
    synchronized (this) {
      system = null;
      if (stopping) {
        return;
      }
    }
    LOG.warn("The fabric has ended; this node serves alone and starts it anew");
    CompletableFuture.runAsync(this::begin, later).exceptionally(this::failed);
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

  /** Starting an actor system takes a second of work: not on a shared thread. */
  private static void onNewThread(Runnable work) {
    Thread.ofPlatform().name("weir-fabric-start").daemon().start(work);
  }
}
