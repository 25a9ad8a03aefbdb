package dev.weir.cache;

import dev.weir.entry.PrimaryKey;
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
              keepers.send(key, command.apply(reply.id(), keepers));
              return reply.stage().orTimeout(timeoutMillis(settings), TimeUnit.MILLISECONDS);
            })
        .exceptionally(
            failed -> {
              LOG.warn("A key could not be changed: {}", failed.toString());
              return false;
            });
  }

  /** The longest that one may take. */
  static long timeoutMillis(CacheSettings settings) {
    return settings.leaseTermMillis()
        + settings.answerTimeoutMillis()
        + settings.purgePatienceMillis();
  }
}
