package dev.weir.exchange;

import dev.weir.fill.FillHead;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;

/** How waiting for the head of a fill came to its end. */
sealed interface Waiting {
  record Arrived(FillHead head) implements Waiting {}

  /** This request has waited long enough. */
  record Expired() implements Waiting {}

  /** Its client went away meanwhile. */
  record ClientGone() implements Waiting {}

  /**
   * Waits for the head, the deadline, or the client's leaving, whichever is first. A deadline of 0
   * is none.
   */
  static CompletionStage<Waiting> forHead(
      CompletionStage<FillHead> head,
      CompletionStage<Done> gone,
      long deadlineMillis,
      long graceMillis) {
    CompletableFuture<FillHead> arriving = head.toCompletableFuture();
    if (arriving.isDone()) {
      return arriving.thenApply(Arrived::new);
    }
    CompletableFuture<Waiting> first = new CompletableFuture<>();
    head.whenComplete(
        (arrived, failure) -> {
          if (arrived != null) {
            first.complete(new Arrived(arrived));
          } else {
            first.completeExceptionally(failure);
          }
        });
    gone.whenComplete(
        (done, failure) ->
            CompletableFuture.delayedExecutor(graceMillis, TimeUnit.MILLISECONDS)
                .execute(() -> first.complete(new ClientGone())));
    if (deadlineMillis == 0) {
      return first;
    }
    return first.completeOnTimeout(new Expired(), deadlineMillis, TimeUnit.MILLISECONDS);
  }
}
