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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bodies from the document itself, from memory, and from chunks. Small bodies (up to {@code
 * short-path-bytes}) are read whole and stay in memory while they are much used, by the digest of
 * their one chunk, so that entries with the same content share them; bigger ones are streamed by
 * {@link BodyStage} and leave caching to the kernel.
 */
public final class TieredBodies implements Bodies, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TieredBodies.class);

  /** What Caffeine and the objects round the bytes take, roughly. */
  private static final int CACHED_OVERHEAD_BYTES = 300;

  private final ChunkStore chunks;
  private final @Nullable Arrivals arrivals;
  private final StoreSettings settings;
  private final Consumer<Entry> used;
  private final BodyStage.Means means;
  private final Cache<ChunkId, ByteString> memory;
  private final Manifests manifests;
  private final Set<ChunkedBody> unread = ConcurrentHashMap.newKeySet();
  private final Repeating sweep;
  private final LongAdder leaked = new LongAdder();
  private final LongAdder restored = new LongAdder();
  private final LongAdder notRestored = new LongAdder();

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
    this.chunks = chunks;
    this.arrivals = arrivals;
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
    long periodMillis = Math.max(1, path.unreadBodyTimeoutMillis() / 4);
    this.sweep = new Repeating("unread-bodies", periodMillis, this::releaseUnread);
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
    return leaked.sum();
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
    Pins pins = pin(manifest, from, to);
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
    List<Held> held = new ArrayList<>();
    boolean keep = false;
    try {
      for (Manifests.Piece piece : body.pieces()) {
        long first = Math.max(from, piece.first());
        long end = Math.min(to, piece.end());
        if (first < end) {
          Held one = hold(piece, first - piece.first(), end - piece.first());
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
        held.forEach(Held::close);
      }
    }
  }

  private @Nullable Held hold(Manifests.Piece piece, long from, long to) {
    return switch (piece) {
      case Manifests.Piece.Given(long first, byte[] bytes) ->
          new Held.Given(first, ByteString.fromArrayUnsafe(bytes));
      case Manifests.Piece.Cut(long first, Manifest manifest) -> {
        Pins pins = pin(manifest, from, to);
        yield pins == null ? null : new Held.Pinned(first, pins);
      }
      case Manifests.Piece.Lost _ -> null;
    };
  }

  private OpenBody pinned(long length, List<Held> held) {
    ChunkedBody body = new ChunkedBody(length, List.copyOf(held));
    unread.add(body);
    return body;
  }

  private OpenBody opened(Pins pins) {
    return pinned(pins.manifest().totalBytes(), List.of(new Held.Pinned(0, pins)));
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

  /** A stretch of a body that is at hand, from its byte {@code first} on. */
  private sealed interface Held {
    long first();

    long length();

    void close();

    record Given(long first, ByteString bytes) implements Held {
      @Override
      public long length() {
        return bytes.length();
      }

      @Override
      public void close() {}
    }

    record Pinned(long first, Pins pins) implements Held {
      @Override
      public long length() {
        return pins.manifest().totalBytes();
      }

      @Override
      public void close() {
        pins.close();
      }
    }

    default long end() {
      return first() + length();
    }
  }

  /**
   * The chunks of those bytes; null if one is missing, or damaged as far as that is checked before
   * the head goes out.
   */
  private @Nullable Pins pin(Manifest manifest, long from, long to) {
    int first = (int) Math.min(from / manifest.chunkBytes(), manifest.chunks().size() - 1L);
    int end = (int) Manifest.chunkCount(Math.max(to, from + 1), manifest.chunkBytes());
    List<ChunkReader> pinned = new ArrayList<>(end - first);
    long checkedBytes = 0;
    boolean keep = false;
    try {
      for (int i = first; i < Math.min(end, manifest.chunks().size()); i++) {
        long length = manifest.chunkLength(i);
        checkedBytes += length;
        boolean check = i == first || checkedBytes <= settings.chunks().verifyAtOpenBytes();
        ChunkReader chunk = pin(manifest.chunks().get(i), length, check);
        if (chunk == null) {
          return null;
        }
        pinned.add(chunk);
      }
      keep = true;
      return new Pins(manifest, first, pinned);
    } finally {
      if (!keep) {
        pinned.forEach(ChunkReader::close);
      }
    }
  }

  private @Nullable ChunkReader pin(ChunkId id, long length, boolean check) {
    Optional<ChunkReader> here = chunks.open(id, length);
    if (here.isPresent()) {
      if (!check || here.get().sound()) {
        return here.get();
      }
      here.get().close();
    }
    return arrivals == null || arrivals.isLost(id) ? null : arrivals.chunk(id, length);
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
                : means.pool().call(() -> Optional.of(missing(found.get(), from, to))));
  }

  private List<MissingChunk> missing(Manifest manifest, long from, long to) {
    List<MissingChunk> missing = new ArrayList<>();
    long checkedBytes = 0;
    int end = (int) Manifest.chunkCount(to, manifest.chunkBytes());
    for (int i = (int) (from / manifest.chunkBytes()); i < end; i++) {
      long length = manifest.chunkLength(i);
      checkedBytes += length;
      boolean check = checkedBytes <= Math.max(length, settings.chunks().verifyAtOpenBytes());
      try (ChunkReader chunk = pin(manifest.chunks().get(i), length, check)) {
        if (chunk == null) {
          long first = i * manifest.chunkBytes();
          missing.add(new MissingChunk(manifest.chunks().get(i), first, length));
        }
      }
    }
    return missing;
  }

  @Override
  public Sink<ByteString, CompletionStage<Boolean>> restore(MissingChunk chunk) {
    Restoration restoration = new Restoration(chunk, chunks, arrivals);
    return Flow.<ByteString>create()
        .mapAsync(1, bytes -> means.pool().call(() -> restoration.write(bytes)))
        .toMat(Sink.ignore(), Keep.right())
        .mapMaterializedValue(
            done ->
                done.handle((_, failure) -> ended(restoration, failure))
                    .thenCompose(adopted -> adopted)
                    .thenApply(this::counted));
  }

  private CompletionStage<Boolean> ended(Restoration restoration, @Nullable Throwable failure) {
    return means
        .pool()
        .call(() -> restoration.finish(failure == null))
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

  /** Missing or damaged chunks that were brought back from their origin; for metrics. */
  public long restoredChunks() {
    return restored.sum();
  }

  /** Chunks whose bytes from the origin were not what they had been; for metrics. */
  public long notRestoredChunks() {
    return notRestored.sum();
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

  private void releaseUnread() {
    long now = System.nanoTime();
    for (ChunkedBody body : unread) {
      if (now - body.openedAtNanos > unreadTimeoutNanos() && body.abandon()) {
        leaked.increment();
        log.warn("A body of {} bytes was opened and neither read nor released", body.length());
      }
    }
  }

  private long unreadTimeoutNanos() {
    return TimeUnit.MILLISECONDS.toNanos(settings.bodies().unreadBodyTimeoutMillis());
  }

  private static void requireSpan(long from, long to, long length) {
    if (from < 0 || from > to || to > length) {
      throw new IllegalArgumentException("bytes " + from + " to " + to + " of a body of " + length);
    }
  }

  /** Bodies that are being read go on until their chunk store is closed. */
  @Override
  public void close() {
    sweep.close();
    unread.forEach(ChunkedBody::abandon);
    means.pool().close();
  }

  /** A body in one buffer; nothing to release. */
  private record StrictBody(ByteString all) implements OpenBody {
    @Override
    public long length() {
      return all.length();
    }

    @Override
    public ByteString strict() {
      return all;
    }

    @Override
    public Source<ByteString, NotUsed> bytes(long from, long to) {
      requireSpan(from, to, all.length());
      return from == to ? Source.empty() : Source.single(all.slice((int) from, (int) to));
    }

    @Override
    public Source<ByteString, NotUsed> woven(List<Piece> pieces) {
      ByteString out = ByteString.emptyByteString();
      for (Piece piece : pieces) {
        out =
            switch (piece) {
              case Piece.Given(ByteString bytes) -> out.concat(bytes);
              case Piece.Stretch(long from, long to) -> {
                requireSpan(from, to, all.length());
                yield out.concat(all.slice((int) from, (int) to));
              }
            };
      }
      return Source.single(out);
    }

    @Override
    public void release() {}
  }

  /** Of a stretch among others: its pins are looked after by the whole. */
  private static final BodyStage.Lifecycle SHARED =
      new BodyStage.Lifecycle() {
        @Override
        public boolean begin() {
          return true;
        }

        @Override
        public void end() {}
      };

  /** A pinned body. Whoever moves it to ENDED closes the pins, so that happens once. */
  private final class ChunkedBody implements OpenBody, BodyStage.Lifecycle {
    private enum Phase {
      UNREAD,
      STREAMING,
      ENDED
    }

    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.UNREAD);
    private final long openedAtNanos = System.nanoTime();
    private final long length;
    private final List<Held> held;

    ChunkedBody(long length, List<Held> held) {
      this.length = length;
      this.held = held;
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public @Nullable ByteString strict() {
      return null;
    }

    @Override
    public Source<ByteString, NotUsed> bytes(long from, long to) {
      requireSpan(from, to, length());
      if (held.size() == 1
          && held.getFirst() instanceof Held.Pinned(long first, Pins pins)
          && first == 0) {
        return Source.fromGraph(new BodyStage(new BodyStage.Span(pins, from, to, this), means));
      }
      return woven(List.of(new Piece.Stretch(from, to)));
    }

    /**
     * The stretches share the pins, which are let go when the last has been read or nobody will.
     */
    @Override
    public Source<ByteString, NotUsed> woven(List<Piece> pieces) {
      pieces.forEach(this::requireWithin);
      return Source.lazySource(
              () ->
                  begin()
                      ? Source.from(pieces).flatMapConcat(this::source)
                      : Source.<ByteString>failed(
                          new IllegalStateException("the body has been read or let go already")))
          .watchTermination(
              (ignored, done) -> {
                done.whenComplete((ok, failed) -> end());
                return NotUsed.getInstance();
              });
    }

    private void requireWithin(Piece piece) {
      if (piece instanceof Piece.Stretch(long from, long to)) {
        requireSpan(from, to, length());
      }
    }

    private Source<ByteString, NotUsed> source(Piece piece) {
      return switch (piece) {
        case Piece.Given(ByteString bytes) -> Source.single(bytes);
        case Piece.Stretch(long from, long to) -> stretch(from, to);
      };
    }

    private Source<ByteString, NotUsed> stretch(long from, long to) {
      List<Source<ByteString, NotUsed>> sources = new ArrayList<>(1);
      for (long at = from; at < to; ) {
        Held here = furthestFrom(at);
        if (here == null) {
          return Source.failed(new StoreException("Byte " + at + " of a body is not here."));
        }
        long until = Math.min(to, here.end());
        sources.add(read(here, at - here.first(), until - here.first()));
        at = until;
      }
      return sources.size() == 1
          ? sources.getFirst()
          : Source.from(sources).flatMapConcat(source -> source);
    }

    private @Nullable Held furthestFrom(long at) {
      Held furthest = null;
      for (Held one : held) {
        if (one.first() <= at
            && one.end() > at
            && (furthest == null || one.end() > furthest.end())) {
          furthest = one;
        }
      }
      return furthest;
    }

    private Source<ByteString, NotUsed> read(Held here, long from, long to) {
      return switch (here) {
        case Held.Given(long first, ByteString bytes) ->
            Source.single(bytes.slice((int) from, (int) to));
        case Held.Pinned(long first, Pins pins) ->
            Source.fromGraph(new BodyStage(new BodyStage.Span(pins, from, to, SHARED), means));
      };
    }

    @Override
    public boolean begin() {
      unread.remove(this);
      return phase.compareAndSet(Phase.UNREAD, Phase.STREAMING);
    }

    @Override
    public void end() {
      unpinFrom(Phase.STREAMING);
    }

    /** Does nothing to a body that is being read: its stream lets it go. */
    @Override
    public void release() {
      abandon();
    }

    boolean abandon() {
      unread.remove(this);
      return unpinFrom(Phase.UNREAD);
    }

    private boolean unpinFrom(Phase expected) {
      if (!phase.compareAndSet(expected, Phase.ENDED)) {
        return false;
      }
      held.forEach(Held::close);
      return true;
    }
  }
}
