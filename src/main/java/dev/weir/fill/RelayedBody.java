package dev.weir.fill;

import dev.weir.origin.OriginResponse;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** A body handed straight from the origin to the one reader that a relayed response has. */
final class RelayedBody {
  private final FillContext context;
  private final FillReport report;
  private final Audience audience;
  private final OriginResponse response;
  private final String reason;
  private final AtomicBoolean taken = new AtomicBoolean();
  private volatile @Nullable UniqueKillSwitch running;

  /**
   * @param reason why it is not spooled
   */
  RelayedBody(
      FillContext context,
      FillReport report,
      Audience audience,
      OriginResponse response,
      String reason) {
    this.context = context;
    this.report = report;
    this.audience = audience;
    this.response = response;
    this.reason = reason;
  }

  Source<ByteString, NotUsed> take(long from) {
    if (from != 0 || !taken.compareAndSet(false, true)) {
      return Source.failed(new SpoolLost("a relayed response has one reader, from its start"));
    }
    audience.join();
    return response
        .body()
        .viaMat(KillSwitches.single(), Keep.right())
        .watchTermination(
            (killSwitch, done) -> {
              running = killSwitch;
              done.whenComplete((ok, failed) -> ended(failed));
              return NotUsed.getInstance();
            })
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  private void ended(@Nullable Throwable failed) {
    audience.leave();
    if (failed == null) {
      report.unstored(reason);
    } else {
      report.broken(Failures.of(failed));
    }
  }

  void abort(Throwable cause) {
    UniqueKillSwitch switched = running;
    if (switched != null) {
      switched.abort(cause);
    } else if (taken.compareAndSet(false, true)) {
      context.cancel(response);
    }
  }
}
