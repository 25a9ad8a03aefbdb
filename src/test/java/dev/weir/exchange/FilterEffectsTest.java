package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.filters.FilterTerms;
import dev.weir.filters.Phase;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.origin.ClientEngines;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.OriginTimeouts;
import dev.weir.origin.PekkoOrigins;
import dev.weir.proxy.filter.BodyFilter;
import dev.weir.proxy.filter.BodyStep;
import dev.weir.proxy.filter.BodyUse;
import dev.weir.proxy.filter.Cacheability;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import dev.weir.proxy.filter.FilterKey;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.HitDecision;
import dev.weir.proxy.filter.RequestDecision;
import dev.weir.proxy.filter.StaleCause;
import dev.weir.proxy.filter.StaleDecision;
import dev.weir.proxy.filter.StoredView;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What filters decide is done, what they change is changed, and what they break is told. */
@Timeout(120)
class FilterEffectsTest {
  @RegisterExtension
  private final FilterRigs rigs = new FilterRigs(new FilterTerms(300, 1000, 3, 1000));

  private static final class Shouting implements BodyFilter {
    @Override
    public BodyStep piece(ByteBuffer piece) {
      String text = StandardCharsets.UTF_8.decode(piece).toString();
      return BodyStep.of(text.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public BodyStep end(Headers trailers) {
      return BodyStep.of("!".getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void aChangedResponseIsForTheClientAndWhatIsStoredStaysAsItIs() throws Exception {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public BodyUse bodies(FilterExchange<Void> exchange) {
                return exchange.request().headers().has("X-Loud") ? BodyUse.CHANGE : BodyUse.NONE;
              }

              @Override
              public Optional<BodyFilter> responseBody(
                  FilterExchange<Void> exchange, ResponseHead response) {
                return Optional.of(new Shouting());
              }
            });

    // When
    Rig.Got miss = rig.get("/page", "X-Loud", "1");
    Eventually.holds(rig::nothingRuns);
    Rig.Got hit = rig.get("/page", "X-Loud", "1");
    Rig.Got ranged = rig.get("/page", "X-Loud", "1", "Range", "bytes=0-1");
    Rig.Got known = rig.get("/page", "X-Loud", "1", "If-None-Match", "W/\"1\"");
    Rig.Got plain = rig.get("/page");
    Rig.Got part = rig.get("/page", "Range", "bytes=0-3");

    // Then
    assertThat(miss.text()).isEqualTo("SOME TEXT!");
    assertThat(hit.text()).isEqualTo("SOME TEXT!");
    assertThat(hit.headers().first("ETag")).isEqualTo("W/\"1\"");
    assertThat(hit.headers().has("Content-Length")).isFalse();
    assertThat(ranged.status()).isEqualTo(200);
    assertThat(ranged.text()).isEqualTo("SOME TEXT!");
    assertThat(known.status()).isEqualTo(304);
    assertThat(known.headers().first("ETag")).isEqualTo("W/\"1\"");
    assertThat(plain.text()).isEqualTo("some text");
    assertThat(plain.headers().first("ETag")).isEqualTo("\"1\"");
    assertThat(part.text()).isEqualTo("some");
    assertThat(rig.origin.count("/page")).isEqualTo(1);
  }

  @Test
  void aChangedBodyFromUpstreamIsWhatIsStored() throws Exception {
    // Given
    AtomicReference<Boolean> on = new AtomicReference<>(true);
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public Optional<BodyFilter> upstreamBody(
                  FilterExchange<Void> exchange, ResponseHead response) {
                return on.get() ? Optional.of(new Shouting()) : Optional.empty();
              }
            });

    // When
    Rig.Got miss = rig.get("/page", "Range", "bytes=0-3");
    Eventually.holds(rig::nothingRuns);
    on.set(false);
    Rig.Got hit = rig.get("/page");

    // Then
    assertThat(miss.text()).isEqualTo("SOME TEXT!");
    assertThat(hit.text()).isEqualTo("SOME TEXT!");
    assertThat(hit.headers().first("ETag")).isEqualTo("W/\"1\"");
    assertThat(rig.origin.seen("/page")).hasSize(1);
    assertThat(rig.origin.seen("/page").getFirst().isRange()).isFalse();
  }

  @Test
  void aRequestMayBeAnsweredByAFilter() {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public CompletionStage<RequestDecision> request(FilterExchange<Void> exchange) {
                return CompletableFuture.supplyAsync(
                    () ->
                        exchange.request().headers().has("X-Pass")
                            ? RequestDecision.PROCEED
                            : new RequestDecision.Answer(FilterResponse.text(403, "not you\n")));
              }
            });

    // When
    Rig.Got refused = rig.get("/page");
    Rig.Got passed = rig.get("/page", "X-Pass", "yes");

    // Then
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.text()).isEqualTo("not you\n");
    assertThat(refused.cacheStatus()).contains("detail=filter-answer");
    assertThat(passed.text()).isEqualTo("some text");
  }

  @Test
  void requestsOfDifferentRealmsShareNothing() throws Exception {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public FilterKey key(FilterExchange<Void> exchange, FilterKey byRules) {
                String tenant = exchange.request().headers().first("X-Tenant");
                return tenant == null ? byRules : byRules.withRealm(tenant);
              }
            });

    // When
    for (int i = 0; i < 2; i++) {
      rig.get("/page", "X-Tenant", "a");
      rig.get("/page", "X-Tenant", "b");
      rig.get("/page");
      Eventually.holds(rig::nothingRuns);
    }

    // Then
    assertThat(rig.origin.count("/page")).isEqualTo(3);
  }

  @Test
  void aHitMayBeMadeAMissStaleOrFresh() throws Exception {
    // Given
    AtomicReference<HitDecision> decision = new AtomicReference<>(HitDecision.AS_JUDGED);
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public CompletionStage<HitDecision> hit(
                  FilterExchange<Void> exchange, StoredView stored) {
                return CompletableFuture.completedFuture(decision.get());
              }
            });
    rig.get("/page");
    Eventually.holds(rig::nothingRuns);

    // When, then
    decision.set(HitDecision.MISS);
    rig.get("/page");
    Eventually.holds(rig::nothingRuns);
    assertThat(rig.origin.count("/page")).isEqualTo(2);
    decision.set(HitDecision.STALE);
    rig.get("/page");
    Eventually.holds(rig::nothingRuns);
    assertThat(rig.origin.seen("/page").getLast().isConditional()).isTrue();
    rig.pass(1000);
    decision.set(HitDecision.FRESH);
    assertThat(rig.get("/page").cacheStatus()).contains("hit").contains("filter-fresh");
    assertThat(rig.origin.count("/page")).isEqualTo(3);
  }

  @Test
  void staleContentMayBeForbidden() throws Exception {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public StaleDecision serveStale(
                  FilterExchange<Void> exchange, StaleCause cause, boolean judged) {
                return StaleDecision.FORBID;
              }
            });
    rig.get("/page");
    Eventually.holds(rig::nothingRuns);
    rig.pass(1000);
    rig.origin.refuse();

    // When
    Rig.Got got = rig.get("/page");

    // Then
    assertThat(got.status()).isEqualTo(502);
  }

  @Test
  void whetherAResponseIsStoredIsAFiltersToSay() throws Exception {
    // Given
    AtomicReference<Cacheability> said = new AtomicReference<>(Cacheability.AS_JUDGED);
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public Cacheability cacheable(
                  FilterExchange<Void> exchange, ResponseHead response, boolean judged) {
                return said.get();
              }
            });
    rig.origin.on("/private", seen -> Answer.text(200, "x", "Cache-Control", "private"));

    // When
    said.set(new Cacheability.No("not-this-one"));
    Rig.Got unstored = rig.get("/page");
    rig.get("/page");
    said.set(new Cacheability.For(Duration.ofMinutes(1)));
    rig.get("/private");
    Eventually.holds(rig::nothingRuns);
    rig.get("/private");

    // Then
    assertThat(unstored.cacheStatus()).contains("not-this-one");
    assertThat(rig.origin.count("/page")).isEqualTo(2);
    assertThat(rig.origin.count("/private")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"range-fill-max", "authorization", "no-longer-storable"})
  void theWordOfAFilterIsNoReasonOfOurs(String word) throws Exception {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public Cacheability cacheable(
                  FilterExchange<Void> exchange, ResponseHead response, boolean judged) {
                return new Cacheability.No(word);
              }
            });

    // When
    Rig.Got answered = rig.get("/page");

    // Then
    assertThat(answered.text()).isEqualTo("some text");
    assertThat(answered.cacheStatus()).contains(word);
    assertThat(rig.origin.count("/page")).isEqualTo(1);
  }

  @Test
  void whatIsFetchedWithAFiltersCredentialsIsNotForEverybody() throws Exception {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public CompletionStage<RequestHead> upstreamRequest(
                  FilterExchange<Void> exchange, RequestHead request) {
                Headers fields = request.headers().with("Authorization", "Bearer t");
                return CompletableFuture.completedFuture(request.withHeaders(fields));
              }
            });

    // When
    rig.get("/page");
    Eventually.holds(rig::nothingRuns);
    rig.get("/page");

    // Then
    assertThat(rig.origin.count("/page")).isEqualTo(2);
    assertThat(rig.origin.seen("/page").getFirst().header("Authorization")).isEqualTo("Bearer t");
  }

  @Test
  void aFetchThatNoExchangeHasMadeMeetsTheUpstreamPhases() throws Exception {
    // Given
    AtomicReference<Boolean> background = new AtomicReference<>(false);
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public CompletionStage<RequestHead> upstreamRequest(
                  FilterExchange<Void> exchange, RequestHead request) {
                background.set(exchange.background());
                Headers fields = request.headers().with("X-Added", "1");
                return CompletableFuture.completedFuture(request.withHeaders(fields));
              }

              @Override
              public Optional<BodyFilter> upstreamBody(
                  FilterExchange<Void> exchange, ResponseHead response) {
                return Optional.of(new Shouting());
              }
            });
    PekkoOrigins origins =
        rig.world.origins(
            new ClientEngines() {
              @Override
              public SSLEngine engine(String host, int port) {
                throw new IllegalStateException("no TLS here");
              }

              @Override
              public String explain(Throwable failure) {
                return "no TLS here";
              }
            });
    origins.stepsOfOthers(rig::stepsOfOthers);
    RequestHead head =
        new RequestHead("GET", "http", rig.origin.authority(), "/page", Headers.EMPTY);

    // When
    OriginResponse response =
        origins
            .fetch(OriginRequest.of(head, new OriginTimeouts(5000, 5000, 0)))
            .toCompletableFuture()
            .get(20, TimeUnit.SECONDS);
    String body =
        response
            .body()
            .runFold("", (text, piece) -> text + piece.utf8String(), rig.world.materializer())
            .toCompletableFuture()
            .get(20, TimeUnit.SECONDS);

    // Then
    assertThat(body).isEqualTo("SOME TEXT!");
    assertThat(response.bodyLength()).isEmpty();
    assertThat(response.head().headers().first("ETag")).isEqualTo("W/\"1\"");
    assertThat(rig.origin.seen("/page").getFirst().header("X-Added")).isEqualTo("1");
    assertThat(background.get()).isTrue();
  }

  @Test
  void aBodyThatAFilterRefusesIsAnsweredWithItsWords() {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public Optional<BodyFilter> requestBody(
                  FilterExchange<Void> exchange, RequestHead request) {
                return Optional.of(piece -> new BodyStep.Refuse(413, "No uploads here."));
              }
            });
    rig.origin.on("/up", seen -> Answer.text(200, "taken"));

    // When
    Rig.Got got =
        rig.finish(
            rig.begin(
                "POST",
                "/up",
                HttpEntities.create("something".getBytes(StandardCharsets.UTF_8)),
                new CompletableFuture<>()));

    // Then
    assertThat(got.status()).isEqualTo(413);
    assertThat(got.text()).contains("No uploads here.");
  }

  /** A filter that throws in one phase. */
  private static Filter<?> failingIn(Phase phase) {
    return (Filter<?>)
        Proxy.newProxyInstance(
            FilterEffectsTest.class.getClassLoader(),
            new Class<?>[] {Filter.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals(phase.label())) {
                throw new IllegalStateException("broken");
              }
              return method.isDefault()
                  ? InvocationHandler.invokeDefault(proxy, method, arguments)
                  : null;
            });
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void aFilterThatThrowsIsToldByItsNameOrSkippedAndNeverMakesAWrongBody(Phase phase)
      throws Exception {
    // Given
    Rig rig = rigs.of(failingIn(phase));

    // When
    Rig.Got miss = rig.get("/page");
    Eventually.holds(rig::nothingRuns);
    Rig.Got again = rig.get("/page", "Range", "bytes=0-8");

    // Then
    for (Rig.Got got : List.of(miss, again)) {
      if (got.status() == 200 || got.status() == 206) {
        assertThat(got.text()).isEqualTo("some text");
      } else {
        assertThat(got.status()).isEqualTo(code(phase));
        assertThat(got.text()).contains("Filter 'f0' failed in " + phase.label());
      }
    }
    boolean refuses = phase.onFailure() == Phase.OnFailure.REFUSE;
    boolean asked = phase != Phase.REQUEST_BODY && phase != Phase.PURGE_ANSWER;
    assertThat(miss.status() == 500).isEqualTo(refuses && asked);
    if (miss.status() != 200) {
      assertThat(rigs.filters().meters("f0").get(phase).failures()).isPositive();
    }
  }

  private static int code(Phase phase) {
    return phase.onFailure() == Phase.OnFailure.FAIL_UPSTREAM ? 502 : 500;
  }

  @Test
  void aFilterThatDoesNotAnswerInTimeHasFailed() {
    // Given
    Rig rig =
        rigs.of(
            new Filter<Void>() {
              @Override
              public CompletionStage<RequestDecision> request(FilterExchange<Void> exchange) {
                return new CompletableFuture<>();
              }
            });

    // When
    Rig.Got got = rig.get("/page");

    // Then
    assertThat(got.status()).isEqualTo(500);
    assertThat(rigs.filters().meters("f0").get(Phase.REQUEST).late()).isEqualTo(1);
  }
}
