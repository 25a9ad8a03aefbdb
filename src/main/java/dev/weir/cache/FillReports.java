package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillEvents;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What this node's fills report, on its way to their keepers. A fill that began without a grant
 * reports nothing until a late grant is adopted for it.
 */
final class FillReports implements FillEvents {
  private final ConcurrentHashMap<FillId, Led> led = new ConcurrentHashMap<>();
  private final LoneFlights alone;
  private final Replies replies;
  private final Supplier<@Nullable KeeperLink> link;

  FillReports(LoneFlights alone, Replies replies, Supplier<@Nullable KeeperLink> link) {
    this.alone = alone;
    this.replies = replies;
    this.link = link;
  }

  /** One fill of this node; guarded by itself. */
  private static final class Led {
    final FillPlan plan;
    @Nullable Grant grant;
    @Nullable FillIntent intent;

    Led(FillPlan plan, @Nullable Grant grant) {
      this.plan = plan;
      this.grant = grant;
    }
  }

  void begins(Grant grant, FillPlan plan) {
    boolean local = alone.begins(grant);
    led.put(grant.fill(), new Led(plan, local ? null : grant));
    if (!local) {
      send(grant, new KeeperCommand.Started(grant));
    }
  }

  void forget(Grant grant) {
    led.remove(grant.fill());
    alone.ended(grant);
  }

  /** Gives a late grant to the local fill of its key, if there is one that can use it. */
  boolean adopt(Grant late) {
    FillId local = alone.running(late.key());
    Led fill = local == null ? null : led.get(local);
    if (fill == null) {
      return false;
    }
    FillIntent intent;
    synchronized (fill) {
      if (fill.grant != null) {
        return false;
      }
      fill.grant = late;
      intent = fill.intent;
    }
    send(late, new KeeperCommand.Started(late));
    if (intent != null) {
      report(late, fill.plan, intent);
    }
    return true;
  }

  @Override
  public void head(Grant grant, FillIntent intent) {
    Led fill = led.get(grant.fill());
    if (fill == null) {
      return;
    }
    Grant real;
    synchronized (fill) {
      fill.intent = intent;
      real = fill.grant;
    }
    alone.headed(grant, intent);
    if (real != null) {
      report(real, fill.plan, intent);
    }
  }

  @Override
  public void progress(Grant grant, long bytes) {
    Grant real = real(grant);
    if (real != null) {
      send(real, new KeeperCommand.Progress(real, bytes));
    }
  }

  @Override
  public CompletionStage<Commit> commit(Grant grant, Entry entry, List<String> vary) {
    Grant real = real(grant);
    KeeperLink keepers = link.get();
    if (real == null || keepers == null) {
      String reason = real == null ? "no-grant" : "no-fabric";
      return CompletableFuture.completedStage(new Commit.Discarded(reason));
    }
    boolean fresh = entry.tag().equals(grant.fill());
    Entry granted =
        fresh && !real.equals(grant)
            ? new Entry(
                entry.key(),
                entry.variant(),
                entry.url(),
                entry.response(),
                entry.body(),
                real.epoch(),
                real.fill())
            : entry;
    Replies.Awaited<Commit> reply = replies.awaitCommit();
    keepers.send(
        real.key(), new KeeperCommand.Commit(reply.id(), keepers.node(), real, granted, vary));
    return reply.stage();
  }

  @Override
  public void ended(Grant grant, Ending ending, String reason) {
    Grant real = real(grant);
    if (real != null) {
      send(real, new KeeperCommand.Ended(real, reason));
    }
  }

  private void report(Grant grant, FillPlan plan, FillIntent intent) {
    boolean plain = !plan.rangeStarted() && !plan.request().head().headers().has("Authorization");
    KeeperCommand.Headed headed =
        switch (intent) {
          case FillIntent.Store(var response, VariantKey variant, List<String> vary) ->
              new KeeperCommand.Headed(grant, KeeperCommand.Fate.STORE, vary, variant, plain);
          case FillIntent.Share share -> headed(grant, KeeperCommand.Fate.SHARE, plain);
          case FillIntent.Relay relay -> headed(grant, KeeperCommand.Fate.RELAY, plain);
          case FillIntent.Refresh refresh -> headed(grant, KeeperCommand.Fate.REFRESH, plain);
        };
    send(grant, headed);
  }

  private static KeeperCommand.Headed headed(Grant grant, KeeperCommand.Fate fate, boolean plain) {
    return new KeeperCommand.Headed(grant, fate, List.of(), VariantKey.NONE, plain);
  }

  private @Nullable Grant real(Grant grant) {
    Led fill = led.get(grant.fill());
    if (fill == null) {
      return null;
    }
    synchronized (fill) {
      return fill.grant;
    }
  }

  private void send(Grant grant, KeeperCommand command) {
    KeeperLink keepers = link.get();
    if (keepers != null) {
      keepers.send(grant.key(), command);
    }
  }
}
