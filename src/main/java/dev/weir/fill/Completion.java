package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.http.Headers;
import dev.weir.http.NotModified;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.http.StrongValidator;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.Origins;
import dev.weir.store.Bodies;
import dev.weir.store.Bodies.OpenBody;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Fetches what is missing of a body whose parts are stored, and hands on the whole as if the origin
 * had sent it (RFC 9111 3.3): the stored bytes before the gap, the origin's, the stored ones after.
 *
 * <p>The gap is asked for under If-Range. Only a 206 with exactly these bytes, of the same whole
 * and under the same strong validator, is put together with what is stored; a 200 stands for
 * itself, and anything else that is no plain error has the whole fetched anew.
 */
public final class Completion {
  private final Entry held;
  private final Bodies bodies;
  private final Consumer<Entry> damaged;
  private final Materializer materializer;
  private final List<String> targets;
  private final RangeRequest gap;

  private Completion(
      Entry held,
      RangeRequest gap,
      List<String> targets,
      Bodies bodies,
      Consumer<Entry> damaged,
      Materializer materializer) {
    this.held = held;
    this.bodies = bodies;
    this.damaged = damaged;
    this.materializer = materializer;
    this.gap = gap;
    this.targets = targets;
  }

  /**
   * For an entry of which something is missing; null if nothing is, if neither its first nor its
   * last bytes are there, or if it has no strong validator: then its parts help nobody who wants
   * more than they hold.
   *
   * @param targets the fields that may stand in for Cache-Control (RFC 9213)
   * @param damaged is told of an entry whose stored bytes cannot be read
   */
  public static @Nullable Completion of(
      Entry held,
      List<String> targets,
      Bodies bodies,
      Consumer<Entry> damaged,
      Materializer materializer) {
    StrongValidator validator = StrongValidator.of(held.response().headers());
    return validator != null
            && held.body() instanceof Body.Segmented body
            && !body.complete()
            && (body.reach(0) > 0 || body.lastGapEnd() < body.totalBytes())
        ? new Completion(
            held,
            new RangeRequest(body.reach(0), body.lastGapEnd(), body.totalBytes(), validator),
            targets,
            bodies,
            damaged,
            materializer)
        : null;
  }

  /** The whole, however it comes; {@code whole} is the request for all of it. */
  CompletionStage<OriginResponse> fetch(Origins origins, OriginRequest whole) {
    return opened()
        .thenCompose(
            stored -> {
              if (stored.isEmpty()) {
                damaged.accept(held);
                return origins.fetch(whole);
              }
              return fetchGap(origins, whole, stored.get());
            });
  }

  private CompletionStage<OriginResponse> fetchGap(
      Origins origins, OriginRequest whole, Stored stored) {
    CompletionStage<OriginResponse> fetched;
    try {
      fetched = origins.fetch(gapOf(whole));
    } catch (RuntimeException e) {
      stored.release();
      throw e;
    }
    return fetched
        .whenComplete(
            (response, failed) -> {
              if (response == null) {
                stored.release();
              }
            })
        .thenCompose(
            response -> {
              if (gap.isAnsweredBy(response)) {
                return CompletableFuture.completedStage(joined(response, stored));
              }
              stored.release();
              int status = response.head().status();
              if (status != 206 && status != 304 && status != 416) {
                return CompletableFuture.completedStage(response);
              }
              response.body().runWith(Sink.cancelled(), materializer);
              return origins.fetch(whole);
            });
  }

  private OriginRequest gapOf(OriginRequest whole) {
    return new OriginRequest(
            gap.head(whole.head()),
            whole.body(),
            whole.bodyLength(),
            whole.timeouts(),
            whole.interim())
        .on(whole.terms());
  }

  /** Fields of the newer response replace the stored ones (RFC 9111 3.4, 3.2). */
  private OriginResponse joined(OriginResponse response, Stored stored) {
    StoredResponse merged =
        NotModified.merge(
            held.response(), response.head().headers(), 0, System.currentTimeMillis(), targets);
    AtomicBoolean begun = new AtomicBoolean();
    List<Source<ByteString, ?>> sources = new ArrayList<>(3);
    if (stored.before != null) {
      sources.add(read(stored.before.bytes(0, gap.first())));
    }
    sources.add(
        Source.lazySource(
            () -> {
              begun.set(true);
              return response.body();
            }));
    if (stored.after != null) {
      sources.add(read(stored.after.bytes(gap.end(), gap.totalBytes())));
    }
    Source<ByteString, NotUsed> body =
        Source.from(sources)
            .flatMapConcat(source -> source)
            .watchTermination(
                (ignored, done) -> {
                  done.whenComplete(
                      (ok, failed) -> {
                        stored.release();
                        if (begun.compareAndSet(false, true)) {
                          response.body().runWith(Sink.cancelled(), materializer);
                        }
                      });
                  return NotUsed.getInstance();
                });
    return new OriginResponse(
        new ResponseHead(200, "OK", merged.headers()),
        body,
        OptionalLong.of(gap.totalBytes()),
        false,
        CompletableFuture.completedStage(Headers.EMPTY)); // its trailers speak of the rest alone
  }

  private Source<ByteString, NotUsed> read(Source<ByteString, NotUsed> bytes) {
    return bytes.mapError(
        RuntimeException.class,
        broken -> {
          damaged.accept(held);
          return broken;
        });
  }

  /** What is stored on either side of the gap, pinned; null where there is nothing. */
  private record Stored(@Nullable OpenBody before, @Nullable OpenBody after) {
    void release() {
      if (before != null) {
        before.release();
      }
      if (after != null) {
        after.release();
      }
    }
  }

  private CompletionStage<Optional<Stored>> opened() {
    CompletionStage<Optional<OpenBody>> before = open(gap.first() > 0);
    CompletionStage<Optional<OpenBody>> after = open(gap.end() < gap.totalBytes());
    return before.thenCombine(
        after,
        (one, other) -> {
          Stored stored = new Stored(one.orElse(null), other.orElse(null));
          boolean lost =
              (gap.first() > 0 && one.isEmpty())
                  || (gap.end() < gap.totalBytes() && other.isEmpty());
          if (lost) {
            stored.release();
          }
          return lost ? Optional.empty() : Optional.of(stored);
        });
  }

  private CompletionStage<Optional<OpenBody>> open(boolean needed) {
    return needed
        ? bodies.open(held).exceptionally(unreadable -> Optional.empty())
        : CompletableFuture.completedStage(Optional.empty());
  }
}
