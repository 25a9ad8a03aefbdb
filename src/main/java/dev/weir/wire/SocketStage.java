package dev.weir.wire;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SubscriptionWithCancelException;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * An accepted socket as a flow: what goes in is written to it, what it brings comes out.
 *
 * <p>The {@link SocketLoop} reads, and goes on watching as long as the stream takes what it
 * brought; the stream writes on its own thread. So a request and its answer cost one wait of the
 * loop, one message, one read and one write, and the loop has to be told nothing. Pekko's own
 * transport has an actor between socket and stream: four messages, and one change of interest and
 * one wake-up for each request.
 *
 * <p>Either side may end by itself (half-close). A failure of what goes in, or a cancellation with
 * a failure, resets the connection: it must not look ended. One instance serves one connection.
 */
public final class SocketStage extends GraphStage<FlowShape<ByteString, ByteString>> {
  private final Inlet<ByteString> in = Inlet.create("Socket.in");
  private final Outlet<ByteString> out = Outlet.create("Socket.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final SocketChannel channel;
  private final SocketLoop loop;
  private final int maxUnread;

  /**
   * @param channel connected, and not blocking; closed by the stage
   */
  public SocketStage(SocketChannel channel, SocketLoop loop) {
    this.channel = channel;
    this.loop = loop;
    this.maxUnread = loop.settings().maxUnread();
  }

  @Override
  public Attributes initialAttributes() {
    return Attributes.name("Socket");
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends GraphStageLogic implements SocketLoop.Ready {
    // ---- of the loop's thread, and of both
    private final AtomicInteger unread = new AtomicInteger();
    private final AtomicBoolean paused = new AtomicBoolean();
    private final AsyncCallback<ByteString> arrivals = createAsyncCallback(this::onArrival);
    private final AsyncCallback<Done> ends = createAsyncCallback(done -> onPeerEnd());
    private final AsyncCallback<Throwable> failures = createAsyncCallback(this::onBroken);
    private final AsyncCallback<Done> roomAgain = createAsyncCallback(done -> writeRest());
    private volatile @Nullable SelectionKey key;

    // ---- of the stream's thread
    private final ArrayDeque<ByteString> arrived = new ArrayDeque<>(maxUnread);
    private ByteString rest = ByteString.emptyByteString();
    private boolean peerEnded;
    private boolean outputEnded;
    private boolean reset;

    Logic() {
      super(shape);
      setHandler(in, new Writing());
      setHandler(out, new Reading());
    }

    @Override
    public void preStart() {
      setKeepGoing(true); // until both directions have ended, the last write included
      loop.watch(channel, SelectionKey.OP_READ, this)
          .whenComplete(
              (watched, failure) -> {
                key = watched;
                if (failure != null) {
                  failures.invoke(failure);
                }
              });
      pull(in);
    }

    @Override
    public void postStop() {
      boolean hard = reset;
      loop.execute(
          () -> {
            if (hard) {
              resetOnClose();
            }
            SocketLoop.closeQuietly(channel);
          });
    }

    private void resetOnClose() {
      try {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      } catch (IOException gone) {
        // It is closed already.
      }
    }

    // ---- the loop's thread

    @Override
    public void ready(SelectionKey now) {
      if (now.isWritable()) {
        now.interestOpsAnd(~SelectionKey.OP_WRITE);
        roomAgain.invoke(Done.getInstance());
      }
      if (now.isReadable()) {
        read(now);
      }
    }

    @Override
    public void closedByLoop() {
      failures.invoke(new ClosedChannelException());
    }

    private void read(SelectionKey now) {
      ByteBuffer buffer = loop.readBuffer();
      int count;
      try {
        count = channel.read(buffer);
      } catch (IOException broken) {
        now.interestOpsAnd(~SelectionKey.OP_READ);
        failures.invoke(broken);
        return;
      }
      if (count < 0) {
        now.interestOpsAnd(~SelectionKey.OP_READ);
        ends.invoke(Done.getInstance());
      } else if (count > 0) {
        byte[] bytes = new byte[count];
        buffer.flip().get(bytes);
        if (unread.incrementAndGet() >= maxUnread) {
          now.interestOpsAnd(~SelectionKey.OP_READ);
          paused.set(true);
          resumeIfTaken(now); // what was taken before that was seen resumes nothing
        }
        arrivals.invoke(ByteString.fromArrayUnsafe(bytes));
      }
    }

    private void resumeIfTaken(SelectionKey now) {
      if (unread.get() < maxUnread && paused.compareAndSet(true, false)) {
        now.interestOpsOr(SelectionKey.OP_READ);
      }
    }

    private void onLoop(int operation) {
      loop.execute(
          () -> {
            SelectionKey known = key;
            if (known != null && known.isValid()) {
              known.interestOpsOr(operation);
            }
          });
    }

    // ---- reading, the stream's thread

    private void onArrival(ByteString bytes) {
      if (isClosed(out)) {
        taken();
      } else if (isAvailable(out)) {
        push(out, bytes);
        taken();
      } else {
        arrived.add(bytes);
      }
    }

    private void taken() {
      if (unread.decrementAndGet() < maxUnread && paused.compareAndSet(true, false)) {
        onLoop(SelectionKey.OP_READ);
      }
    }

    private void onPeerEnd() {
      peerEnded = true;
      if (arrived.isEmpty()) {
        endInput();
      }
    }

    private void endInput() {
      if (!isClosed(out)) {
        complete(out);
      }
      endIfDone();
    }

    private void onBroken(Throwable broken) {
      reset = true;
      failStage(broken);
    }

    private final class Reading extends AbstractOutHandler {
      @Override
      public void onPull() {
        ByteString next = arrived.poll();
        if (next != null) {
          push(out, next);
          taken();
          if (peerEnded && arrived.isEmpty()) {
            endInput();
          }
        }
      }

      @Override
      public void onDownstreamFinish(Throwable cause) {
        if (cause instanceof SubscriptionWithCancelException.NonFailureCancellation) {
          while (arrived.poll() != null) {
            taken();
          }
          endIfDone();
        } else {
          reset = true;
          cancelStage(cause);
        }
      }
    }

    // ---- writing, the stream's thread

    private final class Writing extends AbstractInHandler {
      @Override
      public void onPush() {
        rest = grab(in);
        writeRest();
      }

      @Override
      public void onUpstreamFinish() {
        if (rest.isEmpty()) {
          endOutput();
        }
      }

      @Override
      public void onUpstreamFailure(Throwable failure) {
        reset = true;
        failStage(failure);
      }
    }

    private void writeRest() {
      ByteBuffer buffer = loop.writeBuffer();
      try {
        while (!rest.isEmpty()) {
          buffer.clear();
          int copied = rest.copyToBuffer(buffer);
          buffer.flip();
          int written = channel.write(buffer);
          rest = written == rest.size() ? ByteString.emptyByteString() : rest.drop(written);
          if (written < copied) {
            onLoop(SelectionKey.OP_WRITE);
            return;
          }
        }
      } catch (IOException broken) {
        onBroken(broken);
        return;
      }
      if (isClosed(in)) {
        endOutput();
      } else if (!hasBeenPulled(in)) {
        pull(in);
      }
    }

    private void endOutput() {
      outputEnded = true;
      try {
        channel.shutdownOutput();
      } catch (IOException gone) {
        // The peer has reset it: reading says so.
      }
      endIfDone();
    }

    private void endIfDone() {
      if (outputEnded && isClosed(out)) {
        completeStage();
      }
    }
  }
}
