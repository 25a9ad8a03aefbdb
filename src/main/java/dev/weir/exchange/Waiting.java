package dev.weir.exchange;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.Done;

/** How a request's waiting for somebody else's word came to its end. */
sealed interface Waiting<T> {
  record Arrived<T>(T what) implements Waiting<T> {}

  /** This request has waited long enough. */
  record Expired<T>() implements Waiting<T> {}

  /** Its client went away meanwhile. */
  record ClientGone<T>() implements Waiting<T> {}

  /**
   * Waits for what is coming, the deadline, or the client's leaving, whichever is first. A deadline
   * of 0 is none.
   *
   * @param late is given what arrives when nobody waits any more
   */
  static <T> CompletionStage<Waiting<T>> until(
      CompletionStage<T> coming,
      CompletionStage<Done> gone,
      long deadlineMillis,
      long graceMillis,
      Consumer<T> late) {
    CompletableFuture<T> arriving = coming.toCompletableFuture();
    if (arriving.isDone()) {
      return arriving.thenApply(Arrived::new);
    }
    CompletableFuture<Waiting<T>> first = new CompletableFuture<>();
    coming.whenComplete(
        (arrived, failure) -> {
          if (failure != null) {
            first.completeExceptionally(failure);
          } else if (!first.complete(new Arrived<>(arrived))) {
            late.accept(arrived);
          }
        });
    gone.whenComplete(
        (done, failure) ->
            CompletableFuture.delayedExecutor(graceMillis, TimeUnit.MILLISECONDS)
                .execute(() -> first.complete(new ClientGone<>())));
    if (deadlineMillis == 0) {
      return first;
    }
    return first.completeOnTimeout(new Expired<>(), deadlineMillis, TimeUnit.MILLISECONDS);
  }
}
