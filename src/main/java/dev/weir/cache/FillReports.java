package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillEvents;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.Succession;
import dev.weir.store.HeldEntry;
import dev.weir.store.Holding;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What this node's fills report, on its way to their keepers. A fill that began without a grant
 * reports nothing until it has one: a late one, or one it claims when keepers can be reached, at
 * the latest when it is complete.
 */
final class FillReports implements FillEvents {
  /** Keepers are woken in turn, not all at once. */
  private static final int ANNOUNCED_AT_A_TIME = 32;

  /** Reasons that may be gone in a moment. */
  private static final Set<String> PASSING = Set.of("store", "busy", "conflict", "no-fabric");

  private final ConcurrentHashMap<FillId, LedFill> led = new ConcurrentHashMap<>();
  private final DealtGrants dealt;
  private final AtomicInteger waiting = new AtomicInteger();
  private final CacheSettings settings;
  private final LoneFlights alone;
  private final Replies replies;
  private final FillSlots slots;
  private final Claims claims;
  private final Holding holding;
  private final Supplier<CompletableFuture<KeeperLink>> link;

  /**
   * @param holding keeps entries whose bytes are not durable yet
   * @param link completes when keepers can be reached
   */
  FillReports(
      CacheSettings settings,
      LoneFlights alone,
      Replies replies,
      Questions questions,
      FillSlots slots,
      KeeperMetrics metrics,
      Holding holding,
      Supplier<CompletableFuture<KeeperLink>> link) {
    this.settings = settings;
    this.dealt = new DealtGrants(settings);
    this.alone = alone;
    this.replies = replies;
    this.slots = slots;
    this.claims = new Claims(led, settings, alone, questions, slots, metrics);
    this.holding = holding;
    this.link = link;
  }

  void begins(Grant grant, FillPlan plan) {
    boolean local = alone.begins(grant);
    // In both places for a moment, rather than in neither.
    led.put(grant.fill(), new LedFill(plan, false, local ? null : grant, dealt.known(grant)));
    dealt.take(grant);
    if (!local) {
      send(grant, new KeeperCommand.Started(grant));
    }
  }

  /** A request of this node is given that grant, and is about to begin its fill. */
  void deal(Grant grant, DealtGrants.Dealt asked) {
    dealt.deal(grant, asked);
  }

  /** It was not begun. */
  void handBack(Grant grant, String reason) {
    dealt.take(grant);
    send(grant, new KeeperCommand.Ended(grant, reason));
  }

  void forget(Grant grant) {
    LedFill fill = led.remove(grant.fill());
    alone.ended(grant);
    if (fill != null) {
      Grant real = fill.disown();
      if (real != null && !real.equals(grant)) {
        slots.adoptedEnded(real.fill());
      }
    }
  }

  /** How fills that began alone come to a grant. */
  Claims claims() {
    return claims;
  }

  // --- what fills tell

  @Override
  public void head(Grant grant, FillIntent intent) {
    LedFill fill = led.get(grant.fill());
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
      send(real, headed(real, fill.plan, intent));
    }
  }

  @Override
  public void progress(Grant grant, long bytes) {
    LedFill fill = led.get(grant.fill());
    if (fill == null) {
      return;
    }
    KeeperCommand.Progress report = fill.report(bytes);
    if (report != null) {
      send(report.grant(), report);
    }
  }

  /** What this node leads of that key by a keeper's grant, or is about to. */
  List<KeeperCommand.Progress> running(PrimaryKey key) {
    Map<FillId, KeeperCommand.Progress> reports = new LinkedHashMap<>();
    dealt.of(key).forEach(report -> reports.put(report.grant().fill(), report));
    led.values().stream()
        .map(fill -> fill.report(0))
        .filter(report -> report != null && report.grant().key().equals(key))
        .forEach(report -> reports.put(report.grant().fill(), report));
    return reports.values().stream().limit(settings.maxFillsPerKey()).toList();
  }

  @Override
  public CompletionStage<Commit> commit(Grant grant, Entry entry, List<String> vary) {
    LedFill fill = led.get(grant.fill());
    KeeperLink keepers = link.get().getNow(null);
    Grant real = fill == null ? null : fill.granted();
    if (fill == null) {
      return discarded("no-grant");
    }
    if (real != null && keepers != null) {
      return commit(real, grant, entry, vary, keepers);
    }
    if (!entry.tag().equals(grant.fill())) {
      // A client waits for a refreshed entry: it is not worth waiting for a keeper.
      return discarded(real == null ? "no-grant" : "no-fabric");
    }
    if (keepers != null) {
      return commitClaimed(grant, fill, entry, vary, keepers);
    }
    if (waiting.incrementAndGet() > settings.maxUngranted()) {
      waiting.decrementAndGet();
      return discarded("no-fabric");
    }
    CompletableFuture<KeeperLink> reached =
        link.get().copy().orTimeout(settings.fabricTimeoutMillis(), TimeUnit.MILLISECONDS);
    return reached
        .whenComplete((found, failed) -> waiting.decrementAndGet())
        .thenCompose(found -> commitClaimed(grant, fill, entry, vary, found))
        .exceptionally(failed -> new Commit.Discarded("no-fabric"));
  }

  /** Commits under the grant the fill has by now, or can still get. */
  private CompletionStage<Commit> commitClaimed(
      Grant begun, LedFill fill, Entry entry, List<String> vary, KeeperLink keepers) {
    CompletionStage<Void> earlier;
    synchronized (fill) {
      earlier = fill.claim;
    }
    CompletionStage<Void> settled = CompletableFuture.completedStage(null);
    if (earlier != null) {
      settled = earlier;
    }
    return settled
        .thenCompose(ignored -> claims.claim(begun.fill(), fill, keepers))
        .thenCompose(
            ignored -> {
              Grant real = fill.granted();
              return real == null
                  ? discarded("no-grant")
                  : commit(real, begun, entry, vary, keepers);
            });
  }

  private CompletionStage<Commit> commit(
      Grant real, Grant begun, Entry entry, List<String> vary, KeeperLink keepers) {
    boolean renamed = entry.tag().equals(begun.fill()) && !real.equals(begun);
    Entry granted =
        renamed
            ? new Entry(
                entry.key(),
                entry.variant(),
                entry.url(),
                entry.response(),
                entry.body(),
                real.epoch(),
                real.fill())
            : entry;
    HeldEntry whole = new HeldEntry(real, granted, vary);
    boolean refresh = !entry.tag().equals(begun.fill());
    return refresh || !holding.concerns(granted)
        ? tell(whole, false, keepers)
        : hold(whole, keepers);
  }

  /** Keeps its bytes here until they are durable elsewhere, and has it served meanwhile. */
  private CompletionStage<Commit> hold(HeldEntry whole, KeeperLink keepers) {
    return holding
        .hold(whole)
        .thenCompose(
            refusal -> {
              if (refusal.isPresent()) {
                String reason = refusal.get();
                keepers.send(whole.grant().key(), new KeeperCommand.Ended(whole.grant(), reason));
                return discarded(reason);
              }
              CompletableFuture<Commit> told = new CompletableFuture<>();
              announce(whole, keepers, told);
              return told;
            });
  }

  /** Again and again: a keeper that moves, or dies, may not have heard, or not been heard. */
  private void announce(HeldEntry whole, KeeperLink keepers, CompletableFuture<Commit> told) {
    FillId tag = whole.entry().tag();
    within(tell(whole, true, keepers))
        .whenComplete(
            (commit, silence) -> {
              if (commit instanceof Commit.Done) {
                holding.accepted(tag);
              } else if (commit != null) {
                holding.release(tag);
              } else if (keepers.equals(link.get().getNow(null)) && isHeld(tag)) {
                announce(whole, keepers, told);
              }
              if (commit != null) {
                told.complete(commit);
              }
            });
  }

  private boolean isHeld(FillId tag) {
    return holding.held().stream().anyMatch(held -> held.entry().tag().equals(tag));
  }

  private CompletableFuture<Commit> tell(HeldEntry whole, boolean held, KeeperLink keepers) {
    Replies.Awaited<Commit> reply = replies.awaitCommit();
    keepers.send(
        whole.grant().key(),
        new KeeperCommand.Commit(
            reply.id(), keepers.node(), whole.grant(), whole.entry(), whole.vary(), held));
    return reply.stage();
  }

  // --- what is held

  /** Keepers that can be reached now know nothing of it yet. */
  void announceHeld(KeeperLink keepers) {
    Iterator<HeldEntry> all = holding.held().iterator();
    for (int i = 0; i < ANNOUNCED_AT_A_TIME; i++) {
      announceNext(all, keepers);
    }
  }

  private void announceNext(Iterator<HeldEntry> all, KeeperLink keepers) {
    HeldEntry next;
    synchronized (all) {
      next = all.hasNext() ? all.next() : null;
    }
    if (next == null || !Objects.equals(link.get().getNow(keepers), keepers)) {
      return;
    }
    within(tell(next, true, keepers))
        .whenComplete(
            (commit, _) -> {
              if (commit instanceof Commit.Done) {
                holding.accepted(next.entry().tag());
              } else if (commit != null && isFinal(commit)) {
                holding.release(next.entry().tag());
              }
              announceNext(all, keepers);
            });
  }

  /** All its chunks are durable: its document may be written. */
  CompletionStage<Boolean> durable(HeldEntry whole) {
    KeeperLink keepers = link.get().getNow(null);
    return keepers == null
        ? CompletableFuture.completedStage(false)
        : within(tell(whole, false, keepers)).thenApply(FillReports::isFinal);
  }

  private CompletionStage<Commit> within(CompletableFuture<Commit> reply) {
    return reply.orTimeout(settings.answerTimeoutMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whether asking again would bring nothing else. */
  private static boolean isFinal(Commit commit) {
    return switch (commit) {
      case Commit.Done done -> true;
      case Commit.Discarded(String reason) -> !PASSING.contains(reason);
    };
  }

  private static CompletionStage<Commit> discarded(String reason) {
    return CompletableFuture.completedStage(new Commit.Discarded(reason));
  }

  @Override
  public CompletionStage<Succession> orphaned(
      FillPlan plan, Grant lost, FillIntent.Store intent, long bytes) {
    KeeperLink keepers = link.get().getNow(null);
    if (keepers == null) {
      return CompletableFuture.completedStage(new Succession.Follow(lost.leader()));
    }
    Replies.Awaited<Succession> reply = replies.awaitSuccession();
    keepers.send(
        lost.key(),
        new KeeperCommand.Orphaned(
            reply.id(),
            keepers.node(),
            keepers.nodeId(),
            lost,
            intent.vary(),
            intent.variant(),
            bytes));
    // A keeper that has just moved does not answer at once: the leader may be tried meanwhile.
    return reply
        .stage()
        .completeOnTimeout(
            new Succession.Follow(lost.leader()),
            settings.answerTimeoutMillis(),
            TimeUnit.MILLISECONDS)
        .thenApply(
            next -> {
              if (next instanceof Succession.Lead(Grant granted)) {
                LedFill fill = new LedFill(plan, true, granted, DealtGrants.UNKNOWN);
                fill.intent = intent;
                led.put(granted.fill(), fill);
                send(granted, new KeeperCommand.Started(granted));
              }
              return next;
            });
  }

  @Override
  public CompletionStage<Boolean> handOver(Grant grant, FillIntent.Store intent, Runnable letGo) {
    Grant real = real(grant);
    KeeperLink keepers = link.get().getNow(null);
    if (real == null || keepers == null) {
      letGo.run();
      return CompletableFuture.completedStage(false);
    }
    LedFill fill = led.get(grant.fill());
    if (fill != null) {
      fill.leave();
    }
    Replies.Awaited<Succession> next = replies.awaitSuccession();
    keepers.send(
        real.key(),
        new KeeperCommand.Orphaned(
            next.id(),
            keepers.node(),
            keepers.nodeId(),
            real,
            intent.vary(),
            intent.variant(),
            KeeperCommand.Orphaned.LEAVING));
    // What is sent after it arrives after it: by then followers that ask are candidates.
    Replies.Awaited<Boolean> known = replies.awaitDone();
    keepers.send(real.key(), new KeeperCommand.Ping(known.id(), keepers.node()));
    return known
        .stage()
        .completeOnTimeout(false, settings.answerTimeoutMillis(), TimeUnit.MILLISECONDS)
        .thenAccept(arrived -> letGo.run())
        .thenCompose(
            gone ->
                next.stage()
                    .completeOnTimeout(
                        new Succession.Lost("silence"),
                        settings.answerTimeoutMillis(),
                        TimeUnit.MILLISECONDS))
        .thenApply(
            succession -> {
              if (succession instanceof Succession.Lead(Grant back)) {
                send(back, new KeeperCommand.Ended(back, "drain")); // nobody else has asked for it
              }
              return succession instanceof Succession.Follow;
            });
  }

  /** A fill that was followed here has ended. */
  void forgetFollowed(FillId id) {
    led.remove(id);
  }

  @Override
  public void ended(Grant grant, Ending ending, String reason) {
    Grant real = real(grant);
    if (real != null) {
      send(real, new KeeperCommand.Ended(real, reason));
    }
    LedFill fill = led.get(grant.fill());
    if (fill != null && fill.takenOver) {
      led.remove(grant.fill(), fill); // it may have ended before it had the lead
    }
  }

  /** Somebody was sent here for a fill that broke: its keeper has not heard that it did. */
  void broke(PrimaryKey key, FillId id) {
    KeeperLink keepers = link.get().getNow(null);
    if (keepers != null) {
      // Fill and leader say all; the epoch it was granted under is the keeper's to know.
      Grant broken = new Grant(key, id, Epoch.FIRST, keepers.nodeId());
      keepers.send(key, new KeeperCommand.Ended(broken, "broken"));
    }
  }

  static KeeperCommand headed(Grant grant, FillPlan plan, FillIntent intent) {
    boolean plain = !plan.rangeStarted() && !plan.request().head().headers().has("Authorization");
    return switch (intent) {
      case FillIntent.Store(var response, VariantKey variant, List<String> vary) ->
          new KeeperCommand.Headed(grant, KeeperCommand.Fate.STORE, vary, variant, plain);
      // Committed when it has come, but nobody may follow it for the whole.
      case FillIntent.StorePart part -> headed(grant, KeeperCommand.Fate.SHARE, plain);
      case FillIntent.Share share -> headed(grant, KeeperCommand.Fate.SHARE, plain);
      case FillIntent.Relay relay -> headed(grant, KeeperCommand.Fate.RELAY, plain);
      case FillIntent.Refresh refresh -> headed(grant, KeeperCommand.Fate.REFRESH, plain);
    };
  }

  private static KeeperCommand headed(Grant grant, KeeperCommand.Fate fate, boolean plain) {
    return new KeeperCommand.Headed(grant, fate, List.of(), VariantKey.NONE, plain);
  }

  private @Nullable Grant real(Grant grant) {
    LedFill fill = led.get(grant.fill());
    return fill == null ? null : fill.granted();
  }

  private void send(Grant grant, KeeperCommand command) {
    KeeperLink keepers = link.get().getNow(null);
    if (keepers != null) {
      keepers.send(grant.key(), command);
    }
  }
}
