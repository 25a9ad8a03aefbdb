package dev.weir.cluster;

import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.artery.ArteryTransport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that a fabric's system ends once it has begun to. Artery waits for its streams without
 * a limit (Pekko issue 3247), and now and then one does not end: the system would keep its port for
 * ever, and its node would never be of a fleet again.
 */
final class RemotingEnd {
  private static final Logger LOG = LoggerFactory.getLogger(RemotingEnd.class);

  private RemotingEnd() {}

  /** Has what is left of its streams torn down so long after the system began to end its actors. */
  static void watch(ActorSystem<?> system, long timeoutMillis) {
    CoordinatedShutdown.get(Adapter.toClassic(system))
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "weir-remoting-end",
            () -> {
              FabricSystem.later(timeoutMillis).execute(() -> tearDown(system, timeoutMillis));
              return CompletableFuture.completedStage(Done.getInstance());
            });
  }

  private static void tearDown(ActorSystem<?> system, long timeoutMillis) {
    if (hasEnded(system)) {
      return;
    }
    LOG.warn(
        "The fabric's connections have not ended within {} ms and are torn down", timeoutMillis);
    if (Adapter.toClassic(system) instanceof ExtendedActorSystem extended
        && extended.provider() instanceof RemoteActorRefProvider remote
        && remote.transport() instanceof ArteryTransport artery) {
      artery.materializer().shutdown();
      artery.controlMaterializer().shutdown();
    }
    FabricSystem.later(timeoutMillis).execute(() -> complain(system));
  }

  private static void complain(ActorSystem<?> system) {
    if (!hasEnded(system)) {
      LOG.error("The fabric does not end: this node serves alone until it is restarted");
    }
  }

  private static boolean hasEnded(ActorSystem<?> system) {
    return system.getWhenTerminated().toCompletableFuture().isDone();
  }
}
