package dev.weir.cache;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The one door through which keepers speak to this node, so that grants and revocations are taken
 * in the order they were sent. It also renews the session on which all leases hang: when it cannot
 * run, or hears too little of the others, they lapse.
 */
final class NodeActor {
  private NodeActor() {}

  static Behavior<NodeMessage> create(
      CacheSettings settings,
      BooleanSupplier heard,
      Consumer<NodeMessage> inbox,
      Runnable stopped) {
    return Behaviors.withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(
              new NodeMessage.RenewSession(), Duration.ofMillis(settings.sessionRenewMillis()));
          inbox.accept(new NodeMessage.RenewSession());
          return Behaviors.receive(NodeMessage.class)
              .onAnyMessage(
                  message -> {
                    if (!(message instanceof NodeMessage.RenewSession) || heard.getAsBoolean()) {
                      inbox.accept(message);
                    }
                    return Behaviors.same();
                  })
              .onSignal(
                  PostStop.class,
                  signal -> {
                    stopped.run();
                    return Behaviors.same();
                  })
              .build();
        });
  }
}
