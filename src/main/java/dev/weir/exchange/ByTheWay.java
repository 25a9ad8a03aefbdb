package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.cache.Question;
import dev.weir.cache.Question.Intent;
import dev.weir.cache.Verdict;
import dev.weir.edge.EdgeResponse;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.filters.FilterFailure;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.http.Conditional;
import dev.weir.http.Freshness;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.HeadUpdate;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Storability;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import dev.weir.http.Trailers;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.policy.Effect;
import java.time.Clock;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * What the cache learns from requests that passed it by: an answer to HEAD updates the stored
 * answer to GET (RFC 9111 4.3.5); an answer to POST that says it is the target's representation,
 * and for how long, is stored for later GETs (RFC 9110 9.3.3). Whatever does not come off is no
 * loss: the client's answer never depends on it.
 */
final class ByTheWay {
  private final ExchangeSettings settings;
  private final Clock clock;
  private final Cache cache;
  private final Answers answers;
  private final Failures failures;

  ByTheWay(Parts parts) {
    this.settings = parts.settings();
    this.clock = parts.clock();
    this.cache = parts.cache();
    this.answers = parts.answers();
    this.failures = parts.failures();
  }

  // --- HEAD

  /** Completes when what a HEAD's answer says of the held entry has taken effect, or soon after. */
  CompletionStage<?> updated(Exchange x, @Nullable Entry held, ResponseHead answer) {
    boolean older = held != null && held.response().responseTimeMillis() > x.startMillis;
    if (held == null || older || !x.mayWait() || x.directives.noStore()) {
      return CompletableFuture.completedFuture(null);
    }
    CompletionStage<?> done =
        switch (headUpdate(x, held, answer)) {
          case HeadUpdate.Updated(StoredResponse fresh) -> refresh(x, held, answer, fresh);
          case HeadUpdate.Outdated ignored -> cache.drop(held);
          case HeadUpdate.Unrelated ignored -> CompletableFuture.completedFuture(null);
        };
    return bounded(done);
  }

  private HeadUpdate headUpdate(Exchange x, Entry held, ResponseHead answer) {
    return HeadUpdate.of(
        held.response(),
        held.body().length(),
        answer,
        x.startMillis,
        clock.millis(),
        x.route.storage().targets());
  }

  private CompletionStage<?> refresh(
      Exchange x, Entry held, ResponseHead answer, StoredResponse fresh) {
    return cache
        .ask(new Question(x.route.key(), x::variant, Intent.VALIDATE, held).on(x.terms()))
        .thenCompose(
            verdict -> {
              if (!(verdict instanceof Verdict.Validate(Grant grant, Entry current))) {
                release(verdict); // newer already, or just being validated
                return CompletableFuture.completedFuture(null);
              }
              if (!current.tag().equals(held.tag())) {
                cache.release(grant, "replaced");
                return CompletableFuture.completedFuture(null);
              }
              OriginResponse bodiless =
                  new OriginResponse(
                      answer,
                      Source.empty(),
                      OptionalLong.of(0),
                      false,
                      CompletableFuture.completedFuture(Headers.EMPTY));
              FillPlan.Judge judge =
                  (head, sent, received) -> new FillIntent.Refresh(current.withResponse(fresh));
              return cache
                  .lead(grant, plan(x, grant, x.head.withMethod("GET"), judge, bodiless))
                  .end();
            });
  }

  // --- POST

  /**
   * Answers a POST whose answer is stored too, if it may be; else as {@code relayed} does. The
   * target has been invalidated already.
   */
  CompletionStage<EdgeResponse> kept(
      Exchange x, Told told, OriginResponse response, Supplier<EdgeResponse> relayed) {
    RequestHead later = x.head.withMethod("GET").withHeaders(ofLaterGet(x.head.headers()));
    if (!isForLaterGets(x, later, response.head())) {
      return CompletableFuture.completedFuture(relayed.get());
    }
    return cache
        .ask(
            new Question(x.route.key(), x::variant, Intent.REPLACE, null, x.mayWait())
                .on(x.terms()))
        .thenCompose(
            verdict ->
                switch (verdict) {
                  case Verdict.Lead(Grant grant) -> stored(x, told, response, later, grant);
                  case Verdict.Validate(Grant grant, Entry ignored) ->
                      stored(x, told, response, later, grant);
                  case Verdict.Serve ignored -> CompletableFuture.completedFuture(relayed.get());
                  case Verdict.Follow ignored -> CompletableFuture.completedFuture(relayed.get());
                  case Verdict.Pass ignored -> CompletableFuture.completedFuture(relayed.get());
                });
  }

  /** An explicit lifetime, and a Content-Location that is the target itself. */
  private boolean isForLaterGets(Exchange x, RequestHead later, ResponseHead head) {
    if (!"POST".equals(x.head.method()) || head.status() != 200) {
      return false;
    }
    RequestHead named = Targets.sameOrigin(later, head.headers().first("Content-Location"));
    if (named == null || !named.url().equals(later.url())) {
      return false;
    }
    long now = clock.millis();
    StorageRules rules = x.route.storage(head, null);
    FreshnessInfo info = Freshness.of(head.status(), head.headers(), x.startMillis, now, rules);
    return rules.store()
        && info.source().isExplicit()
        && info.isFresh(now)
        && Storability.judge(later, head, x.startMillis, now, rules)
            instanceof Storability.Storable;
  }

  private CompletionStage<EdgeResponse> stored(
      Exchange x, Told told, OriginResponse response, RequestHead later, Grant grant) {
    StorageRules rules = x.route.storage(response.head(), null);
    Judgement asGet = new Judgement(later, x.route.mode(), rules, x::variant, null, Long.MAX_VALUE);
    FillPlan.Judge filtered = FilteredJudge.of(x, later, sent -> asGet);
    FillPlan.Judge judge = (head, sent, received) -> filtered.judge(head, x.startMillis, received);
    Fill fill = cache.lead(grant, plan(x, grant, later, judge, response));
    Fill.Interest interest = fill.interest();
    return fill.head()
        .thenApply(
            head ->
                switch (head) {
                  case FillHead.Streaming streaming -> streamed(x, told, fill, streaming, interest);
                  case FillHead.Failed failed -> {
                    interest.close();
                    yield failures.origin(x, failed.failure(), Forward.METHOD);
                  }
                  case FillHead.Refreshed ignored -> {
                    interest.close();
                    throw new IllegalStateException("an answer to POST refreshed an entry");
                  }
                });
  }

  private EdgeResponse streamed(
      Exchange x, Told told, Fill fill, FillHead.Streaming streaming, Fill.Interest interest) {
    ResponseHead head = streaming.head();
    try {
      x.askBodyFilters(head, fill::trailers);
    } catch (FilterFailure failed) {
      interest.close();
      return answers.filterFailed(x, failed);
    }
    Headers fields = HopByHop.strip(head.headers()).without("Content-Length");
    Told kept =
        told.with(
            told.status()
                .withForwardedStatus(head.status())
                .withStored(streaming.intent() instanceof FillIntent.Store));
    return answers.streamed(
        x,
        head.withHeaders(fields),
        streaming.length(),
        fill.read(0, Long.MAX_VALUE),
        Trailers.ofResponse(x.head.headers(), head.headers(), fill::trailers),
        interest::close,
        kept);
  }

  private FillPlan plan(
      Exchange x, Grant grant, RequestHead sent, FillPlan.Judge judge, OriginResponse answer) {
    OriginRequest request =
        new OriginRequest(sent, null, OptionalLong.empty(), x.route.timeouts(), x.edge.interim())
            .on(x.terms());
    return new FillPlan(
        grant,
        request,
        judge,
        x.route.keyUrl(),
        false,
        null,
        answer,
        x.route.storage().maxObjectBytes(),
        x.route.effects().get(Effect.ACCELERATION, true));
  }

  /** The fields of the POST that a GET might have too. */
  private static Headers ofLaterGet(Headers post) {
    return Conditional.unconditional(HopByHop.strip(post)).toBuilder()
        .remove("Content-Type")
        .remove("Content-Length")
        .remove("Content-Encoding")
        .build();
  }

  private void release(Verdict verdict) {
    if (verdict instanceof Verdict.Lead(Grant grant)) {
      cache.release(grant, "gone");
    }
  }

  private CompletionStage<?> bounded(CompletionStage<?> done) {
    return done.<@Nullable Object>thenApply(ignored -> null)
        .toCompletableFuture()
        .copy()
        .completeOnTimeout(null, settings.invalidationWaitMillis(), TimeUnit.MILLISECONDS)
        .exceptionally(failure -> null);
  }
}
