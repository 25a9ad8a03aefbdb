package dev.weir.store;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A few platform threads with a bounded queue for calls that wait for a disk. Not virtual threads:
 * a page fault in mapped memory and a call into RocksDB pin their carrier, and there are only as
 * many carriers as cores.
 */
final class BlockingPool implements AutoCloseable {
  private static final long CLOSE_TIMEOUT_SECONDS = 30;
  private final String name;
  private final ThreadPoolExecutor threads;

  BlockingPool(String name, int size, int queue) {
    this.name = name;
    this.threads =
        new ThreadPoolExecutor(
            size,
            size,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(queue),
            Thread.ofPlatform().daemon().name("weir-" + name + "-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs the call; the stage fails with its exception, or at once when the queue is full. */
  <T> CompletionStage<T> call(Callable<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      threads.execute(() -> complete(result, call));
    } catch (RejectedExecutionException _) {
      return CompletableFuture.failedStage(refused());
    }
    return result;
  }

  /** For what follows a stage and may block. */
  Executor executor() {
    return threads;
  }

  /** Runs it if there is a place, for work whose loss is harmless; tells whether it will run. */
  boolean tryRun(Runnable task) {
    try {
      threads.execute(task);
      return true;
    } catch (RejectedExecutionException _) {
      return false;
    }
  }

  @SuppressWarnings("CatchingUnchecked") // whatever it was belongs to the one who waits
  private static <T> void complete(CompletableFuture<T> result, Callable<T> call) {
    try {
      result.complete(call.call());
    } catch (CompletionException e) {
      result.completeExceptionally(e.getCause() == null ? e : e.getCause());
    } catch (Exception e) {
      result.completeExceptionally(e);
    } catch (Error e) {
      result.completeExceptionally(e);
      throw e;
    }
  }

  private StoreException refused() {
    String why = threads.isShutdown() ? " is closed" : " is overloaded: its queue is full";
    return new StoreException("The " + name + " store" + why + ".");
  }

  /** Lets what is queued finish. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException _) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
