package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillIntent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * How fills that began without a grant of a keeper come to one: late, or by asking for it as a
 * request would. What may be older than a purge gets none.
 */
final class Claims {
  private final Map<FillId, LedFill> led;
  private final CacheSettings settings;
  private final LoneFlights alone;
  private final Questions questions;
  private final FillSlots slots;
  private final KeeperMetrics metrics;

  /**
   * @param led all fills that this node leads; any thread
   */
  Claims(
      Map<FillId, LedFill> led,
      CacheSettings settings,
      LoneFlights alone,
      Questions questions,
      FillSlots slots,
      KeeperMetrics metrics) {
    this.led = led;
    this.settings = settings;
    this.alone = alone;
    this.questions = questions;
    this.slots = slots;
    this.metrics = metrics;
  }

  /** The key has changed: what began before that without a grant never gets one. */
  void disown(PrimaryKey key) {
    alone.forget(key);
    for (FillId id : alone.own()) {
      LedFill fill = led.get(id);
      Grant begun = fill == null ? null : fill.plan.grant();
      if (fill != null && begun != null && begun.key().equals(key)) {
        var _ = fill.disown();
      }
    }
  }

  /** Gives a late grant to the local fill of its key, if there is one that can use it. */
  boolean adopt(Grant late, KeeperLink keepers) {
    FillId local = alone.running(late.key());
    LedFill fill = local == null ? null : led.get(local);
    return local != null && fill != null && adopt(late, local, fill, keepers);
  }

  private boolean adopt(Grant late, FillId local, LedFill fill, KeeperLink keepers) {
    FillIntent intent;
    synchronized (fill) {
      if (!fill.mayBeGranted()) {
        return false;
      }
      if (fill.isOutdatedBy(late, settings.clockSkewMillis())) {
        fill.disowned = true;
        alone.forget(late.key()); // nobody joins it any more
        return false;
      }
      fill.grant = late;
      intent = fill.intent;
    }
    metrics.adoptedGrants.increment();
    slots.adopted(late.fill(), local);
    keepers.send(late.key(), new KeeperCommand.Started(late));
    if (intent != null) {
      keepers.send(late.key(), FillReports.headed(late, fill.plan, intent));
    }
    return true;
  }

  /** Keepers can be reached: every fill that began alone asks for its grant. */
  void claimAll(KeeperLink keepers) {
    led.forEach((local, fill) -> claim(local, fill, keepers));
  }

  /** Asks for a grant as a request would; completes when it has one or will not get it. */
  CompletionStage<Void> claim(FillId local, LedFill fill, KeeperLink keepers) {
    FillIntent intent;
    synchronized (fill) {
      if (!fill.mayBeGranted()) {
        return CompletableFuture.completedStage(null);
      }
      intent = fill.intent;
      CompletionStage<Void> claim =
          intent instanceof FillIntent.Store(var response, VariantKey variant, var vary)
              ? claim(local, fill, keepers, new Wanted(Question.Intent.LOOK, vary, variant))
              : claim(local, fill, keepers, Wanted.UNKNOWN);
      fill.claim = claim;
      return claim;
    }
  }

  /** What a claim asks for: the response that varies by those names, or one in its place. */
  private record Wanted(Question.Intent intent, List<String> vary, VariantKey variant) {
    static final Wanted UNKNOWN = new Wanted(Question.Intent.LOOK, List.of(), VariantKey.NONE);

    Wanted inPlace() {
      return new Wanted(Question.Intent.REPLACE, vary, variant);
    }
  }

  private CompletionStage<Void> claim(
      FillId local, LedFill fill, KeeperLink keepers, Wanted wanted) {
    Grant begun = fill.plan.grant();
    if (begun == null) {
      return CompletableFuture.completedStage(null);
    }
    return questions
        .askForItself(
            begun.key(), wanted.intent(), wanted.vary(), wanted.variant(), fill.isPlain(), keepers)
        .thenCompose(
            answer ->
                switch (answer) {
                  case Answer.Lead(Grant grant, boolean solo) -> take(grant, local, fill, keepers);
                  case Answer.Validate(Grant grant, Entry entry) ->
                      take(grant, local, fill, keepers);
                  // The key is known to vary by nothing, or by nothing yet: its head will tell.
                  case Answer.Varies(List<String> names)
                      when names.isEmpty() && !wanted.vary().isEmpty() ->
                      claim(local, fill, keepers, Wanted.UNKNOWN);
                  case Answer.Varies varies -> CompletableFuture.completedStage(null);
                  case Answer.Stored(Lease lease)
                      when wanted.intent() == Question.Intent.LOOK
                          && fill.isNewer(lease.entry(), settings.clockSkewMillis()) ->
                      claim(local, fill, keepers, wanted.inPlace());
                  case Answer.Stored stored -> CompletableFuture.completedStage(null);
                  case Answer.Follow follow -> CompletableFuture.completedStage(null);
                  case Answer.Alone alone -> CompletableFuture.completedStage(null);
                });
  }

  private CompletionStage<Void> take(Grant grant, FillId local, LedFill fill, KeeperLink keepers) {
    if (!adopt(grant, local, fill, keepers)) {
      keepers.send(grant.key(), new KeeperCommand.Ended(grant, "unused"));
      slots.release(grant.fill()); // requests may have been sent to it meanwhile
    }
    return CompletableFuture.completedStage(null);
  }
}
