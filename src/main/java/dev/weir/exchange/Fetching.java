package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.cache.Cache;
import dev.weir.edge.EdgeResponse;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.Unstored;
import dev.weir.filters.FilterFailure;
import dev.weir.http.CacheDecision;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.http.Freshness;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.NotModified;
import dev.weir.http.OriginTrouble;
import dev.weir.http.Storability;
import dev.weir.http.StoredResponse;
import dev.weir.http.Vary;
import dev.weir.log.ServeReason;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginTimeouts;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;

/** Requests that wait for an origin through the cache: leading a fill, or reading one along. */
final class Fetching {
  private final Parts parts;
  private final ExchangeSettings settings;
  private final Cache cache;
  private final Passing passing;
  private final FillAnswers fillAnswers;
  private final Plans plans;
  private final Function<Exchange, CompletionStage<EdgeResponse>> again;
  private final Function<Exchange, CompletionStage<EdgeResponse>> anew;
  private final BiFunction<Exchange, Entry, CompletionStage<EdgeResponse>> complete;

  /** Ranges on their way here, to be kept as parts: the newest of each key. */
  private final ConcurrentMap<PrimaryKey, Fill> partsUnderWay = new ConcurrentHashMap<>();

  /** Who leads a fill, for the followers' log lines. */
  private final com.github.benmanes.caffeine.cache.Cache<FillId, String> leaders;

  /**
   * @param again asks the cache once more, if the request may go another round
   * @param anew asks for a response of its own, whatever is running
   * @param complete fetches more of an entry than the parts of it that are stored
   */
  Fetching(
      Parts parts,
      Passing passing,
      Plans plans,
      Function<Exchange, CompletionStage<EdgeResponse>> again,
      Function<Exchange, CompletionStage<EdgeResponse>> anew,
      BiFunction<Exchange, Entry, CompletionStage<EdgeResponse>> complete) {
    this.parts = parts;
    this.settings = parts.settings();
    this.leaders = Caffeine.newBuilder().maximumSize(settings.rememberedLeaders()).build();
    this.cache = parts.cache();
    this.passing = passing;
    this.fillAnswers = new FillAnswers(parts.answers(), parts.materializer(), settings.maxRanges());
    this.plans = plans;
    this.again = again;
    this.anew = anew;
    this.complete = complete;
  }

  /** Fetches under the grant and answers from what comes. */
  CompletionStage<EdgeResponse> lead(Exchange x, Grant grant, Want want) {
    Fill fill = cache.lead(grant, plans.leading(x, grant, want));
    leaders.put(fill.id(), x.id);
    // The origin's own timeouts bound a leader's waiting.
    return await(x, fill, 0, plans.forwards(x, want) ? want.forwarding() : want, null);
  }

  /** Reads along; bounded, for the leader may be stuck. */
  CompletionStage<EdgeResponse> follow(Exchange x, Fill fill, Want want) {
    String leader = leaders.getIfPresent(fill.id());
    return await(
        x, fill, settings.headWaitMillis(), want, leader == null ? fill.id().text() : leader);
  }

  /** Has a stale entry validated while nobody waits for it; completes when that has ended. */
  CompletionStage<Fill.End> inBackground(Exchange x, Grant grant, Entry held) {
    OriginTimeouts usual = x.route.timeouts();
    OriginTimeouts bounded =
        new OriginTimeouts(
            usual.connectMillis(), usual.readMillis(), settings.backgroundDeadlineMillis());
    Want want = Want.validation(held, ServeReason.HIT_REVALIDATED, Forward.STALE);
    Fill fill = cache.lead(grant, plans.inBackground(x, grant, want, bounded));
    Fill.Interest interest = fill.interest();
    fill.head()
        .thenAccept(
            head -> {
              if (!(head instanceof FillHead.Streaming streaming)
                  || !(streaming.intent() instanceof FillIntent.Store)) {
                interest.close(); // an error or nothing to store: it is let go
              }
            });
    return fill.end().whenComplete((end, failed) -> interest.close());
  }

  private CompletionStage<EdgeResponse> await(
      Exchange x, Fill fill, long deadlineMillis, Want want, @Nullable String leader) {
    Fill.Interest interest = fill.interest();
    return Waiting.until(
            fill.head(),
            x.edge.gone(),
            deadlineMillis,
            settings.clientGoneGraceMillis(),
            head -> {})
        .thenCompose(
            waited ->
                switch (waited) {
                  case Waiting.Arrived<FillHead>(FillHead head) ->
                      arrived(x, fill, head, interest, want, leader);
                  case Waiting.Expired<FillHead> ignored -> {
                    interest.close();
                    yield expired(x, want);
                  }
                  case Waiting.ClientGone<FillHead> ignored -> {
                    interest.close();
                    yield CompletableFuture.completedFuture(parts.failures().clientGone(x));
                  }
                });
  }

  private CompletionStage<EdgeResponse> expired(Exchange x, Want want) {
    return passing.pass(x, want.passedBecause(ServeReason.WAIT_EXPIRED, ""));
  }

  private CompletionStage<EdgeResponse> arrived(
      Exchange x,
      Fill fill,
      FillHead head,
      Fill.Interest interest,
      Want want,
      @Nullable String leader) {
    return switch (head) {
      case FillHead.Failed(OriginFailure failure) -> {
        interest.close();
        yield failed(x, failure, want);
      }
      case FillHead.Refreshed(Entry entry) -> {
        interest.close();
        yield refreshed(x, entry, want, leader);
      }
      case FillHead.Streaming streaming -> streaming(x, fill, streaming, interest, want, leader);
    };
  }

  private CompletionStage<EdgeResponse> failed(Exchange x, OriginFailure failure, Want want) {
    OriginTrouble trouble = Failures.trouble(failure);
    CompletionStage<EdgeResponse> stored =
        parts
            .fallback()
            .serve(
                x,
                want.held(),
                trouble,
                failure.kind().label(),
                () ->
                    CompletableFuture.completedFuture(
                        parts.failures().origin(x, failure, want.why())));
    if (stored != null) {
      return stored;
    }
    // A connection that was reused may have died of old age: once more, through the cache.
    return failure.kind() == OriginFailure.Kind.CLOSED && x.mayResend()
        ? again.apply(x)
        : CompletableFuture.completedFuture(parts.failures().origin(x, failure, want.why()));
  }

  private CompletionStage<EdgeResponse> refreshed(
      Exchange x, Entry entry, Want want, @Nullable String leader) {
    if (leader == null) {
      parts.signatures().accepted(x.route);
    } else if (!isOwnVariant(x, entry)) {
      x.variantMissed = true;
      return again.apply(x);
    } else if (!mayShare(x, entry.response())) {
      return again.apply(x);
    }
    long now = parts.clock().millis();
    FreshnessInfo info = parts.hits().freshness(x, entry);
    Told told = Told.forward(ServeReason.HIT_REVALIDATED, want.why(), "");
    told =
        told.with(
            told.status()
                .withForwardedStatus(304)
                .withStored(true)
                .withTtlMillis(info.lifetimeMillis(x.route.serving()) - info.ageMillis(now)));
    return parts
        .hits()
        .serve(
            x,
            entry,
            now,
            leader == null ? told : told.collapsedInto(leader),
            missing -> lost(x, entry, missing));
  }

  private CompletionStage<EdgeResponse> streaming(
      Exchange x,
      Fill fill,
      FillHead.Streaming streaming,
      Fill.Interest interest,
      Want want,
      @Nullable String leader) {
    int status = streaming.head().status();
    if (leader == null && streaming.intent() instanceof FillIntent.StorePart) {
      partsUnderWay.put(x.route.key(), fill);
      fill.end().thenAccept(ended -> partsUnderWay.remove(x.route.key(), fill));
    }
    CompletionStage<EdgeResponse> elsewhere = elsewhere(x, fill, streaming, want, leader);
    if (elsewhere != null) {
      interest.close();
      return elsewhere;
    }
    if (status >= 400) {
      CompletionStage<EdgeResponse> stored =
          parts
              .fallback()
              .serve(
                  x,
                  want.held(),
                  new OriginTrouble.Answered(status),
                  "origin-" + status,
                  () ->
                      CompletableFuture.completedFuture(
                          answer(x, fill, streaming, interest, want, leader)));
      if (stored != null) {
        return stored.whenComplete((served, failure) -> interest.close());
      }
    } else if (leader == null) {
      parts.signatures().accepted(x.route);
    }
    return CompletableFuture.completedFuture(answer(x, fill, streaming, interest, want, leader));
  }

  private EdgeResponse answer(
      Exchange x,
      Fill fill,
      FillHead.Streaming streaming,
      Fill.Interest interest,
      Want want,
      @Nullable String leader) {
    try {
      return fillAnswers.answer(x, fill, streaming, interest, want, leader);
    } catch (FilterFailure failed) {
      interest.close();
      if (streaming.intent() instanceof FillIntent.Relay) {
        fill.read(0, Long.MAX_VALUE).runWith(Sink.cancelled(), parts.materializer());
      }
      return parts.answers().filterFailed(x, failed);
    }
  }

  /** How to go on where this fill's response is not for this request; null where it is. */
  private @Nullable CompletionStage<EdgeResponse> elsewhere(
      Exchange x, Fill fill, FillHead.Streaming streaming, Want want, @Nullable String leader) {
    switch (streaming.intent()) {
      case FillIntent.Store store -> {
        if (leader != null && !x.variant(store.vary()).equals(store.variant())) {
          x.variantMissed = true;
          return again.apply(x);
        }
        return leader == null || mayShare(x, store.response()) ? null : afterwards(x, fill);
      }
      case FillIntent.Relay(Unstored reason) -> {
        if (leader != null) {
          return passing.pass(x, want.passedBecause(ServeReason.PASS_UNCACHEABLE, reason.label()));
        }
        if (streaming.head().status() == 304) {
          return unusable304(x, streaming, want, reason);
        }
        return reason == Unstored.Cause.TOO_LARGE_FOR_RANGE ? tooLarge(x, fill, want) : null;
      }
      case FillIntent.StorePart ignored -> {
        return leader == null ? null : again.apply(x); // somebody else's range
      }
      case FillIntent.Share(Unstored reason) -> {
        boolean foreign =
            leader != null
                && !x.followsRedirects()
                && Vary.of(streaming.head().headers()).isOfRedirects();
        return foreign
            ? passing.pass(x, want.passedBecause(ServeReason.PASS_UNCACHEABLE, reason.label()))
            : null;
      }
      case FillIntent.Refresh ignored -> {
        return null;
      }
    }
  }

  /**
   * Whether this request may have a response that another fetches: requests are collapsed before
   * its head is there (RFC 9111 4); from then on it is a stored response like any other.
   */
  private boolean mayShare(Exchange x, StoredResponse response) {
    if (response.responseTimeMillis() > x.startMillis) {
      return true;
    }
    CacheDecision decision =
        CacheDecision.decide(
            parts.clock().millis(),
            x.directives,
            x.route.mode(),
            Freshness.of(response, x.route.storage(response)),
            x.route.serving());
    return switch (decision) {
      case CacheDecision.Fresh ignored -> true;
      case CacheDecision.Stale ignored -> true;
      case CacheDecision.StaleWhileRevalidate ignored -> true;
      case CacheDecision.MustValidate ignored -> false;
      case CacheDecision.MustFetch ignored -> false;
      case CacheDecision.OnlyIfCachedMiss ignored -> false;
    };
  }

  /** Once the fill is stored it can be validated; one that takes long is not waited for. */
  private CompletionStage<EdgeResponse> afterwards(Exchange x, Fill fill) {
    return ended(fill).thenCompose(end -> end.isPresent() ? again.apply(x) : anew.apply(x));
  }

  /** Its end, or nothing if that takes longer than a commit is waited for. */
  private CompletionStage<Optional<Fill.End>> ended(Fill fill) {
    return endedWithin(fill, settings.commitWaitMillis())
        .thenCompose(
            end ->
                end.isPresent() || !fill.arrived()
                    ? CompletableFuture.completedFuture(end)
                    : endedWithin(fill, settings.arrivedCommitWaitMillis()));
  }

  private static CompletionStage<Optional<Fill.End>> endedWithin(Fill fill, long millis) {
    return fill.end()
        .<Optional<Fill.End>>thenApply(Optional::of)
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(Optional.empty(), millis, TimeUnit.MILLISECONDS);
  }

  /**
   * The end of a part's fill that has all its bytes: who has read the last of them may ask for them
   * again before they are stored. Null if there is none, or this request has waited once.
   */
  @Nullable CompletionStage<Optional<Fill.End>> partAboutToBeStored(Exchange x) {
    Fill fill = x.awaitedPart ? null : partsUnderWay.get(x.route.key());
    if (fill == null || !fill.arrived()) {
      return null;
    }
    x.awaitedPart = true;
    return ended(fill);
  }

  /** The whole is more than a range is worth: it is let go, and the range asked for instead. */
  private CompletionStage<EdgeResponse> tooLarge(Exchange x, Fill fill, Want want) {
    fill.read(0, Long.MAX_VALUE).runWith(Sink.cancelled(), parts.materializer());
    if (!Plans.mayForward(x) || x.forwardsRange) {
      return passing.pass(
          x,
          want.passedBecause(ServeReason.PASS_RANGE, Unstored.Cause.TOO_LARGE_FOR_RANGE.label()));
    }
    x.forwardsRange = true;
    return again.apply(x);
  }

  /**
   * A 304 that may not refresh the entry: what is held, once more and then never again, or for this
   * client alone while others have it as it is.
   */
  private CompletionStage<EdgeResponse> unusable304(
      Exchange x, FillHead.Streaming streaming, Want want, Unstored reason) {
    Entry held = want.held();
    boolean own = reason.equals(new Unstored.Refused(Storability.Refusal.AUTHORIZATION));
    if (held == null || !(own || reason == Unstored.Cause.MAY_NOT_STAY)) {
      return passing.pass(
          x, new Passing.Cause(ServeReason.MISS_CHANGED, want.why(), reason.label(), null));
    }
    Entry last =
        held.withResponse(
            NotModified.merge(
                held.response(),
                streaming.head().headers(),
                streaming.requestTimeMillis(),
                streaming.responseTimeMillis(),
                settings.targetedCacheControl()));
    Told told = Told.forward(ServeReason.HIT_REVALIDATED, want.why(), reason.label());
    told = told.with(told.status().withForwardedStatus(304));
    CompletionStage<EdgeResponse> served =
        parts
            .hits()
            .serve(x, last, parts.clock().millis(), told, missing -> lost(x, held, missing));
    if (!own) {
      cache.drop(held);
    }
    return served;
  }

  /**
   * The body of an entry cannot be had. What it lacks is fetched again, or where that is hopeless
   * the entry is forgotten and the request asks anew; a store or an origin that does not answer
   * costs a way to the origin.
   */
  CompletionStage<EdgeResponse> lost(Exchange x, Entry entry, Hits.Missing missing) {
    return switch (missing) {
      case UNREADABLE -> unreadable(x);
      case PARTIAL -> complete.apply(x, entry);
      case NOT_WHOLE ->
          parts
              .mending()
              .mend(x, entry, parts.hits().wanted(x, entry))
              .thenCompose(
                  outcome ->
                      switch (outcome) {
                        case WHOLE -> again.apply(x);
                        case HOPELESS -> {
                          x.bodyLost = true;
                          yield again.apply(x);
                        }
                        case LATER -> unreadable(x);
                      });
    };
  }

  private CompletionStage<EdgeResponse> unreadable(Exchange x) {
    return passing.pass(x, new Passing.Cause(ServeReason.MISS_DAMAGED, Forward.MISS));
  }

  private static boolean isOwnVariant(Exchange x, Entry entry) {
    return x.variant(Vary.of(entry.response().headers()).names()).equals(entry.variant());
  }
}
