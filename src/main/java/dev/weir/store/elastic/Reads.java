package dev.weir.store.elastic;

import dev.weir.store.StoreException;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * Lookups by id, many at once. Each has its time from the moment it is asked; within it a failed
 * request is made again, and when it is over the call fails whatever is under way.
 */
final class Reads implements AutoCloseable {
  private final ElasticClient client;
  private final IndexSetup setup;
  private final Outages outages;
  private final Backoff backoff;
  private final ElasticMetrics metrics;
  private final long timeoutMillis;
  private final Batcher<Question> batcher;

  private record Question(List<Ref> refs, long deadlineNanos, CompletableFuture<List<Found>> answer)
      implements Batcher.Call {
    @Override
    public int documents() {
      return refs.size();
    }

    @Override
    public long bytes() {
      return 200L * refs.size();
    }
  }

  Reads(
      ElasticClient client,
      IndexSetup setup,
      Outages outages,
      Backoff backoff,
      ElasticMetrics metrics,
      ElasticSettings.Lane lane,
      ActorSystem system) {
    this.client = client;
    this.setup = setup;
    this.outages = outages;
    this.backoff = backoff;
    this.metrics = metrics;
    this.timeoutMillis = lane.timeoutMillis();
    this.batcher = new Batcher<>("lookups", system, lane, this::send);
  }

  CompletionStage<List<Found>> ask(List<Ref> refs) {
    if (refs.isEmpty()) {
      return CompletableFuture.completedStage(List.of());
    }
    metrics.lookups.add(refs.size());
    Trouble refusal = outages.refusal();
    if (refusal != null) {
      metrics.failedLookups.increment();
      return CompletableFuture.failedStage(ElasticFailure.told(refusal));
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    Question question = new Question(refs, deadline, new CompletableFuture<>());
    batcher.offer(question).ifPresent(question.answer::completeExceptionally);
    return question
        .answer
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            failure -> {
              metrics.failedLookups.increment();
              return CompletableFuture.failedStage(told(failure));
            });
  }

  private StoreException told(Throwable failure) {
    return switch (failure) {
      case TimeoutException _ ->
          new StoreException("Elasticsearch: no answer within " + timeoutMillis + " ms");
      case StoreException known -> known;
      default -> ElasticFailure.told(ElasticFailure.trouble(failure));
    };
  }

  private CompletionStage<Done> send(List<Question> batch) {
    return setup
        .ready()
        .thenCompose(_ -> attempt(batch, 1))
        .exceptionally(
            failure -> {
              batch.forEach(each -> each.answer.completeExceptionally(failure));
              return Done.getInstance();
            });
  }

  private CompletionStage<Done> attempt(List<Question> batch, int tries) {
    List<Question> live = batch.stream().filter(each -> !each.answer.isDone()).toList();
    List<Ref> refs = live.stream().flatMap(each -> each.refs.stream()).toList();
    long leftMillis = live.stream().mapToLong(Reads::leftMillis).max().orElse(0);
    if (leftMillis <= 0) {
      return done();
    }
    metrics.lookupRequests.increment();
    return client
        .multiGet(refs, leftMillis)
        .handle((found, failure) -> settle(live, tries, found, failure))
        .thenCompose(next -> next);
  }

  private CompletionStage<Done> settle(
      List<Question> live, int tries, @Nullable List<Found> found, @Nullable Throwable failure) {
    if (found != null) {
      outages.succeeded();
      answer(live, found);
      return done();
    }
    Trouble trouble =
        ElasticFailure.trouble(failure == null ? new IllegalStateException() : failure);
    outages.failed(trouble);
    long pause = backoff.pauseMillis(tries);
    boolean again = trouble.kind().passing() && !outages.isOpen();
    for (Question each : live) {
      if (!again || leftMillis(each) <= pause) {
        each.answer.completeExceptionally(ElasticFailure.told(trouble));
      }
    }
    if (live.stream().allMatch(each -> each.answer.isDone())) {
      return done();
    }
    metrics.retries.increment();
    return backoff.after(pause, () -> attempt(live, tries + 1));
  }

  private void answer(List<Question> live, List<Found> found) {
    found.stream()
        .filter(Found.Unknown.class::isInstance)
        .findFirst()
        .ifPresent(one -> noteFailure(((Found.Unknown) one).trouble()));
    int at = 0;
    for (Question each : live) {
      List<Found> own = new ArrayList<>(found.subList(at, at + each.refs.size()));
      at += each.refs.size();
      each.answer.complete(own);
    }
  }

  /** Before anybody hears of it: the next write must not make the index with guessed fields. */
  private void noteFailure(Trouble trouble) {
    outages.failed(trouble);
    if (trouble.kind() == Trouble.Kind.NO_INDEX) {
      setup.missing();
    }
  }

  private static long leftMillis(Question question) {
    return TimeUnit.NANOSECONDS.toMillis(question.deadlineNanos - System.nanoTime());
  }

  private static CompletionStage<Done> done() {
    return CompletableFuture.completedStage(Done.getInstance());
  }

  @Override
  public void close() {
    batcher.close();
  }
}
