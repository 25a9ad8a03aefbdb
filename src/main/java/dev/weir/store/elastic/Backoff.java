package dev.weir.store.elastic;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * When to try again: doubling pauses, each cut at random down to its half, so that nodes that
 * failed together do not come back together.
 */
record Backoff(long firstMillis, long maxMillis, Executor executor) {
  /**
   * @param tries made so far, at least 1
   */
  long pauseMillis(int tries) {
    long full = Math.min(maxMillis, firstMillis << Math.min(tries - 1, 20));
    return full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1);
  }

  <T> CompletionStage<T> after(long pauseMillis, Supplier<CompletionStage<T>> next) {
    return CompletableFuture.supplyAsync(
            next, CompletableFuture.delayedExecutor(pauseMillis, TimeUnit.MILLISECONDS, executor))
        .thenCompose(stage -> stage);
  }
}
