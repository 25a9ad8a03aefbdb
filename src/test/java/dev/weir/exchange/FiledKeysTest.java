package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.exchange.FiledKeys.Filed;
import dev.weir.filters.FilterTerms;
import dev.weir.filters.Filters;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.Caller;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Entrance;
import dev.weir.policy.Matcher;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Rule;
import dev.weir.policy.UpstreamTls;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import dev.weir.proxy.filter.FilterKey;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.RequestDecision;
import dev.weir.testing.Eventually;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What people are told of a key is where exchanges file things. */
@Timeout(60)
class FiledKeysTest {
  private static final PolicyTable RULES = FilterRigs.RULES;

  @RegisterExtension
  private final FilterRigs rigs = new FilterRigs(new FilterTerms(300, 1000, 3, 1000));

  /** A realm by a field that a filter takes out of the request, and of the context. */
  private static class Tenants implements Filter<List<String>> {
    @Override
    public List<String> newContext() {
      return new ArrayList<>();
    }

    @Override
    public CompletionStage<RequestDecision> request(FilterExchange<List<String>> exchange) {
      RequestHead request = exchange.request();
      String tenant = request.headers().first("X-Tenant");
      exchange.context().add(tenant == null ? "nobody" : tenant);
      return CompletableFuture.completedFuture(
          new RequestDecision.ProceedWith(
              request.withHeaders(request.headers().without("X-Tenant"))));
    }

    @Override
    public FilterKey key(FilterExchange<List<String>> exchange, FilterKey byRules) {
      return byRules.withRealm(exchange.context().getFirst());
    }
  }

  private static Filters chain(Filter<?>... filters) {
    return FilterRigs.chain(new FilterTerms(300, 1000, 3, 1000), filters);
  }

  private static Filed filed(PolicyTable rules, Filters filters, RequestHead request)
      throws Exception {
    ExchangeSettings settings = ExchangeSettings.from(World.get().rooms.getConfig("weir.exchange"));
    return new FiledKeys(() -> rules, filters, settings)
        .of(request, Caller.NOBODY, Entrance.PROXY)
        .toCompletableFuture()
        .get(20, TimeUnit.SECONDS);
  }

  private static RequestHead request(String scheme, String... fields) {
    Authority origin = new Authority("a.example", Authority.defaultPort(scheme));
    return new RequestHead("GET", scheme, origin, "/x?y=1", Headers.of(fields));
  }

  @Test
  void itIsWhereAnExchangeHasFiledIt() throws Exception {
    // Given
    Rig rig = rigs.of(new Tenants());
    rig.get("/page", "X-Tenant", "red");
    Eventually.holds(rig::nothingRuns);
    RequestHead request =
        new RequestHead("GET", "http", rig.origin.authority(), "/page", Headers.EMPTY);

    // When
    Filed red = filed(RULES, rigs.filters(), request.withHeaders(Headers.of("X-Tenant", "red")));
    Filed nobody = filed(RULES, rigs.filters(), request);

    // Then
    assertThat(red.byFilters()).isTrue();
    assertThat(red.url()).isEqualTo(rig.origin.url("/page"));
    assertThat(isStored(rig, red)).isTrue();
    assertThat(isStored(rig, nobody)).isFalse();
  }

  private static boolean isStored(Rig rig, Filed filed) throws Exception {
    return rig.world.cache.isStored(filed.key()).toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  @Test
  void aFilterThatAnswersDoesNotHideTheKey() throws Exception {
    // Given
    Filter<Void> guard =
        new Filter<>() {
          @Override
          public RequestDecision earlyRequest(FilterExchange<Void> exchange) {
            return new RequestDecision.Answer(FilterResponse.text(401, "Who are you?\n"));
          }
        };
    Filter<Void> sites =
        new Filter<>() {
          @Override
          public FilterKey key(FilterExchange<Void> exchange, FilterKey byRules) {
            return new FilterKey("https://one.example/x", "");
          }
        };

    // When
    Filed filed = filed(RULES, chain(guard, sites), request("http"));

    // Then
    assertThat(filed.url()).isEqualTo("https://one.example/x");
    assertThat(filed.key().host()).isEqualTo("one.example");
  }

  @Test
  void whereAFilterFailsTheRulesKeyCounts() throws Exception {
    // Given
    Filed byRules = filed(RULES, Filters.NONE, request("http"));
    Filter<Void> late =
        new Filter<>() {
          @Override
          public CompletionStage<RequestDecision> request(FilterExchange<Void> exchange) {
            return new CompletableFuture<>();
          }
        };
    Filter<Void> broken =
        new Filter<>() {
          @Override
          public FilterKey key(FilterExchange<Void> exchange, FilterKey byRules) {
            throw new IllegalStateException("broken");
          }
        };
    Filter<Void> noUrl =
        new Filter<>() {
          @Override
          public FilterKey key(FilterExchange<Void> exchange, FilterKey byRules) {
            return new FilterKey("no url", "");
          }
        };

    // When, Then
    for (Filter<Void> filter : List.of(late, broken, noUrl)) {
      assertThat(filed(RULES, chain(filter, new Tenants()), request("http"))).isEqualTo(byRules);
    }
  }

  @Test
  void filtersMeetTheRequestUpToItsKeyAndItsEnd() throws Exception {
    // Given
    RecordingFilter filter = new RecordingFilter();

    // When
    Filed filed = filed(RULES, chain(filter), request("http"));

    // Then
    assertThat(filed.byFilters()).isFalse();
    assertThat(filter.ended)
        .containsExactly(
            List.of("earlyRequest", "request", "cachePolicy", "key", "logging key-asked"));
  }

  /** What a rule's certificate had fetched was filed where a filter's key of any request led. */
  @Test
  void whatIsFetchedInOurNameStaysApartUnderAFiltersKey() throws Exception {
    // Given
    UpstreamTls tls = new UpstreamTls("id", "us", "", "certificate", "key", false, List.of());
    Matcher host = new Matcher.HostIs("a.example");
    PolicyTable ours =
        new PolicyTable(
            List.of(new Rule("tls", host, Effects.of(Effect.UPSTREAM_TLS, tls), false)),
            Policy.STANDARD);
    Filters filters = chain(new Tenants());

    // When
    Filed withCertificate = filed(ours, filters, request("https"));
    Filed without = filed(RULES, filters, request("https"));

    // Then
    assertThat(withCertificate.url()).isEqualTo(without.url());
    assertThat(withCertificate.key()).isNotEqualTo(without.key());
    assertThat(filed(ours, filters, request("http")).key())
        .isEqualTo(filed(RULES, filters, request("http")).key());
  }
}
