package dev.weir.store.elastic;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorSystem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that the indices are there before anything is written: a write to a missing index
 * would make one with guessed fields. Tried at once, then once per probe interval until it
 * succeeds, and anew when an index turns out to be gone. While it has not succeeded calls fail at
 * once, but for the first try, which they wait for.
 */
final class IndexSetup implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(IndexSetup.class);

  private final ElasticClient client;
  private final List<ElasticClient.IndexPlan> plans;
  private final ElasticSettings.Failures settings;
  private final ActorSystem system;
  private CompletableFuture<Void> state = new CompletableFuture<>();
  private boolean running;
  private boolean closed;

  IndexSetup(
      ElasticClient client,
      List<ElasticClient.IndexPlan> plans,
      ElasticSettings.Failures settings,
      ActorSystem system) {
    this.client = client;
    this.plans = plans;
    this.settings = settings;
    this.system = system;
  }

  /** Done when the indices are there; failed with the last failure while they are not. */
  synchronized CompletionStage<Void> ready() {
    return state;
  }

  /** Why the indices are not there, or null. */
  synchronized @Nullable Trouble problem() {
    return state.isCompletedExceptionally() ? ElasticFailure.trouble(state.exceptionNow()) : null;
  }

  /** Begins, unless it is under way. */
  synchronized void begin() {
    if (running || closed) {
      return;
    }
    running = true;
    CompletionStage<Void> all = CompletableFuture.completedStage(null);
    for (ElasticClient.IndexPlan plan : plans) {
      all = all.thenCompose(_ -> client.ensureIndex(plan, settings.setupTimeoutMillis()));
    }
    all.whenComplete((_, failure) -> finished(failure));
  }

  /** An index was found missing. */
  synchronized void missing() {
    if (state.isDone() && !state.isCompletedExceptionally()) {
      log.warn("An index of Weir is gone from Elasticsearch; it is made anew");
      state = new CompletableFuture<>();
      begin();
    }
  }

  private synchronized void finished(@Nullable Throwable failure) {
    running = false;
    if (failure == null) {
      if (state.isCompletedExceptionally()) {
        log.info("The indices in Elasticsearch are there now");
        state = new CompletableFuture<>();
      }
      state.complete(null);
      return;
    }
    Trouble trouble = ElasticFailure.trouble(failure);
    if (!state.isCompletedExceptionally()) {
      log.warn("The indices in Elasticsearch are not there yet: {}", trouble.text());
    } else {
      state = new CompletableFuture<>();
    }
    state.completeExceptionally(new ElasticFailure(trouble));
    if (!closed) {
      system
          .scheduler()
          .scheduleOnce(
              Duration.ofMillis(settings.probeMillis()), this::begin, system.dispatcher());
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
