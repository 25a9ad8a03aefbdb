package dev.weir.store.elastic;

import dev.weir.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Makes one request of the calls that come while the ones before are under way. A lone call is sent
 * at once; a batch forms only while all of {@code parallelism} are busy, so there is no window to
 * wait for. Bounded in calls and in bytes: beyond that a call is refused.
 */
final class Batcher<T extends Batcher.Call> implements AutoCloseable {
  private static final long CLOSE_SECONDS = 5;

  private final String name;
  private final BoundedSourceQueue<T> queue;
  private final CompletionStage<Done> ended;
  private final AtomicLong queuedBytes = new AtomicLong();
  private final long maxQueuedBytes;

  /** Something to be sent. */
  interface Call {
    /** How many documents it is about. */
    int documents();

    long bytes();
  }

  /**
   * @param send completes when all of its calls have been answered, one way or another
   */
  Batcher(
      String name,
      ActorSystem system,
      ElasticSettings.Lane lane,
      Function<List<T>, CompletionStage<Done>> send) {
    this.name = name;
    this.maxQueuedBytes = lane.queueBytes();
    var running =
        Source.<T>queue(lane.queue())
            .batchWeighted(10_000, call -> weight(call, lane), Batcher::begin, Batcher::add)
            .mapAsyncUnordered(
                lane.parallelism(),
                batch -> {
                  long bytes = batch.stream().mapToLong(Call::bytes).sum();
                  return send.apply(batch).whenComplete((_, _) -> queuedBytes.addAndGet(-bytes));
                })
            .toMat(Sink.ignore(), Keep.both())
            .run(SystemMaterializer.get(system).materializer());
    this.queue = running.first();
    this.ended = running.second();
  }

  /** In ten-thousandths of what a request may hold, by number or by bytes. */
  private static long weight(Call call, ElasticSettings.Lane lane) {
    long byNumber = 10_000L * call.documents() / lane.batch();
    long byBytes = 10_000L * call.bytes() / lane.batchBytes();
    return Math.max(1, Math.max(byNumber, byBytes));
  }

  private static <T> List<T> begin(T first) {
    List<T> batch = new ArrayList<>();
    batch.add(first);
    return batch;
  }

  private static <T> List<T> add(List<T> batch, T next) {
    batch.add(next);
    return batch;
  }

  /** Queues the call; why not, or nothing. */
  Optional<StoreException> offer(T call) {
    if (queuedBytes.addAndGet(call.bytes()) > maxQueuedBytes) {
      queuedBytes.addAndGet(-call.bytes());
      return Optional.of(overloaded());
    }
    QueueOfferResult result = queue.offer(call);
    if (result.isEnqueued()) {
      return Optional.empty();
    }
    queuedBytes.addAndGet(-call.bytes());
    return Optional.of(result instanceof QueueOfferResult.Dropped$ ? overloaded() : closed());
  }

  private StoreException overloaded() {
    return new StoreException("Elasticsearch: too many " + name + " are waiting.");
  }

  static StoreException closed() {
    return new StoreException("The metadata store is closed.");
  }

  /** Takes nothing more and lets what is queued finish; blocks for some seconds at most. */
  @Override
  public void close() {
    queue.complete();
    try {
      ended.toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException _) {
      // its callers have their own time limits
    }
  }
}
