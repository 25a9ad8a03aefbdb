package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.http.StoredResponse;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A fill that this node leads, or did, as its keeper is told of it; guarded by itself. */
final class LedFill {
  final FillPlan plan;

  /** It was followed here until its leader was lost. */
  final boolean takenOver;

  /** As it was asked for: what its keeper may know of it before its head has come. */
  final DealtGrants.Dealt dealt;

  final long begunMillis = System.currentTimeMillis();

  @Nullable Grant grant;
  @Nullable FillIntent intent;

  /** Its key has changed since it began, or it has ended: no grant can make it storable. */
  boolean disowned;

  /** This node goes, and has said so to the keeper: it is nobody's to wait for any more. */
  boolean leaving;

  /** The claim under way, or the last one. */
  @Nullable CompletionStage<Void> claim;

  LedFill(FillPlan plan, boolean takenOver, @Nullable Grant grant, DealtGrants.Dealt dealt) {
    this.plan = plan;
    this.takenOver = takenOver;
    this.grant = grant;
    this.dealt = dealt;
  }

  boolean mayBeGranted() {
    return grant == null && !disowned && (intent == null || intent instanceof FillIntent.Store);
  }

  /** Whether its key may have been purged since, unheard by this node. */
  boolean isOutdatedBy(Grant late, long skewMillis) {
    return late.epoch().mayBeginAfter(begunMillis, skewMillis);
  }

  /** Whether its response was asked for after that entry's had come, to whichever node. */
  synchronized boolean isNewer(Entry stored, long skewMillis) {
    return intent instanceof FillIntent.Store(StoredResponse response, var variant, var vary)
        && response.requestTimeMillis() >= stored.response().responseTimeMillis() + skewMillis;
  }

  /** What its keeper has to know of it, or null if it has none. */
  synchronized KeeperCommand.@Nullable Progress report(long bytes) {
    if (grant == null || leaving) {
      return null;
    }
    return switch (intent) {
      case null ->
          KeeperCommand.Progress.headless(
              grant, bytes, dealt.asked(), dealt.awaited() && isPlain());
      case FillIntent.Store(var response, VariantKey variant, var vary) ->
          new KeeperCommand.Progress(grant, bytes, new KeeperCommand.Place(vary, variant));
      case FillIntent.StorePart part -> new KeeperCommand.Progress(grant, bytes, null);
      case FillIntent.Share share -> new KeeperCommand.Progress(grant, bytes, null);
      case FillIntent.Refresh refresh -> new KeeperCommand.Progress(grant, bytes, null);
      case FillIntent.Relay relay -> new KeeperCommand.Progress(grant, bytes, null);
    };
  }

  /** Whether others may wait for it, as for any request without credentials. */
  boolean isPlain() {
    return !plan.request().head().headers().has("Authorization");
  }

  synchronized void leave() {
    leaving = true;
  }

  synchronized @Nullable Grant granted() {
    return grant;
  }

  /** It gets no grant from here on; the one it has, or null. */
  synchronized @Nullable Grant disown() {
    disowned = true;
    return grant;
  }
}
