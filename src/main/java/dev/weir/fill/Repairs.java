package dev.weir.fill;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.http.StrongValidator;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.Origins;
import dev.weir.store.Bodies;
import dev.weir.store.Bodies.MissingChunk;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * Fetches chunks that stored bodies have lost from their origin again: each by its own range under
 * If-Range (RFC 9110 13.1.5), once per chunk and node whoever needs it.
 *
 * <p>Only a 206 with exactly these bytes, of the same whole and under the same strong validator, is
 * taken, and only if the bytes have the digest that names the chunk. Anything else that speaks of
 * another representation means that the entry is out of date: its holder drops it and fetches it
 * anew under a grant, whose epoch says whether that may be stored.
 */
public final class Repairs {
  /** What came of it. */
  public enum Outcome {
    /** Nothing is missing any more. */
    WHOLE,
    /** The entry cannot be mended, or not with less trouble than fetching it anew. */
    HOPELESS,
    /** The origin did not answer, or enough is being mended: the entry may be mended later. */
    LATER
  }

  private final Bodies bodies;
  private final Origins origins;
  private final Materializer materializer;
  private final int maxRunning;
  private final int maxChunks;
  private final ConcurrentMap<ChunkId, CompletableFuture<Outcome>> running =
      new ConcurrentHashMap<>();

  /**
   * @param maxRunning chunks fetched at a time on this node
   * @param maxChunks missing chunks of one body above which it is fetched anew
   */
  public Repairs(
      Bodies bodies, Origins origins, Materializer materializer, int maxRunning, int maxChunks) {
    this.bodies = bodies;
    this.origins = origins;
    this.materializer = materializer;
    this.maxRunning = maxRunning;
    this.maxChunks = maxChunks;
  }

  /**
   * Brings back what those bytes of the entry lack. Never fails.
   *
   * @param whole the request that would fetch the whole, without Range and conditions
   */
  public CompletionStage<Outcome> mend(Entry entry, long from, long to, OriginRequest whole) {
    StrongValidator validator = StrongValidator.of(entry.response().headers());
    if (validator == null || entry.response().status() != 200) {
      return CompletableFuture.completedFuture(Outcome.HOPELESS);
    }
    return bodies
        .missing(entry, from, to)
        .exceptionally(unreadable -> Optional.empty())
        .thenCompose(
            missing ->
                missing.isEmpty() || isTooMuch(missing.get(), entry)
                    ? CompletableFuture.completedFuture(Outcome.HOPELESS)
                    : eachOf(missing.get().iterator(), entry, validator, whole));
  }

  /** One plain fetch that is streamed to its readers costs less then. */
  private boolean isTooMuch(List<MissingChunk> missing, Entry entry) {
    long bytes = missing.stream().mapToLong(MissingChunk::lengthBytes).sum();
    return missing.size() > maxChunks || bytes > entry.body().length() / 2;
  }

  /** One after the other, until one cannot be had. */
  private CompletionStage<Outcome> eachOf(
      Iterator<MissingChunk> left, Entry entry, StrongValidator validator, OriginRequest whole) {
    if (!left.hasNext()) {
      return CompletableFuture.completedFuture(Outcome.WHOLE);
    }
    return joined(left.next(), entry, validator, whole)
        .thenCompose(
            outcome ->
                outcome == Outcome.WHOLE
                    ? eachOf(left, entry, validator, whole)
                    : CompletableFuture.completedFuture(outcome));
  }

  private CompletionStage<Outcome> joined(
      MissingChunk chunk, Entry entry, StrongValidator validator, OriginRequest whole) {
    CompletableFuture<Outcome> mine = new CompletableFuture<>();
    CompletableFuture<Outcome> other = running.putIfAbsent(chunk.id(), mine);
    if (other != null) {
      return other;
    }
    if (running.size() > maxRunning) {
      running.remove(chunk.id(), mine);
      mine.complete(Outcome.LATER);
      return mine;
    }
    begin(chunk, entry, validator, whole)
        .whenComplete(
            (outcome, failure) -> {
              running.remove(chunk.id(), mine);
              mine.complete(outcome == null ? Outcome.LATER : outcome);
            });
    return mine;
  }

  private CompletionStage<Outcome> begin(
      MissingChunk chunk, Entry entry, StrongValidator validator, OriginRequest whole) {
    RangeRequest range =
        new RangeRequest(chunk.first(), chunk.end(), entry.body().length(), validator);
    try {
      return origins
          .fetch(OriginRequest.of(range.head(whole.head()), whole.timeouts()).on(whole.terms()))
          .thenCompose(response -> answered(chunk, range, response));
    } catch (RuntimeException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private CompletionStage<Outcome> answered(
      MissingChunk chunk, RangeRequest range, OriginResponse response) {
    if (range.isAnsweredBy(response)) {
      return response
          .body()
          .runWith(bodies.restore(chunk), materializer)
          .thenApply(restored -> restored ? Outcome.WHOLE : Outcome.HOPELESS);
    }
    response.body().runWith(Sink.cancelled(), materializer);
    int status = response.head().status();
    boolean undecided = status >= 500 || status == 429 || status == 401 || status == 403;
    return CompletableFuture.completedFuture(undecided ? Outcome.LATER : Outcome.HOPELESS);
  }
}
