package dev.weir.store.elastic;

import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Outcome;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * Conditional writes, many at once, each with its own answer.
 *
 * <p>After a request whose answer was lost it is unknown whether its writes were done. They are
 * sent again, being conditional; but a conflict then may be with ourselves, so the document is
 * read: if it is what we wrote, the write has succeeded.
 */
final class Writes implements AutoCloseable {
  private final ElasticClient client;
  private final Outages outages;
  private final ElasticMetrics metrics;
  private final CallLane<WriteResult, Write> lane;
  private volatile @Nullable Trouble blocked;

  /** One write under way. */
  private static final class Write extends CallLane.Call<WriteResult> {
    private final Operation operation;

    /** Whether an earlier try may have succeeded without our knowing. */
    private volatile boolean doubtful;

    Write(Operation operation) {
      this.operation = operation;
    }

    @Override
    public int documents() {
      return 1;
    }

    @Override
    public long bytes() {
      return operation.bytes();
    }
  }

  Writes(
      ElasticClient client,
      IndexSetup setup,
      Outages outages,
      Backoff backoff,
      ElasticMetrics metrics,
      ElasticSettings.Lane settings,
      ActorSystem system) {
    this.client = client;
    this.outages = outages;
    this.metrics = metrics;
    this.lane =
        new CallLane<>(
            "writes",
            "not written",
            setup,
            outages,
            backoff,
            metrics.retries,
            metrics.failedWrites,
            settings,
            system,
            this::attempt);
  }

  /** Why the last write was refused for all, such as a read-only index, or null. */
  @Nullable Trouble blocked() {
    return blocked;
  }

  CompletionStage<WriteResult> submit(Operation operation) {
    metrics.writes.increment();
    return lane.submit(new Write(operation));
  }

  private CompletionStage<Done> attempt(List<Write> live, long leftMillis, int tries) {
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
    return lane.again(live, tries, trouble);
  }

  private CompletionStage<Done> answered(List<Write> live, int tries, List<Outcome> outcomes) {
    List<Write> rest = new ArrayList<>();
    List<CompletableFuture<?>> checks = new ArrayList<>();
    Trouble trouble = null;
    for (int i = 0; i < live.size(); i++) {
      Write write = live.get(i);
      switch (outcomes.get(i)) {
        case Outcome.Done(String version) -> write.answer(written(write, version));
        case Outcome.Conflict() when write.doubtful ->
            checks.add(resolve(write).toCompletableFuture());
        case Outcome.Conflict() -> conflict(write);
        case Outcome.Failed(Trouble failed) -> {
          trouble = failed;
          if (failed.kind().passing()) {
            rest.add(write);
          } else {
            write.fail(failed);
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
    CompletionStage<Done> further =
        trouble == null ? CallLane.done() : lane.again(rest, tries, trouble);
    return CompletableFuture.allOf(checks.toArray(CompletableFuture[]::new))
        .thenCompose(_ -> further);
  }

  private static WriteResult written(Write write, String version) {
    return new WriteResult.Written(
        write.operation instanceof Operation.Delete ? Version.ABSENT : new Version(version));
  }

  private void conflict(Write write) {
    metrics.conflicts.increment();
    write.answer(new WriteResult.Conflict());
  }

  private void noteFailure(Trouble trouble) {
    lane.noteFailure(trouble);
    if (trouble.kind() == Trouble.Kind.BLOCKED) {
      blocked = trouble;
    }
  }

  /** Is what stands there ours? */
  private CompletionStage<Done> resolve(Write write) {
    Ref ref = new Ref(write.operation.index(), write.operation.id(), true);
    return client
        .multiGet(List.of(ref), Math.max(1, write.leftMillis()))
        .handle(
            (found, failure) -> {
              if (found == null) {
                write.fail(
                    ElasticFailure.trouble(
                        failure == null ? new IllegalStateException() : failure));
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
          write.answer(new WriteResult.Written(Version.ABSENT));
      case Operation.Delete _ -> conflict(write);
    }
  }

  private void settle(Write write, byte[] wanted, Found now) {
    if (now instanceof Found.Present present && Arrays.equals(present.source(), wanted)) {
      write.answer(new WriteResult.Written(new Version(present.version())));
    } else {
      conflict(write);
    }
  }

  @Override
  public void close() {
    lane.close();
  }
}
