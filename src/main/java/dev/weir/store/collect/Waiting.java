package dev.weir.store.collect;

import dev.weir.store.StoreException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for stages, in the thread of a collector or a check, which has nothing else to do. */
final class Waiting {
  /** Of one call to a store, which has limits of its own well below. */
  private static final long CALL_SECONDS = 120;

  private Waiting() {}

  static <T> T forCall(CompletionStage<T> stage) {
    return within(stage, CALL_SECONDS, TimeUnit.SECONDS);
  }

  /** A walk lasts as long as there is something; each of its steps has limits of its own. */
  static <T> T forWalk(CompletionStage<T> stage) {
    return within(stage, 7, TimeUnit.DAYS);
  }

  private static <T> T within(CompletionStage<T> stage, long time, TimeUnit unit) {
    try {
      return stage.toCompletableFuture().get(time, unit);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof RuntimeException known) {
        throw known;
      }
      throw new StoreException(StoreException.Kind.UNAVAILABLE, String.valueOf(cause), e);
    } catch (TimeoutException e) {
      throw new StoreException(
          StoreException.Kind.UNAVAILABLE, "A store did not answer in time.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "Interrupted.", e);
    }
  }
}
