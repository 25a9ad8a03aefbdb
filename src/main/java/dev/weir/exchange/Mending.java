package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.entry.Entry;
import dev.weir.fill.Repairs;
import dev.weir.fill.Repairs.Outcome;
import dev.weir.origin.OriginRequest;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Has stored bodies mended that a request found broken, with what that request may ask for. */
final class Mending {
  private final Repairs repairs;
  private final OriginHeads heads;
  private final Cache cache;

  Mending(Repairs repairs, OriginHeads heads, Cache cache) {
    this.repairs = repairs;
    this.heads = heads;
    this.cache = cache;
  }

  /** Brings back what those bytes lack; an entry that is past mending is dropped. Never fails. */
  CompletionStage<Outcome> mend(Exchange x, Entry entry, Hits.Span span) {
    OriginRequest whole =
        new OriginRequest(
                x.credited(heads.fetching(x.head)),
                null,
                OptionalLong.empty(),
                x.route.timeouts(),
                interim -> {})
            .on(x.terms());
    return repairs
        .mend(entry, span.from(), span.to(), whole)
        .thenCompose(
            outcome ->
                outcome == Outcome.HOPELESS
                    ? cache.drop(entry).handle((dropped, failure) -> outcome)
                    : CompletableFuture.completedFuture(outcome));
  }
}
