package dev.weir.cache;

import dev.weir.entry.PrimaryKey;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/** What the parts of one keeper work with: its actor, its timers, its node. Confined to it. */
record KeeperMeans(
    PrimaryKey key,
    Keeper.Context context,
    ActorContext<KeeperCommand> actor,
    TimerScheduler<KeeperCommand> timers) {
  /** Far above every sensible pause, and no overflow. */
  private static final int MAX_DOUBLINGS = 16;

  CacheSettings settings() {
    return context.settings();
  }

  KeeperMetrics metrics() {
    return context.metrics();
  }

  ActorRef<KeeperCommand> self() {
    return actor.getSelf();
  }

  /** Has the keeper told that after so long, instead of what that timer would have told. */
  void later(Object timer, KeeperCommand command, long millis) {
    timers.startSingleTimer(timer, command, Duration.ofMillis(millis));
  }

  /** Reads what is stored of the key; the keeper is told. */
  void load() {
    actor.pipeToSelf(
        context.store().load(key),
        (stored, failed) -> {
          if (failed != null) {
            noteFailure("read", failed);
          }
          return new KeeperCommand.Loaded(stored);
        });
  }

  /** Before a purge asks a store once more that has failed so many times; doubles. */
  long pauseMillis(int failures) {
    long pause = settings().purgePauseMillis();
    long doubled = pause << Math.clamp(failures - 1L, 0, MAX_DOUBLINGS);
    return Math.min(doubled, Math.max(pause, settings().storeRetryMillis()));
  }

  long purgePatienceNanos() {
    return TimeUnit.MILLISECONDS.toNanos(settings().purgePatienceMillis());
  }

  /** Counts it, and says so now and then. */
  void noteFailure(String what, Throwable failed) {
    KeeperMetrics metrics = metrics();
    metrics.storeFailures.increment();
    if (metrics.maySay(System.nanoTime(), settings().storeLogIntervalMillis())) {
      actor
          .getLog()
          .warn(
              "A key's metadata could not be {} ({} failed calls since the start): {}",
              what,
              metrics.storeFailures(),
              failed.toString());
    }
  }

  /** Of the monotonic clock. */
  static long nowNanos() {
    return System.nanoTime();
  }
}
