package dev.weir.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Manifest;
import dev.weir.store.BodyStage.Pins;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Bodies from the document itself, from memory, and from chunks. Small bodies (up to {@code
 * short-path-bytes}) are read whole and stay in memory while they are much used, by the digest of
 * their one chunk, so that entries with the same content share them; bigger ones are streamed by
 * {@link BodyStage} and leave caching to the kernel.
 */
public final class TieredBodies implements Bodies, AutoCloseable {
  /** What Caffeine and the objects round the bytes take, roughly. */
  private static final int CACHED_OVERHEAD_BYTES = 300;

  private final StoreSettings settings;
  private final Consumer<Entry> used;
  private final BodyStage.Means means;
  private final Cache<ChunkId, ByteString> memory;
  private final Manifests manifests;
  private final Pinning pinning;
  private final Restorations restorations;
  private final UnreadBodies unread;

  /**
   * Bodies over that chunk store.
   *
   * @param used told each use of an entry; must be cheap
   */
  public TieredBodies(ChunkStore chunks, StoreSettings settings, Consumer<Entry> used) {
    this(chunks, null, settings, used);
  }

  /**
   * @param arrivals brings what the chunk store has not; or null if there is nowhere to bring it
   *     from
   */
  TieredBodies(
      ChunkStore chunks,
      @Nullable Arrivals arrivals,
      StoreSettings settings,
      Consumer<Entry> used) {
    this.settings = settings;
    this.used = used;
    StoreSettings.BodyPath path = settings.bodies();
    this.means =
        new BodyStage.Means(
            path,
            new InFlightBudget(path.inFlightBytes(), path.minSliceBytes()),
            new BlockingPool("body", path.threads(), path.queue()),
            arrivals == null ? 0 : settings.tier().chunksAhead(),
            // A copy that is damaged here is whole elsewhere: that is no reason to forget the
            // entry.
            arrivals == null ? StoreException.Kind.FAILED : StoreException.Kind.UNAVAILABLE);
    this.memory =
        Caffeine.newBuilder()
            .maximumWeight(path.memoryCacheBytes())
            .weigher((ChunkId _, ByteString bytes) -> bytes.length() + CACHED_OVERHEAD_BYTES)
            .executor(Runnable::run)
            .build();
    this.manifests = new Manifests(chunks, arrivals, means.pool(), settings);
    this.pinning = new Pinning(chunks, arrivals, settings.chunks().verifyAtOpenBytes());
    this.restorations = new Restorations(chunks, arrivals, means.pool());
    this.unread = new UnreadBodies(path.unreadBodyTimeoutMillis());
  }

  /** What is in flight now; for metrics. */
  public InFlightBudget inFlight() {
    return means.budget();
  }

  /** Bytes of bodies in the memory tier, approximately; for metrics. */
  public long memoryBytes() {
    return memory.policy().eviction().map(tier -> tier.weightedSize().orElse(0)).orElse(0L);
  }

  /** How many opened bodies nobody read or released in time; each is a bug of a caller. */
  public long leakedBodies() {
    return unread.leaked();
  }

  @Override
  public @Nullable ByteString hot(Entry entry) {
    return switch (entry.body()) {
      case Body.Inline(byte[] bytes) -> ByteString.fromArrayUnsafe(bytes);
      case Body.Chunked(Manifest manifest) -> hot(manifest);
      case Body.Listed listed -> null;
      case Body.Segmented segmented -> null;
    };
  }

  private @Nullable ByteString hot(Manifest manifest) {
    if (manifest.totalBytes() == 0) {
      return ByteString.emptyByteString();
    }
    return isShort(manifest) ? memory.getIfPresent(manifest.chunks().getFirst()) : null;
  }

  private boolean isShort(Manifest manifest) {
    return manifest.chunks().size() == 1
        && manifest.totalBytes() <= settings.bodies().shortPathBytes();
  }

  @Override
  public CompletionStage<Optional<OpenBody>> open(Entry entry, long from, long to) {
    ByteString hot = hot(entry);
    if (hot != null) {
      return CompletableFuture.completedStage(Optional.of(new StrictBody(hot)));
    }
    return switch (entry.body()) {
      case Body.Inline(byte[] bytes) ->
          CompletableFuture.completedStage(
              Optional.of(new StrictBody(ByteString.fromArrayUnsafe(bytes))));
      case Body.Chunked(Manifest manifest) ->
          means.pool().call(() -> openNow(manifest, from, to)).thenCompose(opened -> opened);
      case Body.Listed listed ->
          manifests
              .of(listed)
              .thenCompose(
                  manifest ->
                      manifest.isEmpty()
                          ? CompletableFuture.completedStage(Optional.empty())
                          : means
                              .pool()
                              .call(() -> openNow(manifest.get(), from, to))
                              .thenCompose(opened -> opened));
      case Body.Segmented segmented ->
          manifests
              .of(segmented)
              .thenCompose(resolved -> means.pool().call(() -> openNow(resolved, from, to)));
    };
  }

  private CompletionStage<Optional<OpenBody>> openNow(Manifest manifest, long from, long to) {
    Pins pins = pinning.pin(manifest, from, to);
    if (pins == null) {
      return CompletableFuture.completedStage(Optional.empty());
    }
    if (!pins.chunks().getFirst().isHere()) {
      return arriving(pins, from, to);
    }
    if (!isShort(manifest)) {
      return CompletableFuture.completedStage(Optional.of(opened(pins)));
    }
    try {
      return CompletableFuture.completedStage(
          Optional.of(new StrictBody(readShort(manifest, pins.chunk(0)))));
    } finally {
      pins.close();
    }
  }

  private Optional<OpenBody> openNow(Manifests.Resolved body, long from, long to) {
    List<HeldStretch> held = new ArrayList<>();
    boolean keep = false;
    try {
      for (Manifests.Piece piece : body.pieces()) {
        long first = Math.max(from, piece.first());
        long end = Math.min(to, piece.end());
        if (first < end) {
          HeldStretch one = hold(piece, first - piece.first(), end - piece.first());
          if (one == null) {
            return Optional.empty();
          }
          held.add(one);
        }
      }
      keep = true;
      return Optional.of(pinned(body.totalBytes(), held));
    } finally {
      if (!keep) {
        held.forEach(HeldStretch::close);
      }
    }
  }

  private @Nullable HeldStretch hold(Manifests.Piece piece, long from, long to) {
    return switch (piece) {
      case Manifests.Piece.Given(long first, byte[] bytes) ->
          new HeldStretch.Given(first, ByteString.fromArrayUnsafe(bytes));
      case Manifests.Piece.Cut(long first, Manifest manifest) -> {
        Pins pins = pinning.pin(manifest, from, to);
        yield pins == null ? null : new HeldStretch.Pinned(first, pins);
      }
      case Manifests.Piece.Lost _ -> null;
    };
  }

  private OpenBody pinned(long length, List<HeldStretch> held) {
    ChunkedBody body = new ChunkedBody(length, List.copyOf(held), means, unread);
    unread.add(body);
    return body;
  }

  private OpenBody opened(Pins pins) {
    return pinned(pins.manifest().totalBytes(), List.of(new HeldStretch.Pinned(0, pins)));
  }

  /** Waits until the first bytes are here: only then is it known that there are any. */
  private CompletionStage<Optional<OpenBody>> arriving(Pins pins, long from, long to) {
    Manifest manifest = pins.manifest();
    long offset = from - pins.first() * manifest.chunkBytes();
    int length = (int) Math.min(to - from, settings.bodies().maxSliceBytes());
    ChunkReader first = pins.chunks().getFirst();
    CompletableFuture<Integer> ready =
        first
            .ready(offset, length)
            .toCompletableFuture()
            .copy()
            .orTimeout(settings.tier().openTimeoutMillis(), TimeUnit.MILLISECONDS);
    return ready
        .thenApplyAsync(
            _ ->
                isShort(manifest)
                    ? Optional.<OpenBody>of(new StrictBody(readShort(manifest, first)))
                    : Optional.of(opened(pins)),
            means.pool().executor())
        .handle(
            (body, failure) -> {
              if (body == null || isShort(manifest)) {
                pins.close();
              }
              if (body != null) {
                return body;
              }
              if (Manifests.isAbsent(failure)) {
                return Optional.empty();
              }
              throw Manifests.unavailable(failure);
            });
  }

  @Override
  public CompletionStage<Optional<List<MissingChunk>>> missing(Entry entry, long from, long to) {
    CompletionStage<Optional<Manifest>> manifest =
        switch (entry.body()) {
          case Body.Chunked(Manifest known) ->
              CompletableFuture.completedFuture(Optional.of(known));
          case Body.Listed listed -> manifests.of(listed);
          case Body.Inline _, Body.Segmented _ ->
              CompletableFuture.completedFuture(Optional.empty());
        };
    return manifest.thenCompose(
        found ->
            found.isEmpty()
                ? CompletableFuture.completedFuture(Optional.empty())
                : means.pool().call(() -> Optional.of(pinning.missing(found.get(), from, to))));
  }

  @Override
  public Sink<ByteString, CompletionStage<Boolean>> restore(MissingChunk chunk) {
    return restorations.restore(chunk);
  }

  /** Missing or damaged chunks that were brought back from their origin; for metrics. */
  public long restoredChunks() {
    return restorations.restored();
  }

  /** Chunks whose bytes from the origin were not what they had been; for metrics. */
  public long notRestoredChunks() {
    return restorations.notRestored();
  }

  private ByteString readShort(Manifest manifest, ChunkReader chunk) {
    ByteString bytes = chunk.read(0, Math.toIntExact(manifest.totalBytes()));
    memory.put(manifest.chunks().getFirst(), bytes);
    return bytes;
  }

  @Override
  public void touch(Entry entry) {
    used.accept(entry);
  }

  /** Bodies that are being read go on until their chunk store is closed. */
  @Override
  public void close() {
    unread.close();
    means.pool().close();
  }
}
