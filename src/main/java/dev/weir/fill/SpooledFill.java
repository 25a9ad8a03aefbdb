package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.VariantKey;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginTerms;
import dev.weir.origin.Origins;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
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
 * <p>Whoever completes {@code end} first has decided; everything else about the end follows from
 * there, once.
 */
final class SpooledFill implements Fill {
  private static final Logger LOG = LoggerFactory.getLogger(SpooledFill.class);

  private static final String TOO_LARGE = "too-large";
  private static final String CLOSE_DELIMITED = "close-delimited";
  private static final String NOT_THAT_RANGE = "content-range";

  private final FillId id;
  private final FillPlan plan;
  private final Origins origins;
  private final AcceleratedOrigins accelerated;
  private final FillEvents events;
  private final SpoolContext context;
  private final Materializer materializer;
  private final long startedNanos = System.nanoTime();
  private final long requestTimeMillis = System.currentTimeMillis();
  private final CompletableFuture<FillHead> head = new CompletableFuture<>();
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private final AtomicInteger attached = new AtomicInteger();
  private volatile long idleSinceNanos = startedNanos;

  /** The keeper has been told how it ended, or will be by the commit: no more progress. */
  private final AtomicBoolean told = new AtomicBoolean();

  private volatile @Nullable Streamed streamed;
  private volatile @Nullable Relay relay;
  private volatile Supplier<Headers> trailers = () -> Headers.EMPTY;
  private volatile boolean wholeArrived;

  /** Where another node's fill is read along. */
  record Following(PeerFills peers, Grant leaders) {}

  private final @Nullable Following following;

  /** What this node may commit under; a follower gets one if it takes the lead. */
  private volatile @Nullable Grant grant;

  SpooledFill(
      FillPlan plan,
      Origins origins,
      AcceleratedOrigins accelerated,
      FillEvents events,
      SpoolContext context,
      Materializer materializer) {
    Grant granted = plan.grant();
    this.id = granted == null ? FillId.random() : granted.fill();
    this.grant = granted;
    this.following = null;
    this.plan = plan;
    this.origins = origins;
    this.accelerated = accelerated;
    this.events = events;
    this.context = context;
    this.materializer = materializer;
  }

  /** One that is read along with its leader; {@link #follow} begins it. */
  SpooledFill(
      FillNote note,
      OriginTerms terms,
      PeerFills peers,
      Origins origins,
      AcceleratedOrigins accelerated,
      FillEvents events,
      SpoolContext context,
      Materializer materializer) {
    this.id = note.grant().fill();
    this.grant = null;
    this.following = new Following(peers, note.grant());
    this.plan =
        new FillPlan(
            null,
            OriginRequest.of(note.request(), note.timeouts()).on(terms),
            (head, requestTimeMillis, responseTimeMillis) -> new FillIntent.Relay("followed"),
            note.url(),
            false);
    this.origins = origins;
    this.accelerated = accelerated;
    this.events = events;
    this.context = context;
    this.materializer = materializer;
  }

  /** Begins to read along. */
  void follow(FillHead.Streaming streaming, Source<ByteString, ?> bytes) {
    context.metrics().followed.increment();
    FillIntent.Store store =
        streaming.intent() instanceof FillIntent.Store storing ? storing : null;
    Spool spool =
        new Spool(
            context,
            store == null ? Spool.Storing.WINDOW : Spool.Storing.STORE,
            streaming.length(),
            "followed",
            Long.MAX_VALUE);
    Commitment commitment =
        store == null
            ? null
            : new Commitment(store.response(), store.variant(), store.vary(), whole -> whole);
    Streamed body = new Streamed(spool, streaming.head(), streaming.length(), commitment);
    streamed = body;
    idleSinceNanos = System.nanoTime();
    spool.outcome().thenAccept(outcome -> onSpooled(outcome, commitment));
    head.complete(streaming); // first: a stream that breaks at once asks what it was
    body.pump(bytes);
  }

  @Override
  public @Nullable FillNote note() {
    FillHead known = head.getNow(null);
    Grant leading = grant;
    return known == null || leading == null
        ? null
        : new FillNote(
            leading, plan.request().head(), plan.request().timeouts(), plan.url(), known);
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
              ? origins.fetch(plan.request())
              : completion.fetch(origins, plan.request());
    } catch (RuntimeException e) {
      fail(failureOf(e));
      return;
    }
    fetched.whenComplete(
        (response, failed) -> {
          if (response != null) {
            onResponse(response);
          } else {
            fail(failureOf(failed));
          }
        });
  }

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
    return end;
  }

  @Override
  public Source<ByteString, NotUsed> read(long from, long to) {
    Relay direct = relay;
    if (direct != null) {
      return direct.take(from);
    }
    Streamed body = streamed;
    if (body == null) {
      return Source.failed(new SpoolLost("the fill has no body to read"));
    }
    return Source.fromGraph(new SpoolSource(body.spool, context, from, to, new Attached()));
  }

  @Override
  public boolean arrived() {
    Streamed body = streamed;
    // No reader has its last byte before the spool has it.
    return body != null
        && (wholeArrived
            || (body.length.isPresent() && body.spool.received() >= body.length.getAsLong()));
  }

  @Override
  public Headers trailers() {
    return trailers.get();
  }

  @Override
  public Interest interest() {
    attached.incrementAndGet();
    AtomicBoolean closed = new AtomicBoolean();
    return () -> {
      if (closed.compareAndSet(false, true)) {
        leave();
      }
    };
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
      cancel(response);
      fail(new OriginFailure(OriginFailure.Kind.BAD_RESPONSE, "The response is unusable", e));
      return;
    }
    if (end.isDone()) {
      cancel(response);
      return;
    }
    Grant grant = this.grant;
    if (grant != null) {
      events.head(grant, intent);
    }
    FillHead.Streaming streaming =
        new FillHead.Streaming(
            response.head(), response.bodyLength(), intent, requestTimeMillis, responseTimeMillis);
    switch (intent) {
      case FillIntent.Store store ->
          stream(
              response,
              streaming,
              new Commitment(store.response(), store.variant(), store.vary(), whole -> whole));
      case FillIntent.StorePart part ->
          stream(
              response,
              streaming,
              new Commitment(part.response(), part.variant(), part.vary(), part::with));
      case FillIntent.Share share -> stream(response, streaming, null);
      case FillIntent.Relay(String reason) -> relay(response, streaming, reason);
      case FillIntent.Refresh(Entry refreshed) -> refresh(response, refreshed);
    }
  }

  /** What the judge cannot see: the framing of the body. */
  private FillIntent bounded(FillIntent intent, OriginResponse response) {
    if (intent instanceof FillIntent.Share(String reason)
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
      return new FillIntent.Share(CLOSE_DELIMITED);
    }
    return intent;
  }

  /**
   * What is committed once the bytes are there.
   *
   * @param body from the bytes that came to the body of the entry; null if they do not fit it
   */
  private record Commitment(
      StoredResponse response,
      VariantKey variant,
      List<String> vary,
      Function<Body, @Nullable Body> body) {}

  private void stream(
      OriginResponse response, FillHead.Streaming streaming, @Nullable Commitment store) {
    String unstored = streaming.intent() instanceof FillIntent.Share(String reason) ? reason : "";
    Spool.Storing storing =
        store == null
            ? (CLOSE_DELIMITED.equals(unstored) ? Spool.Storing.SPOOL : Spool.Storing.WINDOW)
            : grant == null && following == null ? Spool.Storing.SPOOL : Spool.Storing.STORE;
    Spool spool =
        new Spool(
            context,
            storing,
            response.bodyLength(),
            store == null ? unstored : "no-grant",
            plan.maxObjectBytes());
    Streamed body = new Streamed(spool, response.head(), response.bodyLength(), store);
    streamed = body;
    idleSinceNanos = System.nanoTime();
    spool.outcome().thenAccept(outcome -> onSpooled(outcome, store));
    body.pump(response.body());
    body.accelerate();
    head.complete(streaming);
    if (end.getNow(null) instanceof End.Broken) {
      // Stopped before there was a spool to stop. A small body may just as well be committed by
      // now.
      body.abort(new SpoolLost("the fill has ended"));
    }
  }

  private void relay(OriginResponse response, FillHead.Streaming streaming, String reason) {
    relay = new Relay(response, reason);
    idleSinceNanos = System.nanoTime();
    tellEnded(FillEvents.Ending.UNCACHEABLE, reason);
    head.complete(streaming);
  }

  private void refresh(OriginResponse response, Entry refreshed) {
    if (response.bodyLength().orElse(1) == 0 || response.head().status() == 304) {
      response.body().runWith(Sink.ignore(), materializer);
    } else {
      cancel(response);
    }
    Grant grant = this.grant;
    if (grant == null) {
      finish(new End.Unstored("no-grant"));
      head.complete(new FillHead.Refreshed(refreshed));
      return;
    }
    commit(grant, refreshed, List.of(), context.settings().refreshTimeoutMillis())
        .whenComplete(
            (commit, failed) -> {
              boolean done = commit instanceof FillEvents.Commit.Done;
              onCommit(commit);
              head.complete(
                  new FillHead.Refreshed(
                      done ? ((FillEvents.Commit.Done) commit).entry() : refreshed));
            });
  }

  // --- the end

  private void onSpooled(Spool.Outcome outcome, @Nullable Commitment store) {
    Grant grant = this.grant;
    switch (outcome) {
      case Spool.Outcome.Whole(var bytes) when store != null && grant != null -> {
        if (bytes.length() > plan.maxObjectBytes()) {
          tellEnded(FillEvents.Ending.ABANDONED, TOO_LARGE);
          finish(new End.Unstored(TOO_LARGE));
          return;
        }
        Body body = store.body().apply(bytes);
        if (body == null) {
          tellEnded(FillEvents.Ending.ABANDONED, NOT_THAT_RANGE);
          finish(new End.Unstored(NOT_THAT_RANGE));
          return;
        }
        Entry entry =
            new Entry(
                grant.key(),
                store.variant(),
                plan.url(),
                store.response(),
                body,
                grant.epoch(),
                id);
        commit(grant, entry, store.vary(), context.settings().commitTimeoutMillis())
            .whenComplete((commit, failed) -> onCommit(commit));
      }
      case Spool.Outcome.Whole whole -> finish(new End.Unstored("no-grant"));
      case Spool.Outcome.Unstored(String reason) -> {
        tellEnded(FillEvents.Ending.ABANDONED, reason);
        finish(new End.Unstored(reason));
      }
    }
  }

  private CompletionStage<FillEvents.Commit> commit(
      Grant grant, Entry entry, List<String> vary, long timeoutMillis) {
    told.set(true);
    return events
        .commit(grant, entry, vary)
        .toCompletableFuture()
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  private void onCommit(FillEvents.@Nullable Commit commit) {
    switch (commit) {
      case FillEvents.Commit.Done(Entry entry) -> finish(new End.Committed(entry));
      case FillEvents.Commit.Discarded(String reason) -> finish(new End.Unstored(reason));
      case null -> finish(new End.Unstored("keeper-timeout"));
    }
  }

  private void finish(End how) {
    if (!end.complete(how)) {
      return;
    }
    idleSinceNanos = System.nanoTime();
    FillMetrics metrics = context.metrics();
    switch (how) {
      case End.Committed committed -> metrics.committed.increment();
      case End.Unstored unstored -> metrics.unstored.increment();
      case End.Broken broken -> metrics.broken.increment();
    }
  }

  private void fail(OriginFailure failure) {
    tellEnded(FillEvents.Ending.FAILED, failure.kind().label());
    finish(new End.Broken(failure.kind().label()));
    head.complete(new FillHead.Failed(failure));
  }

  /** Ends it before its time; everybody who still reads sees it fail. */
  void abort(String reason) {
    OriginFailure cause =
        new OriginFailure(OriginFailure.Kind.CLOSED, "The fetch was stopped: " + reason, null);
    tellEnded(FillEvents.Ending.ABANDONED, reason);
    finish(new End.Broken(reason));
    head.complete(new FillHead.Failed(cause));
    Streamed body = streamed;
    if (body != null) {
      body.abort(cause);
    }
    Relay direct = relay;
    if (direct != null) {
      direct.abort(cause);
    }
  }

  private void tellEnded(FillEvents.Ending ending, String reason) {
    Grant grant = this.grant;
    if (told.compareAndSet(false, true) && grant != null) {
      events.ended(grant, ending, reason);
    }
  }

  // --- by the clock

  boolean isRunning() {
    return !end.isDone();
  }

  /** Looks after it; true once nothing of it needs looking after any more. */
  boolean tick(long nowNanos) {
    FillSettings settings = context.settings();
    long idleMillis = TimeUnit.NANOSECONDS.toMillis(nowNanos - idleSinceNanos);
    if (end.isDone()) {
      if (attached.get() > 0 || idleMillis < settings.lingerMillis()) {
        return false;
      }
      release();
      return true;
    }
    Grant grant = this.grant;
    if (grant != null && !told.get()) {
      events.progress(grant, received());
    }
    if (wholeArrived) {
      return false;
    }
    if (TimeUnit.NANOSECONDS.toMillis(nowNanos - startedNanos) > settings.maxDurationMillis()) {
      abort("deadline");
    } else if (head.isDone()
        && attached.get() == 0
        && idleMillis >= settings.abandonGraceMillis()) {
      considerAbandoning(settings);
    }
    return false;
  }

  private void considerAbandoning(FillSettings settings) {
    Streamed body = streamed;
    boolean storable = body != null && body.store != null && grant != null;
    OptionalLong length = body == null ? OptionalLong.empty() : body.length;
    if (Abandonment.decide(storable, plan.rangeStarted(), length, received(), settings)
        == Abandonment.STOP) {
      context.metrics().abandoned.increment();
      abort("abandoned");
    }
  }

  /** Lets the spool go; readers that come later are sent back to ask again. */
  CompletionStage<?> release() {
    Streamed body = streamed;
    if (body == null) {
      return CompletableFuture.completedStage(null);
    }
    body.spool.release();
    return body.spool.cleaned();
  }

  private long received() {
    Streamed body = streamed;
    return body == null ? 0 : body.spool.received();
  }

  private void leave() {
    idleSinceNanos = System.nanoTime();
    attached.decrementAndGet();
  }

  private void cancel(OriginResponse response) {
    response.body().runWith(Sink.cancelled(), materializer);
  }

  private static OriginFailure failureOf(@Nullable Throwable failed) {
    Throwable cause =
        failed instanceof CompletionException && failed.getCause() != null
            ? failed.getCause()
            : failed;
    return cause instanceof OriginFailure known
        ? known
        : new OriginFailure(OriginFailure.Kind.BAD_RESPONSE, "The origin could not be read", cause);
  }

  /** A reader of the spool, counted while it is there. */
  private final class Attached implements SpoolSource.Attachment {
    @Override
    public void joined() {
      attached.incrementAndGet();
      context.metrics().readers.incrementAndGet();
    }

    @Override
    public void left() {
      context.metrics().readers.decrementAndGet();
      leave();
    }
  }

  /** The body on its way into the spool, and back to the origin for the rest if need be. */
  private final class Streamed implements BodyPump.Target, Acceleration.Whole {
    private final Spool spool;
    private final OptionalLong length;
    private final @Nullable Commitment store;
    private final @Nullable Resumption resumption;
    private final @Nullable Acceleration acceleration;
    private volatile @Nullable UniqueKillSwitch running;
    private int resumes;

    private volatile long orphanedNanos;

    Streamed(Spool spool, ResponseHead response, OptionalLong length, @Nullable Commitment store) {
      this.spool = spool;
      this.length = length;
      this.store = store;
      this.resumption = Resumption.of(response, length).orElse(null);
      this.acceleration = accelerated(response);
    }

    /** Null where one connection must do. */
    private @Nullable Acceleration accelerated(ResponseHead response) {
      Resumption parts = resumption;
      OriginRequest request = plan.request();
      if (parts == null) {
        return null;
      }
      boolean may =
          plan.accelerate()
              && parts.totalBytes() >= context.settings().acceleration().minBytes()
              && parts.totalBytes() <= plan.maxObjectBytes()
              && context.settings().acceleration().maxConnections() > 1
              && following == null
              && plan.completion() == null
              && request.body() == null
              && request.head().method().equals("GET")
              && Resumption.offersRanges(response)
              && accelerated.mayBeAsked(Acceleration.originOf(request));
      return may
          ? new Acceleration(
              spool, parts, request, origins, accelerated, context, materializer, this)
          : null;
    }

    void accelerate() {
      Acceleration others = acceleration;
      if (others != null) {
        others.start();
      }
    }

    void pump(Source<ByteString, ?> body) {
      running =
          body.viaMat(KillSwitches.single(), Keep.right())
              .to(Sink.fromGraph(new BodyPump(this)))
              .run(materializer);
    }

    void abort(Throwable cause) {
      spool.fail(cause);
      spool.release();
      UniqueKillSwitch pump = running;
      if (pump != null) {
        pump.abort(cause);
      }
    }

    @Override
    public BodyPump.Demand bytes(ByteString bytes, Runnable more) {
      orphanedNanos = 0;
      BodyPump.Demand demand = spool.append(bytes, more);
      Acceleration others = acceleration;
      if (others != null) {
        others.came(bytes.size());
        if (demand == BodyPump.Demand.ENOUGH) {
          others.firstStreamCut();
        }
      }
      return demand;
    }

    @Override
    public boolean isOver() {
      return wholeArrived || end.isDone();
    }

    @Override
    public void arrived() {
      wholeArrived = true;
      spool.complete();
      UniqueKillSwitch first = running;
      if (first != null) {
        first.shutdown();
      }
    }

    @Override
    public void failed(Throwable cause) {
      if (!end.isDone()) {
        giveUp(cause);
      }
    }

    @Override
    public void whole() {
      if (wholeArrived) {
        return;
      }
      if (length.isPresent() && length.getAsLong() != spool.received()) {
        broken(
            new OriginFailure(
                OriginFailure.Kind.TRUNCATED, "The body is not as long as announced", null));
      } else {
        wholeArrived = true;
        spool.complete();
      }
    }

    @Override
    public void broken(Throwable cause) {
      if (end.isDone() || wholeArrived) {
        return;
      }
      Following others = following;
      if (others != null && grant == null) {
        orphaned(others, cause);
        return;
      }
      Acceleration parts = acceleration;
      if (parts != null && Resumption.mends(cause) && parts.firstStreamBroke(cause)) {
        return;
      }
      Resumption rest = resumption;
      long received = spool.received();
      if (rest != null
          && Resumption.mends(cause)
          && resumes < context.settings().maxResumes()
          && received > 0
          && received < rest.totalBytes()) {
        resumes++;
        resume(rest, received, cause);
      } else {
        giveUp(cause);
      }
    }

    /** The leader is lost, or only the way to it: its keeper says how to go on. */
    private void orphaned(Following others, Throwable cause) {
      FillIntent.Store stored =
          head.getNow(null)
                  instanceof
                  FillHead.Streaming(var h, var l, FillIntent.Store intent, var sent, var came)
              ? intent
              : null;
      long received = spool.received();
      long nowNanos = System.nanoTime();
      if (length.isPresent() && length.getAsLong() == received) {
        whole(); // all of it came, only the word that it has ended did not
        return;
      }
      if (orphanedNanos == 0) {
        orphanedNanos = nowNanos;
      }
      long orphanedMillis = TimeUnit.NANOSECONDS.toMillis(nowNanos - orphanedNanos);
      if (stored == null || orphanedMillis > context.settings().successionMillis()) {
        giveUp(cause);
        return;
      }
      events
          .orphaned(plan, others.leaders(), stored, received)
          .whenComplete(
              (next, failed) -> {
                switch (next) {
                  case Succession.Follow(NodeId leader) ->
                      context
                          .timer()
                          .after(
                              context.settings().reopenMillis(),
                              () -> reopen(others, leader, cause));
                  case Succession.Lead(Grant granted) -> lead(granted, cause);
                  case Succession.Lost lost -> giveUp(cause);
                  case null -> giveUp(cause);
                }
              });
    }

    private void reopen(Following others, NodeId leader, Throwable cause) {
      if (end.isDone()) {
        return;
      }
      others
          .peers()
          .reopen(leader, id, spool.received())
          .whenComplete(
              (opened, failed) -> {
                Source<ByteString, ?> rest = opened == null ? null : opened.bytes();
                if (rest == null) {
                  orphaned(others, cause);
                } else if (end.isDone()) {
                  rest.runWith(Sink.cancelled(), materializer);
                } else {
                  pump(rest);
                }
              });
    }

    private void lead(Grant granted, Throwable cause) {
      grant = granted;
      context.metrics().takenOver.increment();
      Resumption rest = resumption;
      if (rest == null || end.isDone()) {
        giveUp(cause);
      } else {
        resume(rest, spool.received(), cause);
      }
    }

    private void resume(Resumption rest, long from, Throwable broken) {
      OriginRequest first = plan.request();
      RangeRequest range = rest.rest(from);
      origins
          .fetch(OriginRequest.of(range.head(first.head()), first.timeouts()).on(first.terms()))
          .whenComplete(
              (answer, failed) -> {
                if (answer == null) {
                  giveUp(broken);
                } else if (end.isDone() || !range.isAnsweredBy(answer)) {
                  cancel(answer);
                  giveUp(broken);
                } else {
                  context.metrics().resumed.increment();
                  pump(answer.body());
                }
              });
    }

    private void giveUp(Throwable cause) {
      OriginFailure failure = failureOf(cause);
      tellEnded(FillEvents.Ending.FAILED, failure.kind().label());
      finish(new End.Broken(failure.kind().label()));
      spool.fail(failure);
      spool.release();
    }
  }

  /** The body handed straight to the one reader that a relayed response has. */
  private final class Relay {
    private final OriginResponse response;
    private final String reason;
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile @Nullable UniqueKillSwitch running;

    Relay(OriginResponse response, String reason) {
      this.response = response;
      this.reason = reason;
    }

    Source<ByteString, NotUsed> take(long from) {
      if (from != 0 || !taken.compareAndSet(false, true)) {
        return Source.failed(new SpoolLost("a relayed response has one reader, from its start"));
      }
      attached.incrementAndGet();
      return response
          .body()
          .viaMat(KillSwitches.single(), Keep.right())
          .watchTermination(
              (killSwitch, done) -> {
                running = killSwitch;
                done.whenComplete((ok, failed) -> ended(failed));
                return NotUsed.getInstance();
              })
          .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    private void ended(@Nullable Throwable failed) {
      leave();
      finish(
          failed == null
              ? new End.Unstored(reason)
              : new End.Broken(failureOf(failed).kind().label()));
    }

    void abort(Throwable cause) {
      UniqueKillSwitch switched = running;
      if (switched != null) {
        switched.abort(cause);
      } else if (taken.compareAndSet(false, true)) {
        cancel(response);
      }
    }
  }
}
