package dev.weir.cli;

import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a stop has to close, the latest opened first. One part that cannot close, or takes too long,
 * does not keep the others open.
 */
final class Closings {
  private static final Logger LOG = LoggerFactory.getLogger(Closings.class);
  private final Deque<Closing> closings = new ArrayDeque<>();
  private final Duration timeout;

  private record Closing(String what, Action action) {}

  @FunctionalInterface
  interface Action {
    void run() throws Exception;
  }

  Closings(Duration timeout) {
    this.timeout = timeout;
  }

  synchronized void add(String what, Action action) {
    closings.push(new Closing(what, action));
  }

  void addStage(String what, Supplier<? extends CompletionStage<?>> stage) {
    addStage(what, timeout, stage);
  }

  void addStage(String what, Duration within, Supplier<? extends CompletionStage<?>> stage) {
    add(
        what,
        () -> stage.get().toCompletableFuture().get(within.toMillis(), TimeUnit.MILLISECONDS));
  }

  synchronized void closeAll() {
    while (!closings.isEmpty()) {
      Closing closing = closings.pop();
      try {
        closing.action().run();
      } catch (TimeoutException slow) {
        LOG.warn("{}: not closed in time", closing.what());
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      } catch (Exception failure) {
        LOG.warn("{}: closing failed: {}", closing.what(), failure.toString());
      }
    }
  }

  /** The result of a stage at start-up, where waiting is fine; a failure becomes one sentence. */
  static <T> T await(CompletionStage<T> stage, Supplier<String> what) {
    try {
      return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      Throwable root = cause.getCause() == null ? cause : cause.getCause();
      throw new SettingsException(what.get() + ": " + sentence(root));
    } catch (TimeoutException slow) {
      throw new SettingsException(what.get() + ": no answer within 30 s");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new SettingsException(what.get() + ": interrupted");
    }
  }

  private static String sentence(Throwable root) {
    if (root instanceof UnresolvedAddressException) {
      return "the name has no address"; // it has no words of its own
    }
    String message = root.getMessage();
    return message == null ? root.getClass().getSimpleName() : message;
  }
}
