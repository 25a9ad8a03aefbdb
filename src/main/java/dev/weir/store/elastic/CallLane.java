package dev.weir.store.elastic;

import dev.weir.store.StoreException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;

/**
 * Calls of one kind to a search cluster, many in one request. Each has its time from the moment it
 * is made; what failed for now is tried again within it, and when it is over the call fails
 * whatever is under way.
 *
 * @param <T> what a call is answered with
 */
final class CallLane<T, C extends CallLane.Call<T>> implements AutoCloseable {
  private final IndexSetup setup;
  private final Outages outages;
  private final Backoff backoff;
  private final LongAdder retries;
  private final LongAdder failed;
  private final long timeoutMillis;
  private final String late;
  private final Attempt<C> attempt;
  private final Batcher<C> batcher;

  /** One call under way. */
  abstract static class Call<T> implements Batcher.Call {
    private final CompletableFuture<T> answer = new CompletableFuture<>();
    private volatile long deadlineNanos;

    long leftMillis() {
      return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    }

    void answer(T result) {
      answer.complete(result);
    }

    void fail(Trouble trouble) {
      answer.completeExceptionally(ElasticFailure.told(trouble));
    }
  }

  /** Makes one request of calls that have not been answered. */
  @FunctionalInterface
  interface Attempt<C> {
    /**
     * Completes when all have been answered, one way or another.
     *
     * @param leftMillis of the one that has most time left
     * @param tries the number of this one, from 1
     */
    CompletionStage<Done> send(List<C> live, long leftMillis, int tries);
  }

  /**
   * @param failed counts the calls that failed
   * @param late what is said of one whose time is over
   */
  CallLane(
      String name,
      String late,
      IndexSetup setup,
      Outages outages,
      Backoff backoff,
      LongAdder retries,
      LongAdder failed,
      ElasticSettings.Lane lane,
      ActorSystem system,
      Attempt<C> attempt) {
    this.late = late;
    this.setup = setup;
    this.outages = outages;
    this.backoff = backoff;
    this.retries = retries;
    this.failed = failed;
    this.timeoutMillis = lane.timeoutMillis();
    this.attempt = attempt;
    this.batcher = new Batcher<>(name, system, lane, this::send);
  }

  CompletionStage<T> submit(C call) {
    Trouble refusal = outages.refusal();
    if (refusal != null) {
      failed.increment();
      return CompletableFuture.failedStage(ElasticFailure.told(refusal));
    }
    Call<T> timed = call;
    timed.deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    batcher.offer(call).ifPresent(timed.answer::completeExceptionally);
    return timed
        .answer
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            failure -> {
              failed.increment();
              return CompletableFuture.failedStage(told(failure));
            });
  }

  private StoreException told(Throwable failure) {
    return switch (failure) {
      case TimeoutException _ ->
          new StoreException("Elasticsearch: " + late + " within " + timeoutMillis + " ms");
      case StoreException known -> known;
      default -> ElasticFailure.told(ElasticFailure.trouble(failure));
    };
  }

  private CompletionStage<Done> send(List<C> batch) {
    return setup
        .ready()
        .thenCompose(_ -> attempt(batch, 1))
        .exceptionally(
            failure -> {
              batch.forEach(each -> answerOf(each).completeExceptionally(failure));
              return Done.getInstance();
            });
  }

  private CompletionStage<Done> attempt(List<C> batch, int tries) {
    List<C> live = batch.stream().filter(each -> !answerOf(each).isDone()).toList();
    long leftMillis = live.stream().mapToLong(Call::leftMillis).max().orElse(0);
    return leftMillis <= 0 ? done() : attempt.send(live, leftMillis, tries);
  }

  /** Tries those again that have time for it, unless that is of no use; the others fail. */
  CompletionStage<Done> again(List<C> rest, int tries, Trouble trouble) {
    long pause = backoff.pauseMillis(tries);
    boolean passing = trouble.kind().passing() && !outages.isOpen();
    for (C each : rest) {
      if (!passing || each.leftMillis() <= pause) {
        each.fail(trouble);
      }
    }
    if (rest.stream().allMatch(each -> answerOf(each).isDone())) {
      return done();
    }
    retries.increment();
    return backoff.after(pause, () -> attempt(rest, tries + 1));
  }

  /** A call failed, or all of a request; before anybody hears of it. */
  void noteFailure(Trouble trouble) {
    outages.failed(trouble);
    if (trouble.kind() == Trouble.Kind.NO_INDEX) {
      setup.missing(); // the next write must not make the index with guessed fields
    }
  }

  private CompletableFuture<T> answerOf(C call) {
    Call<T> timed = call;
    return timed.answer;
  }

  static CompletionStage<Done> done() {
    return CompletableFuture.completedStage(Done.getInstance());
  }

  @Override
  public void close() {
    batcher.close();
  }
}
