package dev.weir.filters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import dev.weir.proxy.filter.LookupDecision;
import dev.weir.proxy.filter.RequestDecision;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The chain: who is asked, in which order, and what is taken from them. */
class FiltersTest {
  private static final ResponseHead OK = new ResponseHead(200, "OK", Headers.EMPTY);

  private static Incoming incoming(Object connection) {
    InetSocketAddress here = new InetSocketAddress("127.0.0.1", 1);
    RequestHead head =
        new RequestHead("GET", "http", new Authority("a.example", 80), "/x", Headers.EMPTY);
    return new Incoming("id", head, here, here, connection, false);
  }

  private static FilterRun run(Filter<?> filter) {
    return Filters.of(Map.of("it", filter), FilterTerms.USUAL).begin(incoming("connection"));
  }

  /** Adds its name to a field. */
  private static Filter<Void> naming(String name) {
    return new Filter<>() {
      @Override
      public ResponseHead response(FilterExchange<Void> exchange, ResponseHead response) {
        return response.withHeaders(response.headers().plus("X-By", name));
      }
    };
  }

  @Test
  void withoutFiltersNothingIsMadePerRequest() {
    // When
    FilterRun run = Filters.NONE.begin(incoming("connection"));

    // Then
    assertThat(run).isSameAs(FilterRun.NONE);
    assertThat(Filters.of(Map.of(), FilterTerms.USUAL)).isSameAs(Filters.NONE);
    for (Phase phase : Phase.values()) {
      assertThat(run.has(phase)).isFalse();
    }
  }

  @Test
  void aFilterHasThePhasesItOverridesWhereverInItsAncestry() {
    // Given
    abstract class Base implements Filter<Void> {
      @Override
      public LookupDecision lookup(FilterExchange<Void> exchange) {
        return LookupDecision.LOOK;
      }
    }
    class Derived extends Base {
      @Override
      public boolean purge(FilterExchange<Void> exchange) {
        return false;
      }
    }

    // When
    Filters filters = Filters.of(Map.of("it", new Derived()), FilterTerms.USUAL);

    // Then
    assertThat(filters.phases("it")).containsExactly(Phase.PURGE, Phase.LOOKUP);
    assertThat(filters.has(Phase.HIT)).isFalse();
  }

  @Test
  void everyMethodOfTheInterfaceIsAPhase() {
    // Given
    List<String> phases = new ArrayList<>();
    for (Phase phase : Phase.values()) {
      phases.add(phase.label());
    }

    // When, then
    for (var method : Filter.class.getDeclaredMethods()) {
      if (!method.isSynthetic() && !method.getName().equals("close")) {
        assertThat(phases).contains(method.getName());
      }
    }
  }

  @Test
  void filtersAreAskedInTheirOrderAndSeeWhatOthersMade() {
    // Given
    Map<String, Filter<?>> chained = new LinkedHashMap<>();
    chained.put("b", naming("b"));
    chained.put("a", naming("a"));
    Filters filters = Filters.of(chained, FilterTerms.USUAL).before("first", naming("first"));

    // When
    ResponseHead made = filters.begin(incoming("connection")).response(OK);

    // Then
    assertThat(made.headers().all("X-By")).containsExactly("first", "b", "a");
    assertThat(filters.names()).containsExactly("first", "b", "a");
    assertThat(filters.meters("a").get(Phase.RESPONSE).calls()).isEqualTo(1);
  }

  @Test
  void theFirstThatDecidesEndsThePhase() {
    // Given
    List<String> asked = new ArrayList<>();
    Map<String, Filter<?>> chained = new LinkedHashMap<>();
    for (String name : List.of("looks", "bypasses", "never")) {
      chained.put(
          name,
          new Filter<Void>() {
            @Override
            public LookupDecision lookup(FilterExchange<Void> exchange) {
              asked.add(name);
              return name.equals("bypasses")
                  ? new LookupDecision.Bypass("because")
                  : LookupDecision.LOOK;
            }
          });
    }

    // When
    LookupDecision decision =
        Filters.of(chained, FilterTerms.USUAL).begin(incoming("connection")).lookup();

    // Then
    assertThat(decision).isEqualTo(new LookupDecision.Bypass("because"));
    assertThat(asked).containsExactly("looks", "bypasses");
  }

  @Test
  void whatAFilterKeepsWithAConnectionIsThereForTheNextRequest() {
    // Given
    Filter<Void> counting =
        new Filter<>() {
          @Override
          public ResponseHead response(FilterExchange<Void> exchange, ResponseHead response) {
            int count = (int) exchange.connection().merge("count", 1, (a, b) -> (int) a + (int) b);
            return response.withHeaders(Headers.of("X-Count", Integer.toString(count)));
          }
        };
    Filters filters = Filters.of(Map.of("it", counting), FilterTerms.USUAL);
    Object one = new Object();
    Object other = new Object();

    // When
    filters.begin(incoming(one)).response(OK);
    ResponseHead second = filters.begin(incoming(one)).response(OK);
    ResponseHead elsewhere = filters.begin(incoming(other)).response(OK);

    // Then
    assertThat(second.headers().first("X-Count")).isEqualTo("2");
    assertThat(elsewhere.headers().first("X-Count")).isEqualTo("1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX-Injected: 1", "nul\0", "wide\u0100"})
  void whatWouldBecomeAnotherMessageIsTheFiltersFailure(String value) {
    // Given
    FilterRun run =
        run(
            new Filter<Void>() {
              @Override
              public ResponseHead response(FilterExchange<Void> exchange, ResponseHead response) {
                return response.withHeaders(Headers.of("X-Field", value));
              }
            });

    // When, then
    assertThatThrownBy(() -> run.response(OK))
        .isInstanceOf(FilterFailure.class)
        .hasMessageContaining("'it' failed in response");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-slash", "/a b", "/a\r\nHost: evil", "/\u00e4"})
  void aTargetThatIsNoneIsTheFiltersFailure(String target) {
    // Given
    FilterRun run =
        run(
            new Filter<Void>() {
              @Override
              public RequestDecision earlyRequest(FilterExchange<Void> exchange) {
                RequestHead old = exchange.request();
                return new RequestDecision.ProceedWith(
                    new RequestHead("GET", old.scheme(), old.authority(), target, old.headers()));
              }
            });

    // When, then
    assertThatThrownBy(run::earlyRequest).isInstanceOf(FilterFailure.class);
  }

  @Test
  void aHeadDoesNotChangeIntoOneThatIsFramedOtherwise() {
    // Given
    FilterRun run =
        run(
            new Filter<Void>() {
              @Override
              public ResponseHead response(FilterExchange<Void> exchange, ResponseHead response) {
                return new ResponseHead(304, "", Headers.EMPTY);
              }
            });

    // When, then
    assertThatThrownBy(() -> run.response(OK)).isInstanceOf(FilterFailure.class);
  }
}
