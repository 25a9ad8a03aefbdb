package dev.weir.fill;

import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * How the body of a followed fill goes on when its leader is lost, or only the way to it: as its
 * keeper says, by reading along there or elsewhere, or with this node in the lead.
 */
final class LostLeader {
  private final FillContext context;
  private final FillPlan plan;
  private final FillReport report;
  private final Grant leaders;
  private final FillIntent.@Nullable Store intent;

  /** Zero while bytes come. */
  private volatile long lostNanos;

  /**
   * @param leaders under which the fill is fetched by its leader
   * @param intent what may be stored; null where nobody can take over
   */
  LostLeader(
      FillContext context,
      FillPlan plan,
      FillReport report,
      Grant leaders,
      FillIntent.@Nullable Store intent) {
    this.context = context;
    this.plan = plan;
    this.report = report;
    this.leaders = leaders;
    this.intent = intent;
  }

  /** Bytes come: it is not lost, or no longer. */
  void found() {
    lostNanos = 0;
  }

  /** No more bytes come from it. */
  void lost(IncomingBody body, Throwable cause) {
    if (body.hasAnnouncedLength()) {
      body.whole(); // all of it came, only the word that it has ended did not
      return;
    }
    long nowNanos = System.nanoTime();
    if (lostNanos == 0) {
      lostNanos = nowNanos;
    }
    long lostMillis = TimeUnit.NANOSECONDS.toMillis(nowNanos - lostNanos);
    FillIntent.Store stored = intent;
    if (stored == null || lostMillis > context.settings().successionMillis()) {
      body.failed(cause);
      return;
    }
    context
        .events()
        .orphaned(plan, leaders, stored, body.received())
        .whenComplete((next, failed) -> goOn(next, body, cause));
  }

  private void goOn(@Nullable Succession next, IncomingBody body, Throwable cause) {
    switch (next) {
      case Succession.Follow(NodeId leader) ->
          context
              .spools()
              .timer()
              .after(
                  context.settings().reopenMillis(),
                  () -> reopen(leader, body, cause, context.settings().reopenTries()));
      case Succession.Lead(Grant granted) -> {
        if (report.granted(granted)) {
          context.metrics().takenOver.increment();
          body.resume(cause);
        } else {
          context.events().ended(granted, FillEvents.Ending.ABANDONED, "late");
        }
      }
      case Succession.Lost lost -> body.failed(cause);
      case null -> body.failed(cause);
    }
  }

  /** A new leader may not know of it yet: it is asked some times before the keeper is. */
  private void reopen(NodeId leader, IncomingBody body, Throwable cause, int tries) {
    if (report.isEnded()) {
      return;
    }
    context
        .peers()
        .reopen(leader, leaders.fill(), body.received())
        .whenComplete(
            (opened, failed) -> {
              Source<ByteString, ?> rest = opened == null ? null : opened.bytes();
              boolean isNew = !leader.equals(leaders.leader());
              if (rest == null && isNew && tries > 1) {
                context
                    .spools()
                    .timer()
                    .after(
                        context.settings().reopenMillis(),
                        () -> reopen(leader, body, cause, tries - 1));
              } else if (rest == null) {
                lost(body, cause);
              } else if (report.isEnded()) {
                rest.runWith(Sink.cancelled(), context.materializer());
              } else {
                body.pump(rest);
              }
            });
  }
}
