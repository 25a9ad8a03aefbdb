package dev.weir.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Manifests that are chunks themselves, from the disk or from where it gets what it has not. Those
 * much used stay in memory, decoded, below {@code bodies.manifest-cache-bytes}.
 */
final class Manifests {
  /** What one chunk of a decoded manifest takes in the heap. */
  private static final int HEAP_BYTES_PER_CHUNK = 150;

  private final ChunkStore chunks;
  private final @Nullable Arrivals arrivals;
  private final BlockingPool pool;
  private final long openTimeoutMillis;
  private final Cache<ChunkId, Manifest> memory;

  Manifests(
      ChunkStore chunks, @Nullable Arrivals arrivals, BlockingPool pool, StoreSettings settings) {
    this.chunks = chunks;
    this.arrivals = arrivals;
    this.pool = pool;
    this.openTimeoutMillis = settings.tier().openTimeoutMillis();
    this.memory =
        Caffeine.newBuilder()
            .maximumWeight(settings.bodies().manifestCacheBytes())
            .weigher(
                (ChunkId _, Manifest manifest) ->
                    HEAP_BYTES_PER_CHUNK * (1 + manifest.chunks().size()))
            .executor(Runnable::run)
            .build();
  }

  /** The manifest; empty if it is nowhere or damaged: then nobody knows what the body was. */
  CompletionStage<Optional<Manifest>> of(Body.Listed body) {
    Manifest known = memory.getIfPresent(body.manifest());
    if (known != null) {
      return CompletableFuture.completedFuture(Optional.of(known));
    }
    return pool.call(() -> BodyChunks.read(chunks, body))
        .thenCompose(
            here ->
                here.isPresent() || arrivals == null
                    ? CompletableFuture.completedFuture(here)
                    : fetched(body, arrivals))
        .thenApply(
            found -> {
              found.ifPresent(manifest -> memory.put(body.manifest(), manifest));
              return found;
            });
  }

  private CompletionStage<Optional<Manifest>> fetched(Body.Listed body, Arrivals from) {
    int length = ManifestCodec.encodedBytes(body.chunkCount());
    ChunkReader chunk = from.chunk(body.manifest(), length);
    CompletableFuture<Integer> whole =
        chunk
            .ready(length - 1L, 1) // the last byte comes when all have been checked
            .toCompletableFuture()
            .copy()
            .orTimeout(openTimeoutMillis, TimeUnit.MILLISECONDS);
    return whole
        .thenApplyAsync(
            _ -> Optional.of(ManifestCodec.decode(body, chunk.read(0, length).toArrayUnsafe())),
            pool.executor())
        .handle(
            (manifest, failure) -> {
              chunk.close();
              if (manifest != null) {
                return manifest;
              }
              if (isAbsent(failure)) {
                return Optional.empty();
              }
              throw unavailable(failure);
            });
  }

  /** Whether a chunk did not come because it is not there. */
  static boolean isAbsent(Throwable failure) {
    return cause(failure) instanceof StoreException known
        && known.kind() == StoreException.Kind.ABSENT;
  }

  /** Why a chunk did not come that may be there. */
  static StoreException unavailable(Throwable failure) {
    return cause(failure) instanceof StoreException known
        ? known
        : new StoreException(
            StoreException.Kind.UNAVAILABLE, "A chunk did not arrive in time.", cause(failure));
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** A body in pieces, with the manifests of those that are chunks. */
  record Resolved(long totalBytes, List<Piece> pieces) {}

  /** A piece of a body, from its byte {@code first} on. */
  sealed interface Piece {
    long first();

    long length();

    default long end() {
      return first() + length();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Given(long first, byte[] bytes) implements Piece {
      @Override
      public long length() {
        return bytes.length;
      }
    }

    record Cut(long first, Manifest manifest) implements Piece {
      @Override
      public long length() {
        return manifest.totalBytes();
      }
    }

    /** Its manifest is gone. */
    record Lost(long first, long length) implements Piece {}
  }

  /** One after the other, for a body has few. */
  CompletionStage<Resolved> of(Body.Segmented body) {
    CompletionStage<List<Piece>> pieces =
        CompletableFuture.completedFuture(new ArrayList<>(body.segments().size()));
    for (Body.Segment segment : body.segments()) {
      pieces =
          pieces.thenCompose(
              list ->
                  piece(segment)
                      .thenApply(
                          piece -> {
                            list.add(piece);
                            return list;
                          }));
    }
    return pieces.thenApply(list -> new Resolved(body.totalBytes(), List.copyOf(list)));
  }

  private CompletionStage<Piece> piece(Body.Segment segment) {
    return switch (segment.body()) {
      case Body.Inline(byte[] bytes) ->
          CompletableFuture.completedFuture(new Piece.Given(segment.first(), bytes));
      case Body.Chunked(Manifest manifest) ->
          CompletableFuture.completedFuture(new Piece.Cut(segment.first(), manifest));
      case Body.Listed listed ->
          of(listed)
              .thenApply(
                  found ->
                      found.isPresent()
                          ? new Piece.Cut(segment.first(), found.get())
                          : new Piece.Lost(segment.first(), segment.length()));
      case Body.Segmented _ -> throw new IllegalStateException("no segment holds segments");
    };
  }
}
