package dev.weir.fill;

import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import dev.weir.origin.OriginTerms;
import dev.weir.origin.Origins;
import dev.weir.store.ChunkStore;
import dev.weir.store.InFlightBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Starts this node's fills and looks after them until their last reader has gone: progress,
 * deadlines, abandonment, clean-up, all by one clock.
 */
public final class FillRegistry implements Fills {
  private final ConcurrentHashMap<FillId, SpooledFill> fills = new ConcurrentHashMap<>();
  private final FillMetrics metrics = new FillMetrics();
  private final ConcurrentHashMap<Place, CompletableFuture<Fill>> following =
      new ConcurrentHashMap<>();
  private final FillContext context;
  private final Cancellable clock;

  /**
   * @param data the actor system of sockets and streams
   * @param blocking runs file work, one task per fill and per reader that reads from disk; threads
   *     of it may block
   * @param peers the fills of other nodes
   * @param events the keepers' side
   */
  public FillRegistry(
      FillSettings settings,
      ActorSystem data,
      Executor blocking,
      Origins origins,
      ChunkStore chunks,
      PeerFills peers,
      FillEvents events) {
    SpoolContext spools =
        new SpoolContext(
            settings,
            metrics,
            chunks,
            blocking,
            (millis, action) ->
                data.scheduler().scheduleOnce(Duration.ofMillis(millis), action, data.dispatcher()),
            new InFlightBudget(settings.inFlightBytes(), settings.sliceMinBytes()),
            new AtomicInteger());
    this.context =
        new FillContext(
            origins,
            new AcceleratedOrigins(settings.acceleration()),
            peers,
            events,
            spools,
            SystemMaterializer.get(data).materializer());
    Duration tick = Duration.ofMillis(settings.tickMillis());
    this.clock = data.scheduler().scheduleWithFixedDelay(tick, tick, this::tick, data.dispatcher());
  }

  @Override
  public Fill start(FillPlan plan) {
    SpooledFill fill = SpooledFill.leading(plan, context);
    fills.put(fill.id(), fill);
    fill.start();
    return fill;
  }

  @Override
  public CompletionStage<Fill> follow(FillId id, NodeId leader, OriginTerms terms) {
    SpooledFill here = fills.get(id);
    if (here != null && !here.isBroken()) {
      return CompletableFuture.completedStage(here);
    }
    CompletableFuture<Fill> fresh = new CompletableFuture<>();
    Place place = new Place(id, leader);
    CompletableFuture<Fill> begun = following.putIfAbsent(place, fresh);
    if (begun != null) {
      return begun.copy();
    }
    context
        .peers()
        .open(leader, id, 0)
        .whenComplete(
            (opened, failed) -> {
              if (opened == null) {
                fresh.completeExceptionally(
                    failed == null ? new SpoolLost("the leader said nothing") : failed);
              } else {
                fresh.complete(begin(opened, terms));
              }
              following.remove(place, fresh);
            });
    return fresh.copy();
  }

  /** A fill may change its leader while the former one, stopped, keeps a connection waiting. */
  private record Place(FillId fill, NodeId leader) {}

  private Fill begin(PeerFills.Opened opened, OriginTerms terms) {
    FillHead told = opened.note().head();
    Source<ByteString, ?> bytes = opened.bytes();
    if (bytes == null || !(told instanceof FillHead.Streaming streaming)) {
      return new SettledFill(opened.note().grant().fill(), told);
    }
    SpooledFill fill = SpooledFill.following(opened.note(), terms, context);
    SpooledFill here = fills.merge(fill.id(), fill, (old, fresh) -> old.isBroken() ? fresh : old);
    if (here.equals(fill)) {
      fill.follow(opened.note().grant(), streaming, bytes);
    } else {
      bytes.runWith(Sink.cancelled(), context.materializer());
    }
    return here;
  }

  /** A fill that runs, or has ended so lately that its spool can still be read. */
  @Override
  public Optional<Fill> running(FillId id) {
    return Optional.ofNullable(fills.get(id));
  }

  @Override
  public int count() {
    return (int) fills.values().stream().filter(SpooledFill::isRunning).count();
  }

  @Override
  public List<FillView> views() {
    return fills.values().stream()
        .filter(SpooledFill::isRunning)
        .map(SpooledFill::view)
        .sorted(Comparator.comparingLong(FillView::millis).reversed())
        .toList();
  }

  public FillMetrics metrics() {
    return metrics;
  }

  @Override
  public CompletionStage<Void> handOver(Duration within) {
    return CompletableFuture.allOf(
        fills.values().stream()
            .filter(SpooledFill::isRunning)
            .map(fill -> fill.handOver(within.toMillis()).toCompletableFuture())
            .toArray(CompletableFuture[]::new));
  }

  /** Stops all fills and completes when nothing of them is left on disk. */
  public CompletionStage<Void> close() {
    clock.cancel();
    List<CompletableFuture<?>> cleaned = new ArrayList<>();
    for (SpooledFill fill : fills.values()) {
      if (fill.isRunning()) {
        fill.abort("shutdown");
      }
      cleaned.add(fill.release().toCompletableFuture());
    }
    fills.clear();
    return CompletableFuture.allOf(cleaned.toArray(CompletableFuture[]::new));
  }

  private void tick() {
    long nowNanos = System.nanoTime();
    fills.values().removeIf(fill -> fill.tick(nowNanos));
  }
}
