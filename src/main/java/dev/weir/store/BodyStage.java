package dev.weir.store;

import dev.weir.entry.Manifest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of pinned chunks as a stream of slices.
 *
 * <p>A slice that is in the page cache is copied on the stream's own thread: 64 KiB take some ten
 * microseconds, less than handing the work over would. Whether it is there is asked of the kernel
 * (mincore) before; if not, the copy runs on the body threads, which then bring in what follows, so
 * that a stream thread never waits for a disk. A chunk whose digest has not been checked since the
 * start is checked on those threads too, the next one while the present one is being read.
 *
 * <p>Bytes handed out count in the {@link InFlightBudget} until the next are asked for.
 */
final class BodyStage extends GraphStage<SourceShape<ByteString>> {
  /** The pinned chunks of a manifest: some in a row, from the one at {@code first} on. */
  record Pins(Manifest manifest, int first, List<ChunkReader> chunks) {
    Pins {
      chunks = List.copyOf(chunks);
    }

    ChunkReader chunk(int index) {
      return chunks.get(index - first);
    }

    /** The index after that of the last. */
    int end() {
      return first + chunks.size();
    }

    void close() {
      chunks.forEach(ChunkReader::close);
    }
  }

  /** What is streamed, and who must be told when it ends. */
  record Span(Pins pins, long from, long to, Lifecycle owner) {
    Manifest manifest() {
      return pins.manifest();
    }
  }

  /** The owner of the pins. */
  interface Lifecycle {
    /** The stream begins; false if it may not, because there was another or the body was let go. */
    boolean begin();

    /** The stream is over, however it ended. */
    void end();
  }

  /** What all streams of a node share. */
  record Means(
      StoreSettings.BodyPath settings,
      InFlightBudget budget,
      BlockingPool pool,
      int chunksAhead,
      StoreException.Kind damage) {}

  /** Half of Linux's usual read-ahead window. */
  private static final int READ_AHEAD_STEP_BYTES = 64 << 10;

  private final Outlet<ByteString> out = Outlet.create("body.out");
  private final SourceShape<ByteString> shape = SourceShape.of(out);
  private final Span span;
  private final Means means;

  BodyStage(Span span, Means means) {
    this.span = span;
    this.means = means;
  }

  @Override
  public SourceShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private final SliceSize slice = new SliceSize(means.settings());
    private final AsyncCallback<Pair<@Nullable ByteString, @Nullable Throwable>> readDone =
        createAsyncCallback(done -> readDone(done.first(), done.second()));
    private volatile boolean owns;
    private long position = span.from();
    private int reserved;
    private long givenAtNanos;

    /** The chunk known to be sound, and the one whose check has been asked for. */
    private int soundChunk = -1;

    private int preparedChunk = -1;

    /** The last chunk that has been asked for ahead of its turn. */
    private int prefetched = -1;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              next();
            }
          });
    }

    @Override
    public void preStart() {
      owns = span.owner().begin();
      if (!owns) {
        failStage(new IllegalStateException("the body has been read or let go already"));
      } else if (position >= span.to()) {
        completeStage();
      }
    }

    private void next() {
      giveBack();
      if (givenAtNanos != 0) {
        slice.askedAfter(System.nanoTime() - givenAtNanos);
      }
      long chunkBytes = span.manifest().chunkBytes();
      int index = (int) (position / chunkBytes);
      long offset = position - index * chunkBytes;
      ChunkReader chunk = span.pins().chunk(index);
      long left = Math.min(span.to() - position, chunk.lengthBytes() - offset);
      reserved = means.budget().reserve((int) Math.min(slice.bytes(), left));
      ByteString resident =
          index == soundChunk && chunk.resident(offset, reserved)
              ? readResident(chunk, offset, reserved)
              : null;
      if (resident != null) {
        give(resident);
      } else {
        readElsewhere(index, chunk, offset, reserved);
      }
      prefetch(index);
      prepareNext(index, chunk, offset);
    }

    /** Null if it fails: why, is found out where one may block. */
    private static @Nullable ByteString readResident(ChunkReader chunk, long offset, int length) {
      try {
        return chunk.read(offset, length);
      } catch (StoreException _) {
        return null;
      }
    }

    /** A chunk that cannot be read is looked at again, so that its next reader finds it missing. */
    private static ByteString readOrSuspect(ChunkReader chunk, long offset, int length) {
      try {
        return chunk.read(offset, length);
      } catch (StoreException broken) {
        chunk.suspect();
        throw broken;
      }
    }

    /** Has some of the chunks that follow brought here, where they are elsewhere. */
    private void prefetch(int index) {
      int last = Math.min(index + means.chunksAhead(), span.pins().end() - 1);
      for (int ahead = Math.max(prefetched, index) + 1; ahead <= last; ahead++) {
        if (ahead * span.manifest().chunkBytes() >= span.to()) {
          return;
        }
        prefetched = ahead;
        span.pins().chunk(ahead).prefetch();
      }
    }

    private void readElsewhere(int index, ChunkReader chunk, long offset, int length) {
      checked(index, chunk)
          .thenCompose(sound -> chunk.ready(offset, length))
          .thenCompose(bytes -> means.pool().call(() -> readOrSuspect(chunk, offset, bytes)))
          .whenComplete((bytes, failure) -> readDone.invoke(Pair.create(bytes, failure)));
      if (chunk.isHere()) {
        means.pool().tryRun(() -> readAhead(chunk, offset + length));
      }
    }

    /** Before a chunk is waited for: one that is damaged here may be brought from elsewhere. */
    private CompletionStage<Boolean> checked(int index, ChunkReader chunk) {
      if (index == soundChunk || !chunk.isHere()) {
        soundChunk = index;
        return CompletableFuture.completedStage(true);
      }
      soundChunk = index;
      return means
          .pool()
          .call(
              () -> {
                if (!chunk.sound()) {
                  throw new StoreException(
                      means.damage(), "A chunk is damaged; it will be fetched again.");
                }
                return true;
              });
    }

    /** One byte in each piece is enough: the kernel reads on from where a page was missing. */
    private void readAhead(ChunkReader chunk, long from) {
      long to = Math.min(from + means.settings().readAheadBytes(), chunk.lengthBytes());
      boolean readable = true;
      for (long at = from; at < to && owns && readable; at += READ_AHEAD_STEP_BYTES) {
        readable = touch(chunk, at);
      }
    }

    private boolean touch(ChunkReader chunk, long at) {
      try {
        return !chunk.read(at, 1).isEmpty();
      } catch (StoreException _) {
        return false; // the stream is over, or will learn of it by its own read
      }
    }

    /** Has the next chunk mapped and checked from the middle of this one on. */
    private void prepareNext(int index, ChunkReader chunk, long offset) {
      int following = index + 1;
      boolean due = offset >= chunk.lengthBytes() / 2 && preparedChunk < following;
      if (due
          && following < span.pins().end()
          && following * span.manifest().chunkBytes() < span.to()) {
        preparedChunk = following;
        ChunkReader upcoming = span.pins().chunk(following);
        means.pool().tryRun(() -> prepare(upcoming));
      }
    }

    private void prepare(ChunkReader chunk) {
      try {
        if (chunk.isHere() && chunk.sound() && chunk.isHere()) { // what is damaged here is not
          readAhead(chunk, 0);
        }
      } catch (StoreException _) {
        // The stream will learn of it by its own read.
      }
    }

    private void readDone(@Nullable ByteString bytes, @Nullable Throwable failure) {
      if (bytes != null) {
        give(bytes);
      } else {
        failStage(failure == null ? new StoreException("A body ended early.") : failure);
      }
    }

    private void give(ByteString bytes) {
      if (bytes.isEmpty()) {
        failStage(new StoreException("A body ended early."));
        return;
      }
      position += bytes.length();
      givenAtNanos = System.nanoTime();
      push(out, bytes);
      if (position >= span.to()) {
        completeStage();
      }
    }

    private void giveBack() {
      means.budget().release(reserved);
      reserved = 0;
    }

    @Override
    public void postStop() {
      giveBack();
      if (owns) {
        owns = false;
        span.owner().end();
      }
    }
  }
}
