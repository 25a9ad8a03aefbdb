package dev.weir.store.elastic;

import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;

/** Lookups by id, many at once. */
final class Reads implements AutoCloseable {
  private final ElasticClient client;
  private final Outages outages;
  private final ElasticMetrics metrics;
  private final CallLane<List<Found>, Question> lane;

  private static final class Question extends CallLane.Call<List<Found>> {
    private final List<Ref> refs;

    Question(List<Ref> refs) {
      this.refs = refs;
    }

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
      ElasticSettings.Lane settings,
      ActorSystem system) {
    this.client = client;
    this.outages = outages;
    this.metrics = metrics;
    this.lane =
        new CallLane<>(
            "lookups",
            "no answer",
            setup,
            outages,
            backoff,
            metrics.retries,
            metrics.failedLookups,
            settings,
            system,
            this::attempt);
  }

  CompletionStage<List<Found>> ask(List<Ref> refs) {
    if (refs.isEmpty()) {
      return CompletableFuture.completedStage(List.of());
    }
    metrics.lookups.add(refs.size());
    return lane.submit(new Question(refs));
  }

  private CompletionStage<Done> attempt(List<Question> live, long leftMillis, int tries) {
    List<Ref> refs = live.stream().flatMap(each -> each.refs.stream()).toList();
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
      return CallLane.done();
    }
    Trouble trouble =
        ElasticFailure.trouble(failure == null ? new IllegalStateException() : failure);
    outages.failed(trouble);
    return lane.again(live, tries, trouble);
  }

  private void answer(List<Question> live, List<Found> found) {
    found.stream()
        .filter(Found.Unknown.class::isInstance)
        .findFirst()
        .ifPresent(one -> lane.noteFailure(((Found.Unknown) one).trouble()));
    int at = 0;
    for (Question each : live) {
      List<Found> own = new ArrayList<>(found.subList(at, at + each.refs.size()));
      at += each.refs.size();
      each.answer(own);
    }
  }

  @Override
  public void close() {
    lane.close();
  }
}
