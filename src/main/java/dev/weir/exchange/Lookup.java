package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.cache.Cache;
import dev.weir.cache.Question;
import dev.weir.cache.Question.Intent;
import dev.weir.cache.Verdict;
import dev.weir.edge.EdgeResponse;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import dev.weir.fill.Fill;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.Phase;
import dev.weir.http.CacheDecision;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.http.CachingMode;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.ResponseHead;
import dev.weir.http.ServingRules;
import dev.weir.http.StoredResponse;
import dev.weir.log.ServeReason;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.HitDecision;
import dev.weir.proxy.filter.MissDecision;
import dev.weir.proxy.filter.StaleCause;
import dev.weir.proxy.filter.StoredView;
import dev.weir.proxy.filter.UpstreamDecision;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The cache's part of an exchange: what is at hand, what may be done with it, what the keeper says,
 * and round again where an answer turns out not to be this request's.
 */
final class Lookup {
  private final Parts parts;
  private final ExchangeSettings settings;
  private final Cache cache;
  private final Passing passing;
  private final Plans plans;
  private final Fetching fetching;

  /**
   * Keys whose background validation was begun lately: a hot stale entry asks once, not each hit.
   */
  private final com.github.benmanes.caffeine.cache.Cache<PrimaryKey, Boolean> validating;

  Lookup(Parts parts, Passing passing) {
    this.parts = parts;
    this.settings = parts.settings();
    this.cache = parts.cache();
    this.passing = passing;
    this.plans = new Plans(parts);
    this.fetching = new Fetching(parts, passing, plans, this::again, this::anew, this::complete);
    this.validating =
        Caffeine.newBuilder()
            .maximumSize(settings.routeCacheEntries())
            .expireAfterWrite(Duration.ofMillis(settings.backgroundRetryMillis()))
            .build();
  }

  CompletionStage<EdgeResponse> look(Exchange x) {
    Entry entry = cache.near(x.route.key(), x::variant);
    if (entry != null) {
      return decide(x, entry);
    }
    CompletionStage<?> part = fetching.partAboutToBeStored(x);
    if (part != null) {
      return part.thenCompose(ended -> look(x));
    }
    ServeReason reason = x.variantMissed ? ServeReason.MISS_VARIANT : ServeReason.MISS;
    boolean wantsNew =
        x.directives.asksValidation() && heedsClient(x) && !x.directives.onlyIfCached();
    return ask(
        x,
        wantsNew
            ? Want.replacement(null, true, ServeReason.MISS_REQUEST)
            : Want.anything(reason, x.variantMissed ? Forward.VARY_MISS : Forward.MISS));
  }

  /** Another round, after an answer that was not this request's or an entry that was damaged. */
  private CompletionStage<EdgeResponse> again(Exchange x) {
    return x.mayGoRound(settings.maxRounds())
        ? look(x)
        : passing.pass(x, new Passing.Cause(ServeReason.PASS_VARIANTS, Forward.MISS));
  }

  /** A response of its own: what is running is not for this request. */
  private CompletionStage<EdgeResponse> anew(Exchange x) {
    return x.mayGoRound(settings.maxRounds())
        ? ask(x, Want.replacement(null, true, ServeReason.MISS))
        : passing.pass(x, new Passing.Cause(ServeReason.PASS_VARIANTS, Forward.MISS));
  }

  /** More is wanted than is stored: what is missing, or the range, as its size allows. */
  private CompletionStage<EdgeResponse> complete(Exchange x, Entry entry) {
    CompletionStage<?> part = fetching.partAboutToBeStored(x);
    if (part != null) {
      return part.thenCompose(ended -> look(x));
    }
    return x.mayGoRound(settings.maxRounds())
        ? ask(x, Want.completion(entry))
        : passing.pass(x, new Passing.Cause(ServeReason.MISS_PARTIAL, Forward.PARTIAL));
  }

  private CompletionStage<EdgeResponse> decide(Exchange x, Entry entry) {
    long now = parts.clock().millis();
    FreshnessInfo info = parts.hits().freshness(x, entry);
    CacheDecision decision =
        CacheDecision.decide(now, x.directives, x.route.mode(), info, x.route.serving());
    return x.filters.has(Phase.HIT)
        ? x.filters
            .hit(view(x, entry, info, now))
            .thenCompose(said -> decided(x, entry, info, said, decision))
        : decided(x, entry, info, HitDecision.AS_JUDGED, decision);
  }

  private static StoredView view(Exchange x, Entry entry, FreshnessInfo info, long now) {
    StoredResponse stored = entry.response();
    return new StoredView(
        new ResponseHead(stored.status(), stored.reason(), stored.headers()),
        entry.url(),
        Duration.ofSeconds(info.ageSeconds(now)),
        Duration.ofMillis(info.lifetimeMillis(x.route.serving()) - info.ageMillis(now)),
        entry.body().length());
  }

  private CompletionStage<EdgeResponse> decided(
      Exchange x, Entry entry, FreshnessInfo info, HitDecision said, CacheDecision decision) {
    boolean kept = x.directives.onlyIfCached();
    boolean unusable = said instanceof HitDecision.Stale || said instanceof HitDecision.Miss;
    if (kept && unusable) {
      return CompletableFuture.completedFuture(parts.failures().onlyIfCached(x));
    }
    return switch (said) {
      case HitDecision.AsJudged ignored -> judged(x, entry, info, decision);
      case HitDecision.Fresh ignored -> {
        long now = parts.clock().millis();
        long ttl = info.lifetimeMillis(x.route.serving()) - info.ageMillis(now);
        yield parts.signatures().mayReuse(x.route, now)
            ? hit(x, entry, now, ServeReason.HIT_FILTER, ttl)
            : unproven(x, entry);
      }
      case HitDecision.Stale ignored -> validate(x, entry, false, info);
      case HitDecision.Miss ignored -> fetchAnew(x, entry);
    };
  }

  private CompletionStage<EdgeResponse> judged(
      Exchange x, Entry entry, FreshnessInfo info, CacheDecision decision) {
    long now = parts.clock().millis();
    if (servesAsItIs(decision) && !parts.signatures().mayReuse(x.route, now)) {
      return unproven(x, entry);
    }
    return switch (decision) {
      case CacheDecision.Fresh fresh ->
          hit(x, entry, now, ServeReason.HIT_FRESH, fresh.ttlMillis());
      case CacheDecision.Stale stale ->
          hit(
              x,
              entry,
              now,
              stale.byPolicy() ? ServeReason.HIT_NO_REFRESH : ServeReason.HIT_MAX_STALE,
              stale.ttlMillis());
      case CacheDecision.StaleWhileRevalidate ignored when !mayServeStale(x, true) ->
          validate(x, entry, false, info);
      case CacheDecision.StaleWhileRevalidate stale -> {
        validateInBackground(x, entry);
        yield hit(
            x,
            entry,
            now,
            stale.forced()
                ? ServeReason.HIT_FORCED_STALE_WHILE_REVALIDATE
                : ServeReason.HIT_STALE_WHILE_REVALIDATE,
            stale.ttlMillis());
      }
      case CacheDecision.MustValidate must
          when !must.cause().wantsNewAnswer() && mayServeStale(x, false) -> {
        validateInBackground(x, entry);
        long ttl = info.lifetimeMillis(x.route.serving()) - info.ageMillis(now);
        yield hit(x, entry, now, ServeReason.HIT_STALE_WHILE_REVALIDATE, ttl);
      }
      case CacheDecision.MustValidate must ->
          validate(x, entry, must.cause().wantsNewAnswer(), info);
      case CacheDecision.MustFetch ignored -> fetchAnew(x, entry);
      case CacheDecision.OnlyIfCachedMiss ignored ->
          CompletableFuture.completedFuture(parts.failures().onlyIfCached(x));
    };
  }

  private CompletionStage<EdgeResponse> hit(
      Exchange x, Entry entry, long now, ServeReason reason, long ttlMillis) {
    return parts
        .hits()
        .serve(
            x,
            entry,
            now,
            Told.hit(reason, ttlMillis),
            missing -> fetching.lost(x, entry, missing));
  }

  private CompletionStage<EdgeResponse> validate(
      Exchange x, Entry entry, boolean byRequest, FreshnessInfo info) {
    Forward why = byRequest ? Forward.REQUEST : Forward.STALE;
    if (x.head.isHead()) {
      return passing.pass(x, new Passing.Cause(ServeReason.PASS_HEAD, why, "", entry));
    }
    ServeReason reason =
        info.hasValidator() ? ServeReason.HIT_REVALIDATED : ServeReason.MISS_NO_VALIDATORS;
    return ask(
        x, byRequest ? Want.replacement(entry, true, reason) : Want.validation(entry, reason, why));
  }

  /** Whether a stale entry is served while it is validated, by filters where they have a say. */
  private static boolean mayServeStale(Exchange x, boolean judged) {
    return x.filters.has(Phase.SERVE_STALE)
        ? x.filters.serveStale(new StaleCause.WhileRevalidating(), judged)
        : judged;
  }

  private CompletionStage<EdgeResponse> fetchAnew(Exchange x, Entry entry) {
    return x.head.isHead()
        ? passing.pass(x, new Passing.Cause(ServeReason.PASS_HEAD, Forward.REQUEST, "", entry))
        : ask(x, Want.replacement(entry, false, ServeReason.ALWAYS_UPSTREAM));
  }

  /** A signed URL that the origin has not accepted yet: one question with this very URL. */
  private CompletionStage<EdgeResponse> unproven(Exchange x, Entry entry) {
    if (x.directives.onlyIfCached()) {
      return CompletableFuture.completedFuture(parts.failures().onlyIfCached(x));
    }
    return x.head.isHead()
        ? passing.pass(x, new Passing.Cause(ServeReason.PASS_SIGNATURE, Forward.REQUEST))
        : ask(x, Want.replacement(entry, true, ServeReason.HIT_REVALIDATED));
  }

  private CompletionStage<EdgeResponse> ask(Exchange x, Want want) {
    Question question =
        new Question(x.route.key(), x::variant, want.intent(), want.held(), x.mayWait())
            .on(x.terms());
    return Waiting.until(
            cache.ask(question),
            x.edge.gone(),
            settings.headWaitMillis(),
            settings.clientGoneGraceMillis(),
            this::handBack)
        .thenCompose(
            waited ->
                switch (waited) {
                  case Waiting.Arrived<Verdict>(Verdict verdict) -> act(x, want, verdict);
                  case Waiting.Expired<Verdict> ignored -> expired(x, want);
                  case Waiting.ClientGone<Verdict> ignored ->
                      CompletableFuture.completedFuture(parts.failures().clientGone(x));
                });
  }

  /** A follower's verdict comes with the head it waits for: that may be long after its patience. */
  private CompletionStage<EdgeResponse> expired(Exchange x, Want want) {
    return x.directives.onlyIfCached()
        ? CompletableFuture.completedFuture(parts.failures().onlyIfCached(x))
        : passing.pass(x, want.passedBecause(ServeReason.WAIT_EXPIRED, ""));
  }

  private void handBack(Verdict late) {
    Grant grant = grant(late);
    if (grant != null) {
      cache.release(grant, "late");
    }
  }

  private CompletionStage<EdgeResponse> act(Exchange x, Want want, Verdict verdict) {
    return switch (verdict) {
      case Verdict.Serve(Entry entry) -> serve(x, want, entry);
      case Verdict.Lead(Grant grant) -> lead(x, want, grant);
      case Verdict.Validate(Grant grant, Entry entry) ->
          lead(x, want.reason() == ServeReason.ALWAYS_UPSTREAM ? want : want.holding(entry), grant);
      case Verdict.Follow(Fill fill) -> follow(x, want, fill);
      case Verdict.Pass(String reason) ->
          x.directives.onlyIfCached()
              ? CompletableFuture.completedFuture(parts.failures().onlyIfCached(x))
              : passing.pass(x, want.passedBecause(ServeReason.PASS_KEEPER, reason));
    };
  }

  private CompletionStage<EdgeResponse> serve(Exchange x, Want want, Entry entry) {
    if (want.intent() == Intent.LOOK || want.isCompletion()) {
      return decide(x, entry);
    }
    long now = parts.clock().millis();
    boolean newEnough =
        want.wantsNewAnswer()
            ? entry.response().requestTimeMillis() > x.startMillis
            : entry.response().responseTimeMillis() > x.startMillis;
    if (newEnough && parts.signatures().mayReuse(x.route, now)) {
      // Somebody else has just asked what this request wanted to ask.
      FreshnessInfo info = parts.hits().freshness(x, entry);
      Told told = Told.forward(ServeReason.HIT_REVALIDATED, want.why(), "");
      long ttl = info.lifetimeMillis(x.route.serving()) - info.ageMillis(now);
      told = told.with(told.status().withCollapsed(true).withTtlMillis(ttl));
      return parts.hits().serve(x, entry, now, told, missing -> fetching.lost(x, entry, missing));
    }
    return x.mayGoRound(settings.maxRounds())
        ? decide(x, entry)
        : passing.pass(x, want.passedBecause(ServeReason.PASS_KEEPER, "rounds"));
  }

  private CompletionStage<EdgeResponse> lead(Exchange x, Want want, Grant grant) {
    if (x.directives.onlyIfCached()) {
      cache.release(grant, "only-if-cached");
      return CompletableFuture.completedFuture(parts.failures().onlyIfCached(x));
    }
    if (x.head.isHead()) {
      cache.release(grant, "head");
      return passing.pass(x, want.passedBecause(ServeReason.PASS_HEAD, ""));
    }
    if (plans.startsBeyond(x) && !plans.forwards(x, want)) {
      cache.release(grant, "range");
      return passing.pass(x, want.passedBecause(ServeReason.PASS_RANGE, ""));
    }
    MissDecision missed = missed(x, want);
    if (missed instanceof MissDecision.Pass(String why)) {
      cache.release(grant, "filter");
      return passing.pass(x, want.passedBecause(ServeReason.PASS_FILTER, why));
    }
    return x.filters.has(Phase.BEFORE_UPSTREAM)
        ? allowed(x, want, grant)
        : fetching.lead(x, grant, want);
  }

  /** What filters say where nothing usable is stored. */
  private static MissDecision missed(Exchange x, Want want) {
    return want.held() == null && x.filters.has(Phase.MISS) ? x.filters.miss() : MissDecision.FETCH;
  }

  /** Leads if filters let it; else somebody else who waits does. */
  private CompletionStage<EdgeResponse> allowed(Exchange x, Want want, Grant grant) {
    return x.filters
        .beforeUpstream()
        .whenComplete(
            (decision, failed) -> {
              if (!(decision instanceof UpstreamDecision.Proceed)) {
                cache.release(grant, "filter");
              }
            })
        .thenCompose(
            decision ->
                switch (decision) {
                  case UpstreamDecision.Proceed ignored -> fetching.lead(x, grant, want);
                  case UpstreamDecision.Answer(FilterResponse response) ->
                      CompletableFuture.completedFuture(
                          parts.answers().made(x, response, Told.own(ServeReason.FILTER_ANSWER)));
                });
  }

  private CompletionStage<EdgeResponse> follow(Exchange x, Want want, Fill fill) {
    if (x.directives.onlyIfCached()) {
      return CompletableFuture.completedFuture(parts.failures().onlyIfCached(x));
    }
    if (missed(x, want) instanceof MissDecision.Pass(String why)) {
      return passing.pass(x, want.passedBecause(ServeReason.PASS_FILTER, why));
    }
    return parts.signatures().mayReuse(x.route, parts.clock().millis())
        ? fetching.follow(x, fill, want)
        : passing.pass(x, want.passedBecause(ServeReason.PASS_SIGNATURE, ""));
  }

  private void validateInBackground(Exchange x, Entry entry) {
    PrimaryKey key = x.route.key();
    if (validating.asMap().putIfAbsent(key, Boolean.TRUE) != null) {
      return;
    }
    cache
        .ask(new Question(key, x::variant, Intent.BACKGROUND, entry, x.mayWait()).on(x.terms()))
        .thenAccept(
            verdict -> {
              Grant grant = grant(verdict);
              if (grant != null) {
                Entry held = verdict instanceof Verdict.Validate(var g, Entry now) ? now : entry;
                inBackground(x, grant, held);
              }
            });
  }

  private void inBackground(Exchange x, Grant grant, Entry held) {
    try {
      Exchange behind = parts.background().apply(x);
      CompletionStage<UpstreamDecision> allowed =
          behind.filters.has(Phase.BEFORE_UPSTREAM)
              ? behind.filters.beforeUpstream()
              : CompletableFuture.completedFuture(UpstreamDecision.PROCEED);
      allowed.whenComplete(
          (decision, failed) -> {
            if (decision instanceof UpstreamDecision.Proceed) {
              fetching
                  .inBackground(behind, grant, held)
                  .thenAccept(
                      end -> {
                        if (end instanceof Fill.End.Committed) {
                          validating.invalidate(x.route.key());
                        }
                      });
            } else {
              cache.release(grant, "filter");
            }
          });
    } catch (FilterFailure noContext) {
      cache.release(grant, "filter");
    }
  }

  private static @Nullable Grant grant(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Lead(Grant grant) -> grant;
      case Verdict.Validate(Grant grant, Entry ignored) -> grant;
      case Verdict.Serve ignored -> null;
      case Verdict.Follow ignored -> null;
      case Verdict.Pass ignored -> null;
    };
  }

  /** Whether the client's directives count: not where a policy or rule overrules them. */
  private static boolean heedsClient(Exchange x) {
    CachingMode mode = x.route.mode();
    return x.route.serving().equals(ServingRules.NONE)
        && (mode == CachingMode.STANDARD || mode == CachingMode.STALE_IF_ERROR);
  }

  private static boolean servesAsItIs(CacheDecision decision) {
    return switch (decision) {
      case CacheDecision.Fresh ignored -> true;
      case CacheDecision.Stale ignored -> true;
      case CacheDecision.StaleWhileRevalidate ignored -> true;
      case CacheDecision.MustValidate ignored -> false;
      case CacheDecision.MustFetch ignored -> false;
      case CacheDecision.OnlyIfCachedMiss ignored -> false;
    };
  }
}
