package dev.weir.fill;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.Headers;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginTerms;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One fill from its request to its end.
 *
 * <pre>
 *   AwaitingHead ──Store, Share──▶ Spooling ──whole──▶ Committing ──▶ ended
 *        │  │                        │  ▲ broken: one range request
 *        │  └──Relay──▶ relaying     └──┘
 *        ├──Refresh──▶ committing the refreshed entry
 *        └──failed──▶ ended
 * </pre>
 *
 * <p>How its bytes come is told in {@link IncomingBody} and {@link RelayedBody}, where they are in
 * {@link Spool}, what becomes of it in {@link SpoolEnding}, how it ended in {@link FillReport}.
 */
final class SpooledFill implements Fill {
  private static final Logger LOG = LoggerFactory.getLogger(SpooledFill.class);

  private final FillId id;
  private final FillPlan plan;
  private final FillContext context;
  private final @Nullable Grant first;
  private final boolean begunHere;
  private final Audience audience;
  private final FillReport report;
  private final SpoolEnding ending;
  private final long startedNanos = System.nanoTime();
  private final long requestTimeMillis = System.currentTimeMillis();
  private final CompletableFuture<FillHead> head = new CompletableFuture<>();

  private volatile @Nullable Spooled spooled;
  private volatile @Nullable RelayedBody relayed;
  private volatile Supplier<Headers> trailers = () -> Headers.EMPTY;

  /** A body that is spooled: on its way, and where it is. */
  private record Spooled(IncomingBody incoming, Spool spool) {}

  /**
   * @param first the grant it began under, of this node or another
   */
  private SpooledFill(
      @Nullable Grant first, FillPlan plan, FillContext context, boolean begunHere) {
    this.id = first == null ? FillId.random() : first.fill();
    this.first = first;
    this.begunHere = begunHere;
    this.plan = plan;
    this.context = context;
    this.audience = new Audience(context.metrics());
    this.report = new FillReport(context, audience, plan.grant());
    this.ending = new SpoolEnding(id, plan, context, report);
  }

  /** One that this node fetches; {@link #start} begins it. */
  static SpooledFill leading(FillPlan plan, FillContext context) {
    return new SpooledFill(plan.grant(), plan, context, true);
  }

  /** One that is read along with its leader; {@link #follow} begins it. */
  static SpooledFill following(FillNote note, OriginTerms terms, FillContext context) {
    return new SpooledFill(note.grant(), FillPlan.following(note, terms), context, false);
  }

  void start() {
    context.metrics().started.increment();
    OriginResponse answer = plan.answer();
    if (answer != null) {
      onResponse(answer);
      return;
    }
    CompletionStage<OriginResponse> fetched;
    try {
      Completion completion = plan.completion();
      fetched =
          completion == null
              ? context.origins().fetch(plan.request())
              : completion.fetch(context.origins(), plan.request());
    } catch (RuntimeException e) {
      fail(Failures.of(e));
      return;
    }
    fetched.whenComplete(
        (response, failed) -> {
          if (response != null) {
            onResponse(response);
          } else {
            fail(Failures.of(failed));
          }
        });
  }

  /**
   * Begins to read along.
   *
   * @param leaders under which its leader fetches it
   */
  void follow(Grant leaders, FillHead.Streaming streaming, Source<ByteString, ?> bytes) {
    context.metrics().followed.increment();
    FillIntent.Store store =
        streaming.intent() instanceof FillIntent.Store storing ? storing : null;
    Spool spool =
        new Spool(
            context.spools(),
            store == null ? Spool.Storing.WINDOW : Spool.Storing.STORE,
            streaming.length(),
            "followed",
            Long.MAX_VALUE);
    LostLeader leader = new LostLeader(context, plan, report, leaders, store);
    IncomingBody body =
        receive(spool, streaming, store == null ? null : Commitment.of(store), leader);
    head.complete(streaming); // first: a stream that breaks at once asks what it was
    body.pump(bytes);
  }

  // --- as others see it

  @Override
  public FillId id() {
    return id;
  }

  @Override
  public CompletionStage<FillHead> head() {
    return head;
  }

  @Override
  public CompletionStage<End> end() {
    return report.end();
  }

  @Override
  public boolean answers(long askedNanos) {
    return !report.isBroken()
        || (report.endedAfter(askedNanos) && head.getNow(null) instanceof FillHead.Failed);
  }

  @Override
  public Source<ByteString, NotUsed> read(long from, long to) {
    RelayedBody direct = relayed;
    if (direct != null) {
      return direct.take(from);
    }
    Spooled body = spooled;
    if (body == null) {
      return Source.failed(new SpoolLost("the fill has no body to read"));
    }
    return Source.fromGraph(
        new SpoolSource(body.spool, context.spools(), from, to, audience.reader()));
  }

  @Override
  public boolean arrived() {
    Spooled body = spooled;
    // No reader has its last byte before the spool has it.
    return body != null
        && (body.incoming.hasEnded()
            || body.spool.received() >= body.incoming.length().orElse(Long.MAX_VALUE));
  }

  @Override
  public Headers trailers() {
    return trailers.get();
  }

  @Override
  public Interest interest() {
    return audience.interest();
  }

  @Override
  public @Nullable FillNote note() {
    FillHead known = head.getNow(null);
    Grant leading = report.grant();
    return known == null || leading == null
        ? null
        : new FillNote(
            leading, plan.request().head(), plan.request().timeouts(), plan.url(), known);
  }

  @Override
  public @Nullable Epoch epoch() {
    return first == null ? null : first.epoch();
  }

  // --- the head

  private void onResponse(OriginResponse response) {
    FillIntent intent;
    trailers = response.arrivedTrailers();
    long responseTimeMillis = System.currentTimeMillis();
    try {
      intent =
          bounded(
              plan.judge().judge(response.head(), requestTimeMillis, responseTimeMillis), response);
    } catch (RuntimeException e) {
      LOG.error("The response could not be judged", e);
      context.cancel(response);
      fail(new OriginFailure(OriginFailure.Kind.BAD_RESPONSE, "The response is unusable", e));
      return;
    }
    if (report.isEnded()) {
      context.cancel(response);
      return;
    }
    report.head(intent);
    FillHead.Streaming streaming =
        new FillHead.Streaming(
            response.head(), response.bodyLength(), intent, requestTimeMillis, responseTimeMillis);
    switch (intent) {
      case FillIntent.Store store -> stream(response, streaming, "no-grant");
      case FillIntent.StorePart part -> stream(response, streaming, "no-grant");
      case FillIntent.Share(Unstored reason) -> stream(response, streaming, reason.label());
      case FillIntent.Relay(Unstored reason) -> relay(response, streaming, reason.label());
      case FillIntent.Refresh(Entry refreshed) -> refresh(response, refreshed);
    }
  }

  /** What the judge cannot see: the framing of the body. */
  private FillIntent bounded(FillIntent intent, OriginResponse response) {
    if (intent instanceof FillIntent.Share(Unstored reason)
        && response.bodyLength().orElse(0) > context.settings().shareLimitBytes()) {
      return new FillIntent.Relay(reason);
    }
    boolean storing =
        intent instanceof FillIntent.StorePart
            || (intent instanceof FillIntent.Store store
                && !FreshnessInfo.of(store.response()).source().isExplicit());
    if (storing && response.closeDelimited() && !"https".equals(plan.request().head().scheme())) {
      // A plain connection that ends proves little about the body's end: an origin that wants such
      // a body kept must have said for how long.
      return new FillIntent.Share(Unstored.Cause.CLOSE_DELIMITED);
    }
    return intent;
  }

  private void stream(OriginResponse response, FillHead.Streaming streaming, String unstored) {
    Commitment commitment = Commitment.of(streaming.intent());
    Spool spool =
        new Spool(
            context.spools(),
            storing(streaming.intent()),
            response.bodyLength(),
            unstored,
            plan.maxObjectBytes());
    IncomingBody body = receive(spool, streaming, commitment, null);
    body.pump(response.body());
    body.accelerate();
    head.complete(streaming);
    if (report.isBroken()) {
      // Stopped before there was a spool to stop. A small body may just as well be committed by
      // now.
      body.abort(new SpoolLost("the fill has ended"));
    }
  }

  private Spool.Storing storing(FillIntent intent) {
    return switch (intent) {
      case FillIntent.Store ignored -> storingUnderGrant();
      case FillIntent.StorePart ignored -> storingUnderGrant();
      case FillIntent.Share(Unstored reason) when reason == Unstored.Cause.CLOSE_DELIMITED ->
          Spool.Storing.SPOOL;
      case FillIntent.Share ignored -> Spool.Storing.WINDOW;
      case FillIntent.Relay ignored -> Spool.Storing.WINDOW;
      case FillIntent.Refresh ignored -> Spool.Storing.WINDOW;
    };
  }

  private Spool.Storing storingUnderGrant() {
    return report.grant() == null ? Spool.Storing.SPOOL : Spool.Storing.STORE;
  }

  private IncomingBody receive(
      Spool spool,
      FillHead.Streaming streaming,
      @Nullable Commitment commitment,
      @Nullable LostLeader leader) {
    IncomingBody body =
        new IncomingBody(
            context, plan, report, spool, streaming.head(), streaming.length(), leader);
    spooled = new Spooled(body, spool);
    audience.expect();
    spool.outcome().thenAccept(outcome -> ending.spooled(outcome, commitment));
    return body;
  }

  private void relay(OriginResponse response, FillHead.Streaming streaming, String reason) {
    relayed = new RelayedBody(context, report, audience, response, reason);
    audience.expect();
    report.relaying(reason);
    head.complete(streaming);
  }

  private void refresh(OriginResponse response, Entry refreshed) {
    if (response.bodyLength().orElse(1) == 0 || response.head().status() == 304) {
      response.body().runWith(Sink.ignore(), context.materializer());
    } else {
      context.cancel(response);
    }
    Grant grant = report.grant();
    if (grant == null) {
      report.unstored("no-grant");
      head.complete(new FillHead.Refreshed(refreshed));
      return;
    }
    report
        .commit(grant, refreshed, List.of(), context.settings().refreshTimeoutMillis())
        .thenAccept(
            stored -> head.complete(new FillHead.Refreshed(stored == null ? refreshed : stored)));
  }

  // --- the end

  private void fail(OriginFailure failure) {
    report.failed(failure);
    head.complete(new FillHead.Failed(failure));
  }

  /** Ends it before its time; everybody who still reads sees it fail. */
  void abort(String reason) {
    OriginFailure cause =
        new OriginFailure(OriginFailure.Kind.CLOSED, "The fetch was stopped: " + reason, null);
    report.stopped(reason);
    head.complete(new FillHead.Failed(cause));
    Spooled body = spooled;
    if (body != null) {
      body.incoming.abort(cause);
    }
    RelayedBody direct = relayed;
    if (direct != null) {
      direct.abort(cause);
    }
  }

  // --- this node goes

  /** Has another node lead it, if one can; completes when nobody waits for this node any more. */
  CompletionStage<?> handOver(long withinMillis) {
    if (report.grant() == null) {
      return CompletableFuture.completedStage(null); // its leader stays, or nobody follows it
    }
    if (audience.isEmpty() && !hasEnded()) {
      abort("drain");
    } else if (handsOn() != null) {
      return giveLead();
    }
    return end()
        .toCompletableFuture()
        .copy()
        .thenApply(how -> true)
        .completeOnTimeout(false, withinMillis, TimeUnit.MILLISECONDS)
        .thenCompose(ended -> ended ? CompletableFuture.completedStage(true) : giveLead());
  }

  private boolean hasEnded() {
    Spooled body = spooled;
    return body != null && body.incoming.hasEnded();
  }

  /** What another node needs to ask for the rest; null if none could. */
  private FillIntent.@Nullable Store handsOn() {
    Spooled body = spooled;
    return body != null
            && body.incoming.isResumable()
            && !body.incoming.hasEnded()
            && head.getNow(null) instanceof FillHead.Streaming streaming
            && streaming.intent() instanceof FillIntent.Store intent
        ? intent
        : null;
  }

  private CompletionStage<Boolean> giveLead() {
    FillIntent.Store intent = handsOn();
    if (intent == null) {
      abort("drain");
      return CompletableFuture.completedStage(false);
    }
    return report.handOver(intent, this::letGo);
  }

  /** What has come whole meanwhile is about to be committed. */
  private void letGo() {
    if (!hasEnded()) {
      abort("handed over");
    }
  }

  FillView view() {
    Spooled body = spooled;
    return new FillView(
        plan.url(),
        begunHere || report.grant() != null,
        body == null ? 0 : body.spool.received(),
        body == null ? OptionalLong.empty() : body.incoming.length(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
  }

  // --- by the clock

  boolean isRunning() {
    return !report.isEnded();
  }

  /** Whether it ended before its time: what is here of it leads nowhere. */
  boolean isBroken() {
    return report.isBroken();
  }

  /** Looks after it; true once nothing of it needs looking after any more. */
  boolean tick(long nowNanos) {
    FillSettings settings = context.settings();
    long idleMillis = audience.idleMillis(nowNanos);
    if (report.isEnded()) {
      if (!audience.isEmpty() || idleMillis < settings.lingerMillis()) {
        return false;
      }
      release();
      return true;
    }
    Spooled body = spooled;
    long received = body == null ? 0 : body.spool.received();
    report.progress(received);
    if (body != null && body.incoming.hasEnded()) {
      return false;
    }
    if (TimeUnit.NANOSECONDS.toMillis(nowNanos - startedNanos) > settings.maxDurationMillis()) {
      abort("deadline");
    } else if (head.isDone()
        && audience.isEmpty()
        && idleMillis >= settings.abandonGraceMillis()
        && isToAbandon(body, received)) {
      context.metrics().abandoned.increment();
      abort("abandoned");
    }
    return false;
  }

  private boolean isToAbandon(@Nullable Spooled body, long received) {
    boolean storable = body != null && body.spool.isToBeStored() && report.grant() != null;
    OptionalLong length = body == null ? OptionalLong.empty() : body.incoming.length();
    return Abandonment.decide(storable, plan.rangeStarted(), length, received, context.settings())
        == Abandonment.STOP;
  }

  /** Lets the spool go; readers that come later are sent back to ask again. */
  CompletionStage<?> release() {
    Spooled body = spooled;
    if (body == null) {
      return CompletableFuture.completedStage(null);
    }
    body.spool.release();
    return body.spool.cleaned();
  }
}
