package dev.weir.store;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Short tasks that take effect in the order they came. One that may wait for the disk runs on a
 * thread of its own, and so does what comes while that one has not ended; everything else at once,
 * by whoever brings it. Not bounded: what waits is no more than is committed in the time of a read.
 */
final class InOrder implements AutoCloseable {
  private final Queue<Task> waiting = new ArrayDeque<>();
  private final String name;
  private boolean running;
  private boolean closed;

  private record Task(Runnable work, CompletableFuture<@Nullable Void> done) {
    void run() {
      try {
        work.run();
        done.complete(null);
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
      }
    }
  }

  InOrder(String name) {
    this.name = name;
  }

  /**
   * Runs it now or soon; not at all after the end.
   *
   * @param blocks whether it may wait for the disk
   */
  CompletionStage<@Nullable Void> run(boolean blocks, Runnable work) {
    Task task = new Task(work, new CompletableFuture<>());
    if (isLater(blocks, task)) {
      return task.done();
    }
    task.run();
    return task.done();
  }

  private synchronized boolean isLater(boolean blocks, Task task) {
    boolean later = blocks || running;
    if (later && !closed) {
      waiting.add(task);
      if (!running) {
        running = true;
        // Not a virtual one: a page fault in mapped memory would hold its carrier.
        Thread.ofPlatform().daemon().name("weir-" + name).start(this::runAll);
      }
    }
    return later;
  }

  private void runAll() {
    for (Task task = next(); task != null; task = next()) {
      task.run();
    }
  }

  private synchronized @Nullable Task next() {
    Task task = waiting.poll();
    running = task != null;
    return task;
  }

  /** What waits is dropped. */
  @Override
  public synchronized void close() {
    closed = true;
    waiting.clear();
  }
}
