package dev.weir.store;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A short task that runs again and again on a thread of its own until it is closed. */
final class Repeating implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Repeating.class);
  private final ScheduledExecutorService thread;
  private final ScheduledFuture<?> schedule;

  Repeating(String name, long periodMillis, Runnable task) {
    thread =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("weir-" + name).factory());
    schedule =
        thread.scheduleWithFixedDelay(
            () -> runGuarded(name, task), periodMillis, periodMillis, TimeUnit.MILLISECONDS);
  }

  /** An executor forgets a task that has thrown once; this one shall go on. */
  private static void runGuarded(String name, Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.warn("{} failed this time: {}", name, LogText.escape(e.toString()));
    }
  }

  @Override
  public void close() {
    schedule.cancel(false);
    thread.shutdown();
  }
}
