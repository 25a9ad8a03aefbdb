package dev.weir.fill;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lock of one spool. What its holder leaves to be done runs once it is free: readers that are
 * woken and origins that are resumed come back and ask for it.
 */
final class SpoolLock {
  private final List<Runnable> left = new ArrayList<>();

  void run(Runnable action) {
    get(
        () -> {
          action.run();
          return null;
        });
  }

  /** Not to be nested: what is left would run too early. */
  <T extends @Nullable Object> T get(Supplier<T> action) {
    T result;
    List<Runnable> now;
    synchronized (left) {
      result = action.get();
      now = left.isEmpty() ? List.of() : List.copyOf(left);
      left.clear();
    }
    now.forEach(Runnable::run);
    return result;
  }

  /** For the holder only. */
  void afterwards(Runnable action) {
    left.add(action);
  }
}
