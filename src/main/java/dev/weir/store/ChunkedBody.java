package dev.weir.store;

import dev.weir.store.Bodies.OpenBody;
import dev.weir.store.Bodies.Piece;
import dev.weir.store.BodyStage.Pins;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A body whose chunks are pinned, in one piece or in stretches that lie one over another. Whoever
 * moves it to ENDED closes the pins, so that happens once.
 */
final class ChunkedBody implements OpenBody, BodyStage.Lifecycle {
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

  private enum Phase {
    UNREAD,
    STREAMING,
    ENDED
  }

  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.UNREAD);
  private final long openedAtNanos = System.nanoTime();
  private final long length;
  private final List<HeldStretch> held;
  private final BodyStage.Means means;
  private final UnreadBodies unread;

  ChunkedBody(long length, List<HeldStretch> held, BodyStage.Means means, UnreadBodies unread) {
    this.length = length;
    this.held = held;
    this.means = means;
    this.unread = unread;
  }

  long openedAtNanos() {
    return openedAtNanos;
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
    HeldStretch.requireSpan(from, to, length());
    if (held.size() == 1
        && held.getFirst() instanceof HeldStretch.Pinned(long first, Pins pins)
        && first == 0) {
      return Source.fromGraph(new BodyStage(new BodyStage.Span(pins, from, to, this), means));
    }
    return woven(List.of(new Piece.Stretch(from, to)));
  }

  /** The stretches share the pins, which are let go when the last has been read or nobody will. */
  @Override
  public Source<ByteString, NotUsed> woven(List<Piece> pieces) {
    pieces.forEach(this::requireWithin);
    return Source.lazySource(() -> beginWoven(pieces))
        .watchTermination(
            (begun, done) -> {
              done.whenComplete(
                  (ok, failed) -> begun.whenComplete((here, notBegun) -> ended(notBegun == null)));
              return NotUsed.getInstance();
            });
  }

  private Source<ByteString, NotUsed> beginWoven(List<Piece> pieces) {
    if (!begin()) {
      throw new IllegalStateException("the body has been read or let go already");
    }
    return Source.from(pieces).flatMapConcat(this::source);
  }

  /** A reader that went before it asked for anything leaves nobody who would let the pins go. */
  private void ended(boolean begun) {
    if (begun) {
      end();
    } else {
      abandon();
    }
  }

  private void requireWithin(Piece piece) {
    if (piece instanceof Piece.Stretch(long from, long to)) {
      HeldStretch.requireSpan(from, to, length());
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
      HeldStretch here = furthestFrom(at);
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

  private @Nullable HeldStretch furthestFrom(long at) {
    HeldStretch furthest = null;
    for (HeldStretch one : held) {
      if (one.first() <= at && one.end() > at && (furthest == null || one.end() > furthest.end())) {
        furthest = one;
      }
    }
    return furthest;
  }

  private Source<ByteString, NotUsed> read(HeldStretch here, long from, long to) {
    return switch (here) {
      case HeldStretch.Given(long first, ByteString bytes) ->
          Source.single(bytes.slice((int) from, (int) to));
      case HeldStretch.Pinned(long first, Pins pins) ->
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
    held.forEach(HeldStretch::close);
    return true;
  }
}
