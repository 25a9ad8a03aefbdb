package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Doors of nodes that only listen; a door is known by its name. */
final class ListeningDoors {
  private final Map<String, BlockingQueue<NodeMessage>> heard = new HashMap<>();

  ActorRef<NodeMessage> open(ActorSystem<?> system, String name) {
    BlockingQueue<NodeMessage> queue = new LinkedBlockingQueue<>();
    heard.put(name, queue);
    Behavior<NodeMessage> listening =
        Behaviors.receive(NodeMessage.class)
            .onAnyMessage(
                message -> {
                  queue.add(message);
                  return Behaviors.same();
                })
            .build();
    return system.systemActorOf(listening, name, Props.empty());
  }

  /** What it has heard since it was last listened to. */
  BlockingQueue<NodeMessage> heardAt(ActorRef<NodeMessage> door) {
    return heard.get(door.path().name());
  }

  /** The next message of that kind; those before it are passed over. */
  <T> T hear(ActorRef<NodeMessage> door, Class<T> type) {
    try {
      for (; ; ) {
        NodeMessage message = heardAt(door).poll(5, TimeUnit.SECONDS);
        assertThat(message).as("%s at %s", type.getSimpleName(), door.path().name()).isNotNull();
        if (type.isInstance(message)) {
          return type.cast(message);
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
