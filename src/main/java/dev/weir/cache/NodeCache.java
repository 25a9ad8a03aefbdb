package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillEvents;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.Fills;
import dev.weir.fill.Succession;
import dev.weir.origin.CircuitBreakers;
import dev.weir.store.HeldEntry;
import dev.weir.store.Holding;
import dev.weir.store.MetadataStore;
import dev.weir.store.Retention;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * A node's side of the keepers. Questions of one key travel once per node; their answers are dealt
 * to the requests that wait: the first leads, the others follow. Without keepers (not up yet, cut
 * off, too slow) the node's own single-flight answers.
 */
public final class NodeCache implements Cache {
  private final CacheSettings settings;
  private final NodeId nodeId;
  private final KeeperStore store;
  private final Retention retention;
  private final Holding holding;
  private final Executor executor;
  private final KeeperMetrics metrics = new KeeperMetrics();
  private final NearTable near;
  private final FillSlots slots;
  private final Questions questions;
  private final Replies replies;
  private final FillReports reports;
  private final LoneFlights alone;
  private final PeerFollowing remote;
  private final Neighbours neighbours;
  private final KeyChanges changes;
  private final Fills fills;
  private final Dealing dealing;
  private volatile boolean leaving;
  private volatile CompletableFuture<KeeperLink> link = new CompletableFuture<>();

  /**
   * @param executor runs what hangs on a verdict; never blocks
   * @param fills makes this node's fills, given where they report to
   */
  public NodeCache(
      CacheSettings settings,
      NodeId nodeId,
      MetadataStore metadata,
      Retention retention,
      Executor executor,
      Function<FillEvents, Fills> fills) {
    this(settings, nodeId, metadata, retention, Holding.NOTHING, executor, fills);
  }

  /**
   * As above.
   *
   * @param holding keeps what is not durable yet
   */
  public NodeCache(
      CacheSettings settings,
      NodeId nodeId,
      MetadataStore metadata,
      Retention retention,
      Holding holding,
      Executor executor,
      Function<FillEvents, Fills> fills) {
    this.holding = holding;
    this.settings = settings;
    this.nodeId = nodeId;
    this.store = new KeeperStore(metadata, settings.storeTimeoutMillis());
    this.retention = retention;
    this.executor = executor;
    this.near = new NearTable(settings);
    this.slots = new FillSlots(settings);
    this.questions = new Questions(settings, metrics);
    this.replies = new Replies(settings.followTimeoutMillis() + KeyChanges.timeoutMillis(settings));
    this.neighbours = new Neighbours(nodeId);
    this.changes = new KeyChanges(settings, replies, () -> link);
    this.alone = new LoneFlights(settings, nodeId, store);
    this.reports =
        new FillReports(settings, alone, replies, questions, slots, metrics, holding, () -> link);
    this.remote = new PeerFollowing(settings, reports::forgetFollowed);
    this.fills = fills.apply(reports);
    this.dealing =
        new Dealing(
            settings, nodeId, near, slots, reports, alone, remote, this.fills, this::attempt);
    holding.announceBy(
        new Holding.Announcer() {
          @Override
          public CompletionStage<Boolean> durable(HeldEntry held) {
            return reports.durable(held);
          }

          @Override
          public void lost(HeldEntry held) {
            drop(held.entry());
          }
        });
  }

  // --- the fabric comes and goes

  /**
   * A fabric system begins: its keepers are asked as soon as one of them has answered. Until then,
   * and after {@link #detach}, the node answers alone.
   *
   * @param heard whether this node hears enough of the others to serve by leases; asked each second
   */
  public void attach(ActorSystem<?> fabric, BooleanSupplier heard) {
    Fleet fleet =
        Fleet.join(
            fabric,
            nodeId,
            NodeActor.create(settings, heard, this::hear, near::suspend),
            settings.maxDeparted());
    neighbours.joined(fleet);
    KeeperLink keepers = Keepers.start(fabric, settings, store, retention, metrics, nodeId, fleet);
    FabricProbe probe = new FabricProbe(keepers, replies, settings, () -> attach(keepers));
    fabric.getWhenTerminated().thenRun(probe::cancel);
    probe.begin();
  }

  /** Has these circuit breakers hear of the other nodes', and the others of them. */
  public void share(CircuitBreakers breakers) {
    neighbours.share(breakers);
  }

  /** Has that run when another node's operator wants rules read again; it must not block. */
  public void onReadRules(Runnable reading) {
    neighbours.onReadRules(reading);
  }

  /** Has all other nodes read their rules again. */
  public void readRulesElsewhere(String version) {
    neighbours.readRules(version);
  }

  void attach(KeeperLink keepers) {
    // Before any request asks: the key of a running fill is to have one leader.
    reports.claims().claimAll(keepers);
    if (!link.complete(keepers)) {
      link = CompletableFuture.completedFuture(keepers);
    }
    reports.announceHeld(keepers);
  }

  /** The fabric is gone: the node answers alone until it is back. */
  public void detach() {
    neighbours.left();
    if (link.isDone()) {
      link = new CompletableFuture<>();
    }
    near.clear();
    slots.releaseAll();
    questions.giveUpAll().forEach(this::goAlone);
    replies.failAll();
  }

  private @Nullable KeeperLink linked() {
    return link.getNow(null);
  }

  // --- questions

  @Override
  public @Nullable Entry near(PrimaryKey key, Function<List<String>, VariantKey> variant) {
    Entry entry = near.find(key, variant, System.nanoTime());
    if (entry != null) {
      metrics.nearHits.increment();
    }
    return entry;
  }

  @Override
  public CompletionStage<Verdict> ask(Question question) {
    Asker asker = new Asker(question, executor, grant -> release(grant, "late"));
    attempt(asker, near.vary(question.key()));
    return asker.verdict();
  }

  private void attempt(Asker asker, List<String> vary) {
    if (asker.verdict().isDone()) {
      return;
    }
    if (asker.nextRound() > settings.maxRounds()) {
      asker.answer(new Verdict.Pass("unsettled"));
      return;
    }
    KeeperLink keepers = linked();
    if (keepers == null) {
      goAlone(asker);
      return;
    }
    questions.ask(asker, vary, keepers, this::goAlone);
  }

  private void goAlone(Asker asker) {
    Fill copy = remote.answering(asker.question());
    if (copy == null) {
      metrics.alone.increment();
    }
    alone.fromStore(asker, copy, dealing::follow);
  }

  /** What keepers say; one thread at a time. */
  void hear(NodeMessage message) {
    switch (message) {
      case NodeMessage.Acked(long id) -> questions.acked(id, this::goAlone);
      case NodeMessage.Answered(long id, Answer answer) -> {
        Long sentNanos = questions.sentNanos(id);
        if (answer instanceof Answer.Stored(Lease lease) && sentNanos != null) {
          near.grant(lease, sentNanos);
        }
        if (questions.answeredItself(id, answer)) {
          return;
        }
        List<Asker> askers = questions.answered(id);
        if (askers.isEmpty()) {
          late(answer);
        } else {
          dealing.deal(answer, askers);
        }
      }
      case NodeMessage.Renewed(Lease lease) -> near.grant(lease, System.nanoTime());
      case NodeMessage.Revoke(var key, long incarnation, long sequence, var keeper) -> {
        near.revoke(key, incarnation, sequence);
        // Before the purge is acknowledged: who goes alone after that joins nothing older.
        reports.claims().disown(key);
        remote.forget(key);
        keeper.tell(new KeeperCommand.Revoked(nodeId, sequence));
      }
      case NodeMessage.WhatRuns(PrimaryKey key, var keeper) ->
          keeper.tell(new KeeperCommand.Runs(nodeId, reports.running(key)));
      case NodeMessage.Committed(long id, Entry entry) ->
          replies.committed(id, new FillEvents.Commit.Done(entry));
      case NodeMessage.Discarded(long id, String reason) ->
          replies.committed(id, new FillEvents.Commit.Discarded(reason));
      case NodeMessage.Done(long id, boolean done) -> replies.done(id, done);
      case NodeMessage.Released(FillId fill) -> slots.release(fill);
      case NodeMessage.Succeeded(long id, Grant grant, NodeId leader, String reason) -> {
        if (!replies.succeeded(id, succession(grant, leader, reason)) && grant != null) {
          lateLead(grant);
        }
      }
      case NodeMessage.OriginNews news -> neighbours.heard(news);
      case NodeMessage.ReadRules ignored -> neighbours.heardOfRules();
      case NodeMessage.RenewSession renew ->
          near.renewSession(
              System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.sessionTermMillis()));
    }
  }

  private static Succession succession(
      @Nullable Grant grant, @Nullable NodeId leader, String reason) {
    if (grant != null) {
      return new Succession.Lead(grant);
    }
    return leader != null ? new Succession.Follow(leader) : new Succession.Lost(reason);
  }

  /** Nobody waits for it any more: a local fill takes the grant over, or it goes back. */
  private void late(Answer answer) {
    metrics.lateAnswers.increment();
    Grant grant =
        switch (answer) {
          case Answer.Lead lead -> lead.grant();
          case Answer.Validate validate -> validate.grant();
          default -> null;
        };
    if (grant == null) {
      return;
    }
    KeeperLink keepers = linked();
    if (keepers == null || !reports.claims().adopt(grant, keepers)) {
      release(grant, "late");
    }
  }

  /** A follower that still runs asks again; no other can lead it. */
  private void lateLead(Grant grant) {
    boolean runs =
        fills.running(grant.fill()).stream()
            .anyMatch(fill -> !fill.end().toCompletableFuture().isDone());
    if (!runs) {
      release(grant, "late");
    }
  }

  // --- for peers

  /**
   * The fill of that id that this node leads, once its head is known; fails if there is none, or it
   * has broken or is not waited for any more.
   */
  public CompletionStage<Fill> led(FillId id) {
    // The peer's keeper may have named this node just before the fill failed.
    long askedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(settings.reaskMillis());
    return slots
        .headed(id, fills, askedNanos)
        .whenComplete(
            (fill, failed) -> {
              if (failed instanceof FillSlots.BrokenException) {
                slots
                    .here(id, fills)
                    .map(Fill::note)
                    .ifPresent(note -> reports.broke(note.grant().key(), id));
              }
            })
        .thenApply(
            fill -> {
              if (leaving && fill.end().toCompletableFuture().isDone()) {
                throw new FillSlots.ReleasedException(); // its keeper says who leads it now
              }
              return fill;
            });
  }

  /**
   * This node goes, and has no clients any more: hands over what its peers read along.
   *
   * @param within how long fills that only this node can bring to their end may take for it
   */
  public CompletionStage<Void> handOver(Duration within) {
    leaving = true;
    return fills.handOver(within);
  }

  // --- leading

  @Override
  public Fill lead(Grant grant, FillPlan plan) {
    FillPlan granted = heedingRoom(grant.equals(plan.grant()) ? plan : plan.under(grant));
    reports.begins(grant, granted);
    Fill fill = fills.start(granted);
    slots.led(fill);
    fill.end().thenRun(() -> reports.forget(grant));
    return fill;
  }

  /** Where nothing more can be held, what would be stored goes to its client alone. */
  private FillPlan heedingRoom(FillPlan plan) {
    return new FillPlan(
        plan.grant(),
        plan.request(),
        (head, requestTimeMillis, responseTimeMillis) -> {
          FillIntent intent = plan.judge().judge(head, requestTimeMillis, responseTimeMillis);
          Optional<String> full = holding.full();
          boolean stores =
              intent instanceof FillIntent.Store || intent instanceof FillIntent.StorePart;
          return stores && full.isPresent() ? new FillIntent.Relay(full.get()) : intent;
        },
        plan.url(),
        plan.rangeStarted(),
        plan.completion(),
        plan.answer(),
        plan.maxObjectBytes(),
        plan.accelerate());
  }

  @Override
  public void release(Grant grant, String reason) {
    if (alone.release(grant)) {
      slots.release(grant.fill());
      return;
    }
    reports.handBack(grant, reason);
    slots.release(grant.fill());
  }

  // --- removal

  @Override
  public CompletionStage<Boolean> invalidate(PrimaryKey key) {
    reports.claims().disown(key);
    return changes.tell(key, (id, keepers) -> new KeeperCommand.Invalidate(id, keepers.node()));
  }

  @Override
  public CompletionStage<Boolean> purge(PrimaryKey key) {
    reports.claims().disown(key);
    return changes.tell(
        key, (id, keepers) -> new KeeperCommand.Invalidate(id, keepers.node(), true));
  }

  @Override
  public CompletionStage<Boolean> drop(Entry entry) {
    holding.release(entry.tag());
    return changes.tell(
        entry.key(),
        (id, keepers) -> new KeeperCommand.Drop(id, keepers.node(), entry.variant(), entry.tag()));
  }

  @Override
  public int changes(PrimaryKey key) {
    return near.revocations(key);
  }

  @Override
  public CompletionStage<Boolean> isStored(PrimaryKey key) {
    return store
        .load(key)
        .handle((stored, failed) -> stored != null && !stored.entries().isEmpty());
  }

  /** The other nodes of the fleet known now. */
  public Set<NodeId> peers() {
    KeeperLink keepers = linked();
    return keepers == null ? Set.of() : keepers.peers();
  }

  /** How many shards of keepers each node has, by its address in the fabric; empty if unknown. */
  public CompletionStage<Map<String, Integer>> shards() {
    KeeperLink keepers = linked();
    return keepers == null ? CompletableFuture.completedStage(Map.of()) : keepers.shards();
  }

  // --- for others to see

  public Fills fills() {
    return fills;
  }

  public KeeperMetrics metrics() {
    return metrics;
  }

  /** Keys in the near table, about. */
  public long nearKeys() {
    return near.size();
  }

  /** Whether keepers are asked now. */
  public boolean isAttached() {
    return linked() != null;
  }
}
