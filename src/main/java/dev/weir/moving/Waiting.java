package dev.weir.moving;

import dev.weir.store.StoreException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for stores; a mover's threads are its own and may block. */
public final class Waiting {
  private Waiting() {}

  /** The result, or a {@link StoreException} with the store's words. */
  public static <T> T on(CompletionStage<T> stage, long timeoutMillis) {
    try {
      return stage.toCompletableFuture().get(timeoutMillis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "Interrupted.", e);
    } catch (TimeoutException e) {
      throw new StoreException(StoreException.Kind.UNAVAILABLE, "No answer in time.", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof StoreException told
          ? told
          : new StoreException(StoreException.Kind.UNAVAILABLE, String.valueOf(e.getCause()), e);
    }
  }
}
