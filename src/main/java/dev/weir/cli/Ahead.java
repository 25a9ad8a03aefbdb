package dev.weir.cli;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/** A part of a start that is made on a thread of its own until it is needed. */
final class Ahead<T> {
  private final FutureTask<T> task;

  private Ahead(FutureTask<T> task) {
    this.task = task;
  }

  /**
   * Begins at once.
   *
   * @param part holds nothing that would have to be closed if the start fails meanwhile
   */
  static <T> Ahead<T> of(String thread, Supplier<T> part) {
    FutureTask<T> task = new FutureTask<>(part::get);
    Thread.ofPlatform().daemon().name(thread).start(task);
    return new Ahead<>(task);
  }

  /** The part; what went wrong with it is thrown as it was there. */
  T get() {
    try {
      return task.get();
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException reason) {
        throw reason;
      }
      throw new IllegalStateException(failure.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new SettingsException("interrupted");
    }
  }
}
