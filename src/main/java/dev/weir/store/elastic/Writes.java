package dev.weir.store.elastic;

import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.StoreException;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Outcome;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * Conditional writes, many at once, each with its own answer. What failed for now is tried again
 * within the write's time.
 *
 * <p>After a request whose answer was lost it is unknown whether its writes were done. They are
 * sent again, being conditional; but a conflict then may be with ourselves, so the document is
 * read: if it is what we wrote, the write has succeeded.
 */
final class Writes implements AutoCloseable {
  private final ElasticClient client;
  private final IndexSetup setup;
  private final Outages outages;
  private final Backoff backoff;
  private final ElasticMetrics metrics;
  private final long timeoutMillis;
  private final Batcher<Write> batcher;
  private volatile @Nullable Trouble blocked;

  /** One write under way. */
  private static final class Write implements Batcher.Call {
    private final Operation operation;
    private final long deadlineNanos;
    private final CompletableFuture<WriteResult> answer = new CompletableFuture<>();

    /** Whether an earlier try may have succeeded without our knowing. */
    private volatile boolean doubtful;

    Write(Operation operation, long deadlineNanos) {
      this.operation = operation;
      this.deadlineNanos = deadlineNanos;
    }

    @Override
    public int documents() {
      return 1;
    }

    @Override
    public long bytes() {
      return operation.bytes();
    }

    long leftMillis() {
      return TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
    }
  }

  Writes(
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
    this.batcher = new Batcher<>("writes", system, lane, this::send);
  }

  /** Why the last write was refused for all, such as a read-only index, or null. */
  @Nullable Trouble blocked() {
    return blocked;
  }

  CompletionStage<WriteResult> submit(Operation operation) {
    metrics.writes.increment();
    Trouble refusal = outages.refusal();
    if (refusal != null) {
      metrics.failedWrites.increment();
      return CompletableFuture.failedStage(ElasticFailure.told(refusal));
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    Write write = new Write(operation, deadline);
    batcher.offer(write).ifPresent(write.answer::completeExceptionally);
    return write
        .answer
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            failure -> {
              metrics.failedWrites.increment();
              return CompletableFuture.failedStage(told(failure));
            });
  }

  private StoreException told(Throwable failure) {
    return switch (failure) {
      case TimeoutException _ ->
          new StoreException("Elasticsearch: not written within " + timeoutMillis + " ms");
      case StoreException known -> known;
      default -> ElasticFailure.told(ElasticFailure.trouble(failure));
    };
  }

  private CompletionStage<Done> send(List<Write> batch) {
    return setup
        .ready()
        .thenCompose(_ -> attempt(batch, 1))
        .exceptionally(
            failure -> {
              batch.forEach(each -> each.answer.completeExceptionally(failure));
              return Done.getInstance();
            });
  }

  private CompletionStage<Done> attempt(List<Write> batch, int tries) {
    List<Write> live = batch.stream().filter(each -> !each.answer.isDone()).toList();
    long leftMillis = live.stream().mapToLong(Write::leftMillis).max().orElse(0);
    if (leftMillis <= 0) {
      return done();
    }
    metrics.writeRequests.increment();
    return client
        .bulk(live.stream().map(each -> each.operation).toList(), leftMillis)
        .handle(
            (outcomes, failure) ->
                outcomes == null
                    ? unanswered(live, tries, failure)
                    : answered(live, tries, outcomes))
        .thenCompose(next -> next);
  }

  private CompletionStage<Done> unanswered(
      List<Write> live, int tries, @Nullable Throwable failure) {
    Trouble trouble =
        ElasticFailure.trouble(failure == null ? new IllegalStateException() : failure);
    noteFailure(trouble);
    live.forEach(each -> each.doubtful |= trouble.kind() == Trouble.Kind.UNREACHABLE);
    return again(live, tries, trouble);
  }

  private CompletionStage<Done> answered(List<Write> live, int tries, List<Outcome> outcomes) {
    List<Write> rest = new ArrayList<>();
    List<CompletableFuture<?>> checks = new ArrayList<>();
    Trouble trouble = null;
    for (int i = 0; i < live.size(); i++) {
      Write write = live.get(i);
      switch (outcomes.get(i)) {
        case Outcome.Done(String version) -> write.answer.complete(written(write, version));
        case Outcome.Conflict() when write.doubtful ->
            checks.add(resolve(write).toCompletableFuture());
        case Outcome.Conflict() -> conflict(write);
        case Outcome.Failed(Trouble failed) -> {
          trouble = failed;
          if (failed.kind().passing()) {
            rest.add(write);
          } else {
            write.answer.completeExceptionally(ElasticFailure.told(failed));
          }
        }
      }
    }
    if (trouble == null) {
      outages.succeeded();
      blocked = null;
    } else {
      noteFailure(trouble);
    }
    CompletionStage<Done> further = trouble == null ? done() : again(rest, tries, trouble);
    return CompletableFuture.allOf(checks.toArray(CompletableFuture[]::new))
        .thenCompose(_ -> further);
  }

  private static WriteResult written(Write write, String version) {
    return new WriteResult.Written(
        write.operation instanceof Operation.Delete ? Version.ABSENT : new Version(version));
  }

  private void conflict(Write write) {
    metrics.conflicts.increment();
    write.answer.complete(new WriteResult.Conflict());
  }

  private void noteFailure(Trouble trouble) {
    outages.failed(trouble);
    if (trouble.kind() == Trouble.Kind.NO_INDEX) {
      setup.missing();
    }
    if (trouble.kind() == Trouble.Kind.BLOCKED) {
      blocked = trouble;
    }
  }

  private CompletionStage<Done> again(List<Write> rest, int tries, Trouble trouble) {
    long pause = backoff.pauseMillis(tries);
    boolean passing = trouble.kind().passing() && !outages.isOpen();
    for (Write each : rest) {
      if (!passing || each.leftMillis() <= pause) {
        each.answer.completeExceptionally(ElasticFailure.told(trouble));
      }
    }
    if (rest.stream().allMatch(each -> each.answer.isDone())) {
      return done();
    }
    metrics.retries.increment();
    return backoff.after(pause, () -> attempt(rest, tries + 1));
  }

  /** Is what stands there ours? */
  private CompletionStage<Done> resolve(Write write) {
    Ref ref = new Ref(write.operation.index(), write.operation.id(), true);
    return client
        .multiGet(List.of(ref), Math.max(1, write.leftMillis()))
        .handle(
            (found, failure) -> {
              if (found == null) {
                write.answer.completeExceptionally(
                    ElasticFailure.told(
                        ElasticFailure.trouble(
                            failure == null ? new IllegalStateException() : failure)));
              } else {
                settle(write, found.getFirst());
              }
              return Done.getInstance();
            });
  }

  private void settle(Write write, Found now) {
    switch (write.operation) {
      case Operation.Create create -> settle(write, create.source(), now);
      case Operation.Replace replace -> settle(write, replace.source(), now);
      case Operation.Delete _ when now instanceof Found.Absent ->
          write.answer.complete(new WriteResult.Written(Version.ABSENT));
      case Operation.Delete _ -> conflict(write);
    }
  }

  private void settle(Write write, byte[] wanted, Found now) {
    if (now instanceof Found.Present present && Arrays.equals(present.source(), wanted)) {
      write.answer.complete(new WriteResult.Written(new Version(present.version())));
    } else {
      conflict(write);
    }
  }

  private static CompletionStage<Done> done() {
    return CompletableFuture.completedStage(Done.getInstance());
  }

  @Override
  public void close() {
    batcher.close();
  }
}
