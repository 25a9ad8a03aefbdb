package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.Fills;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * How a keeper's answer becomes the verdicts of the requests that wait for it: the first leads, the
 * others follow, here or on another node, once a head has shown that it is theirs.
 */
final class Dealing {
  private final CacheSettings settings;
  private final NodeId nodeId;
  private final NearTable near;
  private final FillSlots slots;
  private final FillReports reports;
  private final LoneFlights alone;
  private final PeerFollowing remote;
  private final Fills fills;
  private final BiConsumer<Asker, List<String>> again;

  /**
   * @param again asks the keeper for a request by the names its key varies by
   */
  Dealing(
      CacheSettings settings,
      NodeId nodeId,
      NearTable near,
      FillSlots slots,
      FillReports reports,
      LoneFlights alone,
      PeerFollowing remote,
      Fills fills,
      BiConsumer<Asker, List<String>> again) {
    this.settings = settings;
    this.nodeId = nodeId;
    this.near = near;
    this.slots = slots;
    this.reports = reports;
    this.alone = alone;
    this.remote = remote;
    this.fills = fills;
    this.again = again;
  }

  /** Everybody who has asked for it gets a verdict, or asks again. */
  void deal(Answer answer, List<Asker> askers) {
    switch (answer) {
      case Answer.Stored(Lease lease) ->
          askers.forEach(asker -> asker.answer(new Verdict.Serve(lease.entry())));
      case Answer.Lead(Grant grant, boolean solo) -> {
        lead(askers.getFirst(), grant, !solo, new Verdict.Lead(grant));
        List<Asker> others = askers.subList(1, askers.size());
        others.forEach(
            solo
                ? asker -> asker.answer(new Verdict.Pass("uncacheable"))
                : asker -> follow(asker, grant.fill()));
      }
      case Answer.Validate(Grant grant, Entry entry) -> {
        lead(askers.getFirst(), grant, true, new Verdict.Validate(grant, entry));
        for (Asker asker : askers.subList(1, askers.size())) {
          if (asker.question().intent() == Question.Intent.BACKGROUND) {
            asker.answer(new Verdict.Pass("refreshing"));
          } else {
            follow(asker, grant.fill());
          }
        }
      }
      case Answer.Follow(FillId fill, NodeId leader) ->
          askers.forEach(asker -> follow(asker, fill, leader));
      case Answer.Varies(List<String> vary) -> askers.forEach(asker -> again.accept(asker, vary));
      case Answer.Alone(String reason) -> {
        boolean storeDown = reason.equals("store");
        askers.forEach(
            asker -> {
              if (storeDown) {
                alone.withoutStore(asker, this::follow);
              } else {
                asker.answer(new Verdict.Pass(reason));
              }
            });
      }
    }
  }

  private void lead(Asker asker, Grant grant, boolean shared, Verdict verdict) {
    boolean awaited = shared && asker.question().mayWait();
    reports.deal(grant, new DealtGrants.Dealt(asker.asked(), awaited));
    asker.answer(verdict);
  }

  private void follow(Asker asker, FillId id, NodeId leader) {
    if (leader.equals(nodeId)) {
      follow(asker, id);
      return;
    }
    limitWait(asker);
    remote.follow(
        asker,
        id,
        leader,
        fills,
        (fill, head) -> onHead(asker, fill, head),
        lost -> {
          lost.lessRounds();
          askAgain(lost);
        });
  }

  private void limitWait(Asker asker) {
    asker
        .verdict()
        .completeOnTimeout(
            new Verdict.Pass("head-timeout"),
            settings.followTimeoutMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Waits for the head of a fill that this node leads. */
  void follow(Asker asker, FillId id) {
    limitWait(asker);
    slots
        .headed(id, fills, asker.askedNanos())
        .whenComplete(
            (fill, failed) -> {
              if (failed instanceof FillSlots.BrokenException) {
                reports.broke(asker.question().key(), id);
              }
              if (fill != null) {
                fill.head().thenAccept(head -> onHead(asker, fill, head));
              } else if (failed instanceof FillSlots.ReleasedException) {
                askAgain(asker);
              } else {
                asker.answer(new Verdict.Pass("crowded"));
              }
            });
  }

  /** Whether this request's answer is that response: only now is known what it varies by. */
  private void onHead(Asker asker, Fill fill, FillHead head) {
    switch (head) {
      case FillHead.Streaming streaming -> {
        switch (streaming.intent()) {
          case FillIntent.Store(var response, VariantKey variant, List<String> vary) -> {
            if (asker.question().variant().apply(vary).equals(variant)) {
              asker.answer(new Verdict.Follow(fill));
            } else {
              again.accept(asker, vary);
            }
          }
          case FillIntent.StorePart part -> askAgain(asker);
          case FillIntent.Share share -> asker.answer(new Verdict.Follow(fill));
          case FillIntent.Relay relay -> asker.answer(new Verdict.Pass("uncacheable"));
          case FillIntent.Refresh refresh -> asker.answer(new Verdict.Follow(fill));
        }
      }
      case FillHead.Refreshed refreshed -> asker.answer(new Verdict.Follow(fill));
      case FillHead.Failed failed -> asker.answer(new Verdict.Follow(fill));
    }
  }

  private void askAgain(Asker asker) {
    again.accept(asker, near.vary(asker.question().key()));
  }
}
