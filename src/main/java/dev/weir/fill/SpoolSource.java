package dev.weir.fill;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
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
 * One reader of a spool as a stream. Its pieces grow while it is fast and shrink while it is slow;
 * what it holds is counted in the node's budget until it asks for more.
 */
final class SpoolSource extends GraphStage<SourceShape<ByteString>> {
  private final Outlet<ByteString> out = Outlet.create("spool.out");
  private final SourceShape<ByteString> shape = SourceShape.of(out);
  private final Spool spool;
  private final SpoolContext context;
  private final long from;
  private final long to;
  private final Attachment attachment;

  /** Is told when the reader begins and ends. */
  interface Attachment {
    void joined();

    void left();
  }

  SpoolSource(Spool spool, SpoolContext context, long from, long to, Attachment attachment) {
    this.spool = spool;
    this.context = context;
    this.from = from;
    this.to = to;
    this.attachment = attachment;
  }

  @Override
  public SourceShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inherited) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic {
    private @Nullable SpoolReader reader;
    private @Nullable AsyncCallback<Loaded> loaded;
    private int slice = context.settings().sliceFirstBytes();
    private int held;
    private boolean loading;
    private long pushedAtNanos;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pace();
              step();
            }
          });
    }

    @Override
    public void preStart() {
      attachment.joined();
      AsyncCallback<Boolean> woken = createAsyncCallback(ignored -> onWake());
      loaded = createAsyncCallback(this::onLoaded);
      reader = spool.attach(from, to, () -> woken.invoke(true));
    }

    @Override
    public void postStop() {
      giveBack();
      SpoolReader mine = reader;
      if (mine != null) {
        spool.detach(mine);
      }
      attachment.left();
    }

    private void onWake() {
      if (isAvailable(out) && !loading) {
        step();
      }
    }

    /** Gives back the piece that has now been taken, and sizes the next by how long that took. */
    private void pace() {
      giveBack();
      if (pushedAtNanos != 0) {
        long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - pushedAtNanos);
        if (tookMillis < context.settings().fastReaderMillis()) {
          slice = Math.min(context.settings().sliceMaxBytes(), slice * 2);
        } else if (tookMillis >= context.settings().slowReaderMillis()) {
          slice = Math.max(context.settings().sliceMinBytes(), slice / 2);
        }
      }
    }

    private void giveBack() {
      if (held > 0) {
        context.budget().release(held);
        held = 0;
      }
    }

    private void step() {
      SpoolReader mine = reader;
      if (mine == null) {
        return;
      }
      int granted = context.budget().reserve(slice);
      switch (spool.next(mine, granted)) {
        case Spool.Next.Bytes(ByteString bytes) -> {
          // Under pressure a piece must not keep the larger array alive that it was cut from.
          give(granted < slice ? bytes.compact() : bytes, granted);
        }
        case Spool.Next.OnDisk place -> load(mine, place, granted);
        case Spool.Next.Wait wait -> context.budget().release(granted);
        case Spool.Next.End end -> {
          context.budget().release(granted);
          completeStage();
        }
        case Spool.Next.Gone(Throwable cause) -> {
          context.budget().release(granted);
          failStage(cause);
        }
      }
    }

    private void give(ByteString bytes, int granted) {
      context.budget().release(granted - bytes.size());
      held = bytes.size();
      pushedAtNanos = System.nanoTime();
      push(out, bytes);
    }

    private void load(SpoolReader mine, Spool.Next.OnDisk place, int granted) {
      AsyncCallback<Loaded> callback = loaded;
      if (callback == null) {
        return;
      }
      loading = true;
      held = granted;
      context.blocking().execute(() -> callback.invoke(read(mine, place)));
    }

    private Loaded read(SpoolReader mine, Spool.Next.OnDisk place) {
      try {
        return new Loaded(spool.load(mine, place), null);
      } catch (IOException | RuntimeException e) {
        return new Loaded(null, e);
      }
    }

    private void onLoaded(Loaded result) {
      loading = false;
      int granted = held;
      held = 0;
      ByteString bytes = result.bytes();
      if (bytes != null) {
        give(bytes, granted);
        return;
      }
      context.budget().release(granted);
      // A fill that failed meanwhile says why better than its closed files do.
      SpoolReader mine = reader;
      if (mine != null && spool.next(mine, 0) instanceof Spool.Next.Gone(Throwable cause)) {
        failStage(cause);
      } else {
        failStage(new SpoolLost("the spool could not be read: " + result.failed()));
      }
    }
  }

  private record Loaded(@Nullable ByteString bytes, @Nullable Throwable failed) {}
}
