package dev.weir.exchange;

import dev.weir.edge.EdgeResponse;
import dev.weir.entry.Entry;
import dev.weir.filters.Phase;
import dev.weir.http.CachingMode;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.OriginTrouble;
import dev.weir.http.StaleOnError;
import dev.weir.log.ServeReason;
import dev.weir.proxy.filter.StaleCause;
import dev.weir.proxy.filter.UpstreamFailure;
import java.time.Clock;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is stored in place of what an origin did not give. */
final class Fallback {
  private final Hits hits;
  private final Clock clock;

  Fallback(Hits hits, Clock clock) {
    this.hits = hits;
    this.clock = clock;
  }

  /**
   * Answers from the held entry if the policy allows that for the trouble; else null. If its body
   * turns out to be lost, {@code otherwise} goes on.
   */
  @Nullable CompletionStage<EdgeResponse> serve(
      Exchange x,
      @Nullable Entry held,
      @Nullable OriginTrouble trouble,
      String note,
      Supplier<CompletionStage<EdgeResponse>> otherwise) {
    if (held == null || trouble == null || x.directives.noStore()) {
      return null;
    }
    long now = clock.millis();
    FreshnessInfo info = hits.freshness(x, held);
    boolean judged =
        StaleOnError.allowed(
            now, trouble, x.route.mode(), x.directives, info, x.route.storage().staleOn());
    boolean allowed =
        x.filters.has(Phase.SERVE_STALE)
            ? x.filters.serveStale(cause(trouble, note), judged)
            : judged;
    if (!allowed) {
      return null;
    }
    long ttl = info.lifetimeMillis(x.route.serving()) - info.ageMillis(now);
    return hits.serve(
        x, held, now, Told.hit(reason(x, trouble), ttl).withNote(note), missing -> otherwise.get());
  }

  private static StaleCause cause(OriginTrouble trouble, String note) {
    return trouble instanceof OriginTrouble.Answered(int status)
        ? new StaleCause.Answered(status)
        : new StaleCause.Failed(new UpstreamFailure(note, 502, "The origin failed.", false));
  }

  private static ServeReason reason(Exchange x, OriginTrouble trouble) {
    if (x.route.mode() == CachingMode.ALWAYS_UPSTREAM) {
      return ServeReason.HIT_FALLBACK;
    }
    boolean disconnected =
        x.route.mode() == CachingMode.STANDARD && !(trouble instanceof OriginTrouble.Answered);
    return disconnected ? ServeReason.HIT_DISCONNECTED : ServeReason.HIT_STALE_IF_ERROR;
  }
}
