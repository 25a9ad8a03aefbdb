package dev.weir.cache;

import dev.weir.entry.PrimaryKey;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The way from a fabric that has begun to keepers that can be asked: first one of them has to
 * answer, then every shard has to find its home. Finding one takes longer than a keeper is waited
 * for, and each node would go alone.
 */
final class FabricProbe {
  /** A key of no request. */
  private static final PrimaryKey ANY = new PrimaryKey("weir", "probe", "0");

  private final KeeperLink keepers;
  private final Replies replies;
  private final CacheSettings settings;
  private final Runnable ready;
  private volatile boolean cancelled;

  /**
   * @param ready told once, unless it is cancelled before
   */
  FabricProbe(KeeperLink keepers, Replies replies, CacheSettings settings, Runnable ready) {
    this.keepers = keepers;
    this.replies = replies;
    this.settings = settings;
    this.ready = ready;
  }

  void begin() {
    ping(ANY, settings.ackTimeoutMillis())
        .thenAccept(
            heard -> {
              if (cancelled) {
                return;
              }
              if (heard) {
                settle();
              } else {
                begin();
              }
            });
  }

  /** The fabric is gone. */
  void cancel() {
    cancelled = true;
  }

  private void settle() {
    List<PrimaryKey> keys = keepers.oneKeyPerShard();
    Turn turn = new Turn(keys.iterator(), keys.size());
    if (keys.isEmpty()) {
      ready.run();
    }
    for (int i = 0; i < settings.shardsAtOnce(); i++) {
      next(turn);
    }
  }

  private void next(Turn turn) {
    PrimaryKey key = cancelled ? null : turn.take();
    if (key != null) {
      ping(key, settings.answerTimeoutMillis())
          .thenRun(
              () -> {
                if (turn.wasLast() && !cancelled) {
                  ready.run();
                }
                next(turn);
              });
    }
  }

  /** Whether a keeper of that key has answered in time. */
  private CompletionStage<Boolean> ping(PrimaryKey key, long timeoutMillis) {
    Replies.Awaited<Boolean> reply = replies.awaitDone();
    keepers.send(key, new KeeperCommand.Ping(reply.id(), keepers.node()));
    return reply.stage().completeOnTimeout(false, timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** The shards that are left to ask, and those that have not answered; guarded by itself. */
  private static final class Turn {
    private final Iterator<PrimaryKey> keys;
    private int open;

    Turn(Iterator<PrimaryKey> keys, int open) {
      this.keys = keys;
      this.open = open;
    }

    synchronized @Nullable PrimaryKey take() {
      return keys.hasNext() ? keys.next() : null;
    }

    synchronized boolean wasLast() {
      return --open == 0;
    }
  }
}
