package dev.weir.store;

import dev.weir.store.Bodies.MissingChunk;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Takes missing chunks from what their origins send, and counts what came of it. */
final class Restorations {
  private final ChunkStore chunks;
  private final @Nullable Arrivals arrivals;
  private final BlockingPool pool;
  private final LongAdder restored = new LongAdder();
  private final LongAdder notRestored = new LongAdder();

  /**
   * @param arrivals is given what is restored, for the object store; or null if there is none
   */
  Restorations(ChunkStore chunks, @Nullable Arrivals arrivals, BlockingPool pool) {
    this.chunks = chunks;
    this.arrivals = arrivals;
    this.pool = pool;
  }

  long restored() {
    return restored.sum();
  }

  long notRestored() {
    return notRestored.sum();
  }

  /** As {@link Bodies#restore} has it. */
  Sink<ByteString, CompletionStage<Boolean>> restore(MissingChunk chunk) {
    Restoration restoration = new Restoration(chunk, chunks, arrivals);
    return Flow.<ByteString>create()
        .mapAsync(1, bytes -> pool.call(() -> restoration.write(bytes)))
        .toMat(Sink.ignore(), Keep.right())
        .mapMaterializedValue(
            done ->
                done.handle((_, failure) -> ended(restoration, failure))
                    .thenCompose(adopted -> adopted)
                    .thenApply(this::counted));
  }

  private CompletionStage<Boolean> ended(Restoration restoration, @Nullable Throwable failure) {
    return pool.call(() -> restoration.finish(failure == null))
        .whenComplete(
            (_, unfinished) -> {
              if (unfinished != null) {
                restoration.discard(); // for want of a thread, perhaps
              }
            })
        .thenCompose(
            adopted ->
                failure == null
                    ? adopted
                    : CompletableFuture.failedFuture(
                        new StoreException(
                            StoreException.Kind.UNAVAILABLE,
                            "A chunk did not come from its origin.",
                            failure)));
  }

  private boolean counted(boolean restored) {
    (restored ? this.restored : notRestored).increment();
    return restored;
  }
}
