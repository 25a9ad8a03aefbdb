package dev.weir.cache;

import org.apache.pekko.actor.typed.ActorRef;

/** The shard that a keeper lives in, as the keeper sees it. */
@FunctionalInterface
interface KeeperShard {
  /** Asks to be sent Retire once nothing is under way to that keeper. */
  void passivate(ActorRef<KeeperCommand> keeper);

  /** What this keeper cannot do any more is for the one that follows it, wherever that is born. */
  default void handOn(KeeperCommand command) {}

  /**
   * Whether it came to this node so lately that fills may run which a keeper on another node has
   * granted, and of which no leader has reported here yet.
   */
  default boolean isYoung(ActorRef<KeeperCommand> keeper) {
    return false;
  }
}
