package dev.weir.fill;

import dev.weir.http.ResponseHead;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import java.util.OptionalLong;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The body of one fill on its way into the spool, and back to the origin for the rest if its
 * connection breaks and the rest can be had.
 */
final class IncomingBody implements BodyPump.Target, Acceleration.Whole {
  private final FillContext context;
  private final FillPlan plan;
  private final FillReport report;
  private final Spool spool;
  private final OptionalLong length;
  private final @Nullable LostLeader leader;
  private final @Nullable Resumption resumption;
  private final @Nullable Acceleration acceleration;
  private volatile @Nullable UniqueKillSwitch running;
  private volatile boolean wholeArrived;
  private int resumes;

  /**
   * @param length that was announced
   * @param leader of the fill, where this node reads along; null where it fetches
   */
  IncomingBody(
      FillContext context,
      FillPlan plan,
      FillReport report,
      Spool spool,
      ResponseHead response,
      OptionalLong length,
      @Nullable LostLeader leader) {
    this.context = context;
    this.plan = plan;
    this.report = report;
    this.spool = spool;
    this.length = length;
    this.leader = leader;
    this.resumption = Resumption.of(response, length).orElse(null);
    Resumption parts = resumption;
    this.acceleration =
        parts != null && leader == null && Acceleration.mayBegin(context, plan, response, parts)
            ? new Acceleration(context, spool.parts(), parts, plan.request(), this)
            : null;
  }

  OptionalLong length() {
    return length;
  }

  /** The bytes before this have all come. */
  long received() {
    return spool.received();
  }

  /** Whether its end has been seen. */
  boolean hasEnded() {
    return wholeArrived;
  }

  /** Whether as much is here as was announced. */
  boolean hasAnnouncedLength() {
    return length.isPresent() && length.getAsLong() == spool.received();
  }

  /** Whether the rest can be asked for if it breaks off. */
  boolean isResumable() {
    return resumption != null;
  }

  void pump(Source<ByteString, ?> body) {
    running =
        body.viaMat(KillSwitches.single(), Keep.right())
            .to(Sink.fromGraph(new BodyPump(this)))
            .run(context.materializer());
  }

  /** Has other connections bring parts too, where that may pay. */
  void accelerate() {
    Acceleration others = acceleration;
    if (others != null) {
      others.start();
    }
  }

  /** Ends it before its time. */
  void abort(Throwable cause) {
    spool.fail(cause);
    spool.release();
    UniqueKillSwitch pump = running;
    if (pump != null) {
      pump.abort(cause);
    }
  }

  /** Whether another node leads it, so that its bytes come from there. */
  private boolean isReadAlong() {
    return leader != null && report.grant() == null;
  }

  // --- its first stream

  @Override
  public BodyPump.Demand bytes(ByteString bytes, Runnable more) {
    if (leader != null) {
      leader.found();
    }
    FillMetrics metrics = context.metrics();
    (isReadAlong() ? metrics.peerBytes : metrics.originBytes).add(bytes.size());
    BodyPump.Demand demand = spool.append(bytes, more);
    Acceleration others = acceleration;
    if (others != null) {
      others.came(bytes.size());
      if (demand == BodyPump.Demand.ENOUGH) {
        others.firstStreamCut();
      }
    }
    return demand;
  }

  @Override
  public void whole() {
    if (wholeArrived) {
      return;
    }
    if (length.isPresent() && !hasAnnouncedLength()) {
      broken(
          new OriginFailure(
              OriginFailure.Kind.TRUNCATED, "The body is not as long as announced", null));
    } else {
      wholeArrived = true;
      spool.complete();
    }
  }

  @Override
  public void broken(Throwable cause) {
    if (isOver()) {
      return;
    }
    LostLeader other = leader;
    if (other != null && isReadAlong()) {
      other.lost(this, cause);
      return;
    }
    Acceleration parts = acceleration;
    if (parts != null && Resumption.mends(cause) && parts.firstStreamBroke(cause)) {
      return;
    }
    resumeOrGiveUp(cause);
  }

  private void resumeOrGiveUp(Throwable cause) {
    long streamed = spool.streamed();
    if (resumption != null
        && Resumption.mends(cause)
        && resumes < context.settings().maxResumes()
        && streamed > 0
        && streamed < resumption.totalBytes()) {
      resumes++;
      resume(cause);
    } else {
      giveUp(cause);
    }
  }

  /**
   * Asks the origin for what its stream had not brought; what others have brought of that comes
   * once more, for a stream has no gaps.
   */
  void resume(Throwable broken) {
    Resumption whole = resumption;
    if (whole == null || report.isEnded()) {
      giveUp(broken);
      return;
    }
    OriginRequest first = plan.request();
    RangeRequest rest = whole.rest(spool.streamed());
    context
        .fetch(OriginRequest.of(rest.head(first.head()), first.timeouts()).on(first.terms()))
        .whenComplete(
            (answer, failed) -> {
              if (answer == null) {
                giveUp(broken);
              } else if (report.isEnded() || !rest.isAnsweredBy(answer)) {
                context.cancel(answer);
                giveUp(broken);
              } else {
                context.metrics().resumed.increment();
                pump(answer.body());
              }
            });
  }

  // --- those that bring parts

  @Override
  public boolean isOver() {
    return wholeArrived || report.isEnded();
  }

  @Override
  public void arrived() {
    wholeArrived = true;
    spool.complete();
    UniqueKillSwitch first = running;
    if (first != null) {
      first.shutdown();
    }
  }

  @Override
  public void failed(Throwable cause) {
    if (report.isEnded()) {
      return;
    }
    if (acceleration == null) {
      giveUp(cause);
    } else {
      resumeOrGiveUp(cause); // its first stream was ended for the sake of the others
    }
  }

  private void giveUp(Throwable cause) {
    OriginFailure failure = Failures.of(cause);
    report.failed(failure);
    spool.fail(failure);
    spool.release();
  }
}
