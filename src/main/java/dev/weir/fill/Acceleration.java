package dev.weir.fill;

import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;

/**
 * Fetches one body over as many connections as pay.
 *
 * <p>The plain GET that began the fill goes on as the first of them. Once its rate is known and
 * enough is left, one more connection asks for the last part of the body: an origin that answers
 * with anything but exactly that, under the same strong validator, is never asked again, and the
 * first stream brings everything, as if nothing had been. From there {@link Ramp} says how many
 * there should be, and the spool's grid what each brings: what a reader waits for, or else the
 * lowest that nobody brings. The first stream is ended before a chunk that another has.
 *
 * <p>A part that breaks off is taken up by another connection where it broke. Answers of overload
 * halve the number of connections and bring a pause. If nothing is left but refusals the fill
 * fails, with the first stream gone, as it would have on its own.
 */
final class Acceleration {
  /** The fill, as seen from here. */
  interface Whole {
    boolean isOver();

    /** All bytes are in the spool. */
    void arrived();

    /** They will not all come. */
    void failed(Throwable cause);
  }

  private final SpoolParts parts;
  private final Resumption body;
  private final OriginRequest first;
  private final AcceleratedOrigins others;
  private final FillContext context;
  private final AccelerationSettings settings;
  private final Whole whole;
  private final String origin;
  private final LongAdder came = new LongAdder();

  private final List<Lane> lanes = new ArrayList<>();
  private Ramp ramp = new Ramp.Alone();
  private int lastOwner = SpoolGrid.FIRST_STREAM;
  private int failures;
  private boolean spread;
  private boolean proved;
  private boolean reserved;
  private boolean refused;
  private boolean firstStream = true;
  private boolean over;
  private long pausedUntilNanos = System.nanoTime();
  private long sampledNanos = System.nanoTime();
  private int flowingSince = 1;
  private @Nullable Throwable lastFailure;

  Acceleration(
      FillContext context, SpoolParts parts, Resumption body, OriginRequest first, Whole whole) {
    this.context = context;
    this.parts = parts;
    this.body = body;
    this.first = first;
    this.others = context.accelerated();
    this.settings = context.settings().acceleration();
    this.whole = whole;
    this.origin = originOf(first);
  }

  /** Whether more than one connection may be tried for a body that can be had in parts. */
  static boolean mayBegin(
      FillContext context, FillPlan plan, ResponseHead response, Resumption parts) {
    AccelerationSettings settings = context.settings().acceleration();
    OriginRequest request = plan.request();
    return plan.accelerate()
        && parts.totalBytes() >= settings.minBytes()
        && parts.totalBytes() <= plan.maxObjectBytes()
        && settings.maxConnections() > 1
        && plan.completion() == null
        && request.body() == null
        && request.head().method().equals("GET")
        && Resumption.offersRanges(response)
        && context.accelerated().mayBeAsked(originOf(request));
  }

  private static String originOf(OriginRequest request) {
    return request.head().scheme() + "://" + request.head().authority();
  }

  void start() {
    lookLater();
  }

  /** Bytes of the first stream came. */
  void came(int bytes) {
    came.add(bytes);
  }

  /** The first stream was ended: what is left comes by others. */
  synchronized void firstStreamCut() {
    firstStream = false;
    context.metrics().streamsCut.increment();
  }

  /** The first stream broke; false if nobody else can bring the rest. */
  synchronized boolean firstStreamBroke(Throwable cause) {
    lastFailure = cause;
    if (over || refused || !spread || !proved || !parts.areTaken()) {
      return false;
    }
    firstStream = false;
    parts.firstStreamEnded();
    return true;
  }

  // --- by the clock

  private void lookLater() {
    context.spools().timer().after(settings.lookMillis(), this::look);
  }

  private void look() {
    Runnable then;
    synchronized (this) {
      then = decide();
    }
    then.run();
  }

  private Runnable decide() {
    if (over || whole.isOver()) {
      stop();
      return () -> {};
    }
    long missing = parts.missingBytes(body.totalBytes());
    if (spread && missing == 0) {
      stop();
      return whole::arrived;
    }
    if (!parts.areTaken() || refused) {
      closeLanes();
      boolean lost = !firstStream;
      if (lost) {
        stop();
      }
      return lost ? () -> whole.failed(cause()) : this::lookLater;
    }
    if (!spread) {
      spread = parts.spread(body.totalBytes());
    }
    sample(missing);
    List<Lane> opened = new ArrayList<>();
    for (Lane lane = next(); lane != null; lane = next()) {
      opened.add(lane);
    }
    return () -> {
      opened.forEach(Lane::open);
      lookLater();
    };
  }

  private void sample(long missing) {
    long nowNanos = System.nanoTime();
    long nanos = nowNanos - sampledNanos;
    if (nanos < TimeUnit.MILLISECONDS.toNanos(settings.sampleMillis())) {
      return;
    }
    ramp = ramp.after(new Ramp.Sample(came.sumThenReset(), nanos, flowingSince, missing), settings);
    sampledNanos = nowNanos;
    flowingSince = running() - (int) lanes.stream().filter(lane -> !lane.isFlowing()).count();
    if (proved && !reserved && firstStream && ramp.target() > 2) {
      reserved = true;
      parts.reserve(settings.spanChunks());
    }
  }

  /** One more connection, if there should be one and it has something to bring. */
  private @Nullable Lane next() {
    int wanted = wanted();
    boolean paused = System.nanoTime() - pausedUntilNanos < 0;
    if (paused || running() >= wanted || !others.acquire(origin, running() == 0)) {
      return null;
    }
    int owner = ++lastOwner;
    SpoolGrid.Claim claim = parts.claim(owner, wanted, settings.spanChunks(), !proved);
    if (claim == null) {
      others.release(origin);
      return null;
    }
    Lane lane = new Lane(owner, claim);
    lanes.add(lane);
    return lane;
  }

  private int running() {
    return lanes.size() + (firstStream ? 1 : 0);
  }

  /** As many as pay, and one more than the first stream where a reader waits far ahead of it. */
  private int wanted() {
    int paying = ramp.target();
    return paying == 1 && firstStream && parts.isWaitedFor() ? 2 : paying;
  }

  private void stop() {
    over = true;
    closeLanes();
  }

  private void closeLanes() {
    lanes.forEach(Lane::close);
  }

  private Throwable cause() {
    Throwable known = lastFailure;
    return known != null
        ? known
        : new OriginFailure(
            OriginFailure.Kind.TRUNCATED, "The rest of the body could not be fetched", null);
  }

  // --- what the others say

  private synchronized void began() {
    proved = true;
    context.metrics().parts.increment();
  }

  private synchronized void refused() {
    refused = true;
    parts.leaveToFirstStream();
    if (!proved) {
      others.refuses(origin);
    }
  }

  private synchronized void failed(@Nullable Throwable cause) {
    lastFailure = cause == null ? lastFailure : cause;
    failures++;
    context.metrics().partsFailed.increment();
    if (!proved || failures > settings.maxFailures()) {
      refused();
      return;
    }
    ramp = ramp.afterFailure();
    pausedUntilNanos =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.retryPauseMillis() * failures);
  }

  /** What the connection is to bring next, or null: it has ended. */
  private SpoolGrid.@Nullable Claim further(Lane lane, boolean wasWhole) {
    parts.giveBack(lane.owner);
    SpoolGrid.Claim claim = null;
    synchronized (this) {
      if (wasWhole) {
        failures = Math.max(0, failures - 1);
      }
      int wanted = wanted();
      boolean goesOn = wasWhole && !over && !refused && running() <= wanted && !whole.isOver();
      claim = goesOn ? parts.claim(lane.owner, wanted, settings.spanChunks(), false) : null;
      if (claim == null && lanes.remove(lane)) {
        others.release(origin);
      }
    }
    return claim;
  }

  /** One connection beside the first: part after part, one request each. */
  private final class Lane {
    private final int owner;
    private volatile SpoolGrid.Claim claim;
    private volatile boolean flowing;
    private volatile boolean closed;
    private volatile @Nullable UniqueKillSwitch running;

    Lane(int owner, SpoolGrid.Claim claim) {
      this.owner = owner;
      this.claim = claim;
    }

    boolean isFlowing() {
      return flowing;
    }

    void open() {
      RangeRequest part = body.part(claim.from(), claim.end());
      context
          .fetch(OriginRequest.of(part.head(first.head()), first.timeouts()).on(first.terms()))
          .whenComplete(
              (answer, failure) -> {
                if (answer != null) {
                  take(answer, part);
                } else {
                  failed(failure);
                  leave(false);
                }
              });
    }

    private void take(OriginResponse answer, RangeRequest part) {
      PartAnswer good = closed ? PartAnswer.REFUSED : PartAnswer.of(answer, part);
      if (good == PartAnswer.PART) {
        began();
        pump(answer);
        return;
      }
      context.cancel(answer);
      if (!closed) {
        switch (good) {
          case BUSY -> failed(null);
          case REFUSED, PART -> refused();
        }
      }
      leave(false);
    }

    private void pump(OriginResponse answer) {
      PartPump target =
          new PartPump(
              parts, context.spools(), owner, claim, this::cameHere, this::close, this::ended);
      running =
          answer
              .body()
              .viaMat(KillSwitches.single(), Keep.right())
              .to(Sink.fromGraph(new BodyPump(target)))
              .run(context.materializer());
      if (closed) {
        close();
      }
    }

    private void cameHere(int bytes) {
      flowing = true;
      came.add(bytes);
    }

    private void ended(@Nullable Throwable broken) {
      if (broken != null && !closed) {
        failed(broken);
      }
      leave(broken == null && !closed);
    }

    private void leave(boolean wasWhole) {
      SpoolGrid.Claim next = further(this, wasWhole);
      if (next != null) {
        claim = next;
        open();
      }
    }

    /** Ends what runs; it tells when it has. */
    void close() {
      closed = true;
      UniqueKillSwitch stream = running;
      if (stream != null) {
        stream.shutdown();
      }
    }
  }
}
