package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.edge.EdgeResponse;
import dev.weir.entry.PrimaryKey;
import dev.weir.filters.Phase;
import dev.weir.log.ServeReason;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.PurgeOutcome;
import java.util.concurrent.CompletionStage;

/** Requests that a filter takes for a purge of their key. */
final class Purging {
  private final Cache cache;
  private final Answers answers;

  Purging(Cache cache, Answers answers) {
    this.cache = cache;
    this.answers = answers;
  }

  /** Forgets what is stored; answers when no node serves it any more. */
  CompletionStage<EdgeResponse> purge(Exchange x) {
    PrimaryKey key = x.route.key();
    return cache
        .isStored(key)
        // Only then: it would find what is being removed, or not.
        .thenCompose(
            stored ->
                cache
                    .purge(key)
                    .handle(
                        (done, failed) ->
                            failed != null || !done
                                ? PurgeOutcome.INCOMPLETE
                                : stored ? PurgeOutcome.DONE : PurgeOutcome.NOTHING))
        .thenApply(outcome -> answers.made(x, answer(x, outcome), Told.own(ServeReason.PURGED)));
  }

  private static FilterResponse answer(Exchange x, PurgeOutcome outcome) {
    FilterResponse usual =
        switch (outcome) {
          case DONE -> FilterResponse.text(200, "purged\n");
          case NOTHING -> FilterResponse.text(404, "nothing was stored\n");
          case INCOMPLETE -> FilterResponse.text(502, "not all nodes have acknowledged\n");
        };
    return x.filters.has(Phase.PURGE_ANSWER) ? x.filters.purgeAnswer(outcome, usual) : usual;
  }
}
