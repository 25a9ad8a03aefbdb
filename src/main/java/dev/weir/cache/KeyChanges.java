package dev.weir.cache;

import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this node has keepers take away: purges, and entries that turned out not to be whole. */
final class KeyChanges {
  private static final Logger LOG = LoggerFactory.getLogger(NodeCache.class);

  private final CacheSettings settings;
  private final Replies replies;
  private final Supplier<CompletableFuture<KeeperLink>> link;

  /**
   * @param link completes when keepers can be reached
   */
  KeyChanges(
      CacheSettings settings, Replies replies, Supplier<CompletableFuture<KeeperLink>> link) {
    this.settings = settings;
    this.replies = replies;
    this.link = link;
  }

  /** Sends a command whose effect must not be lost, as soon as there is somebody to take it. */
  CompletionStage<Boolean> tell(
      PrimaryKey key, BiFunction<Long, KeeperLink, KeeperCommand> command) {
    return link.get()
        .copy()
        .orTimeout(settings.fabricTimeoutMillis(), TimeUnit.MILLISECONDS)
        .thenCompose(
            keepers -> {
              Replies.Awaited<Boolean> reply = replies.awaitDone();
              Telling telling =
                  new Telling(key, command.apply(reply.id(), keepers), keepers, reply.stage());
              telling.send();
              return reply.stage().orTimeout(timeoutMillis(settings), TimeUnit.MILLISECONDS);
            })
        .exceptionally(
            failed -> {
              LOG.warn("A key could not be changed: {}", failed.toString());
              return false;
            });
  }

  /**
   * Says it once more when a node has left that may have been the keeper's: whoever keeps the key
   * now has never heard of it, and the other nodes would go on serving what was to be forgotten. A
   * keeper that hears it twice forgets twice.
   */
  private final class Telling {
    private final PrimaryKey key;
    private final KeeperCommand command;
    private final KeeperLink keepers;
    private final CompletableFuture<Boolean> done;

    Telling(
        PrimaryKey key,
        KeeperCommand command,
        KeeperLink keepers,
        CompletableFuture<Boolean> done) {
      this.key = key;
      this.command = command;
      this.keepers = keepers;
      this.done = done;
    }

    void send() {
      Set<NodeId> asked = keepers.peers();
      keepers.send(key, command);
      if (!asked.isEmpty()) {
        lookLater(asked);
      }
    }

    private void lookLater(Set<NodeId> asked) {
      CompletableFuture.delayedExecutor(settings.keeperTickMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> look(asked));
    }

    private void look(Set<NodeId> asked) {
      if (done.isDone()) {
        return;
      }
      if (keepers.peers().containsAll(asked)) {
        lookLater(asked);
      } else {
        send();
      }
    }
  }

  /** The longest that one may take. */
  static long timeoutMillis(CacheSettings settings) {
    return settings.leaseTermMillis()
        + settings.answerTimeoutMillis()
        + settings.purgePatienceMillis();
  }
}
