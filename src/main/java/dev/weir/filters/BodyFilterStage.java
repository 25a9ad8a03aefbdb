package dev.weir.filters;

import dev.weir.http.Headers;
import dev.weir.proxy.filter.BodyFilter;
import dev.weir.proxy.filter.BodyStep;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * A body through its filters: one piece in, what they make of it out, and nothing read meanwhile.
 * It holds one piece at most.
 */
final class BodyFilterStage extends GraphStage<FlowShape<ByteString, ByteString>> {
  private static final String HELD_UP = "held up";

  private final Inlet<ByteString> in = Inlet.create("BodyFilter.in");
  private final Outlet<ByteString> out = Outlet.create("BodyFilter.out");
  private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
  private final BodyFilters body;
  private final Supplier<Headers> section;

  BodyFilterStage(BodyFilters body, Supplier<Headers> section) {
    this.body = body;
    this.section = section;
  }

  @Override
  public FlowShape<ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final List<BodyFilters.One> filters = body.filters();
    private ByteString ready = ByteString.emptyByteString();
    private long delayMillis;
    private boolean waiting;
    private boolean ended;

    Logic() {
      super(shape);
      body.begin();
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              ByteString piece = grab(in);
              deliver(piece.isEmpty() ? piece : passed(piece, 0));
            }

            @Override
            public void onPull() {
              if (!waiting) {
                pull(in);
              }
            }

            @Override
            public void onUpstreamFinish() {
              ended = true;
              if (!waiting) {
                finish();
              }
            }
          });
    }

    /** What comes of a piece behind the filters from that one on. */
    private ByteString passed(ByteString piece, int from) {
      ByteString now = piece;
      for (int i = from; i < filters.size() && !now.isEmpty(); i++) {
        BodyFilters.One one = filters.get(i);
        ByteBuffer bytes = now.asByteBuffer().asReadOnlyBuffer();
        now = taken(one, now, asked(one, filter -> filter.piece(bytes)));
      }
      return now;
    }

    private BodyStep asked(BodyFilters.One one, Function<BodyFilter, BodyStep> question) {
      long began = System.nanoTime();
      try {
        return Objects.requireNonNull(question.apply(one.filter()));
      } catch (RuntimeException | LinkageError e) {
        throw Asking.failed(one.link(), body.phase(), e);
      } finally {
        one.link().meter(body.phase()).took(System.nanoTime() - began);
      }
    }

    private ByteString taken(BodyFilters.One one, ByteString piece, BodyStep step) {
      return switch (step) {
        case BodyStep.Bytes(ByteBuffer bytes, Duration delay) -> {
          delayMillis = Math.max(delayMillis, delay.toMillis());
          yield one.changes() ? ByteString.fromByteBuffer(bytes) : piece;
        }
        case BodyStep.Refuse(int status, String sentence) ->
            throw new BodyRefused(one.link().name, status, sentence);
      };
    }

    private void deliver(ByteString bytes) {
      long delay = Math.min(delayMillis, body.terms().maxDelayMillis());
      delayMillis = 0;
      if (delay > 0) {
        ready = bytes;
        waiting = true;
        scheduleOnce(HELD_UP, Duration.ofMillis(delay));
      } else {
        hand(bytes);
      }
    }

    private void hand(ByteString bytes) {
      if (!bytes.isEmpty()) {
        push(out, bytes);
      } else if (!ended) {
        pull(in);
      }
    }

    @Override
    public void onTimer(Object timer) {
      waiting = false;
      ByteString bytes = ready;
      ready = ByteString.emptyByteString();
      hand(bytes);
      if (ended) {
        finish();
      }
    }

    /** Each filter's last bytes pass those behind it. */
    private void finish() {
      Headers trailers = section.get();
      ByteString last = ByteString.emptyByteString();
      for (int i = 0; i < filters.size(); i++) {
        BodyFilters.One one = filters.get(i);
        Headers before = trailers;
        BodyStep step = asked(one, filter -> filter.end(before));
        ByteString more = taken(one, ByteString.emptyByteString(), step);
        last = last.concat(passed(more, i + 1));
        trailers = changed(one, trailers);
      }
      body.endWith(trailers);
      if (last.isEmpty()) {
        completeStage();
      } else {
        emit(out, last, this::completeStage);
      }
    }

    private Headers changed(BodyFilters.One one, Headers trailers) {
      try {
        return Objects.requireNonNull(one.filter().trailers(trailers));
      } catch (RuntimeException e) {
        throw Asking.failed(one.link(), body.phase(), e);
      }
    }

    @Override
    public void postStop() {
      body.close();
    }
  }
}
