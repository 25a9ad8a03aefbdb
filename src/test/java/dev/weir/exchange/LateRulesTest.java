package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Entrance;
import dev.weir.policy.Expression;
import dev.weir.policy.LateRule;
import dev.weir.policy.Policy;
import dev.weir.policy.Resolution;
import dev.weir.policy.Subject;
import dev.weir.rules.Explanation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LateRulesTest {
  private static final RequestHead REQUEST =
      Explanation.request("GET", "https://a.example/x", Headers.EMPTY);
  private static final Subject SUBJECT = Subject.of(REQUEST, Caller.NOBODY);

  /** A condition on the response that all responses meet. */
  private static final Expression<Boolean> ALWAYS =
      new Expression<>() {
        @Override
        public Boolean value(Subject subject, @Nullable ResponseHead response) {
          return response != null;
        }

        @Override
        public boolean asksResponse() {
          return true;
        }

        @Override
        public String text() {
          return "response.status > 0";
        }
      };

  private static Resolution late(boolean store) {
    LateRule rule = new LateRule("late", ALWAYS, Effects.of(Effect.STORE, store));
    return new Resolution(Policy.STANDARD, Effects.NONE, "default", List.of(), List.of(rule));
  }

  private static Route route(Resolution said) {
    ExchangeSettings settings =
        ExchangeSettings.from(
            ConfigFactory.parseResources("reference.conf").resolve().getConfig("weir.exchange"));
    return Route.of(said, SUBJECT, CacheKeys.of(REQUEST, "", said.effects()), "1", settings);
  }

  private static boolean stores(Route route) {
    return route.storage(200, Headers.EMPTY).store();
  }

  @Test
  void theResponseDecidesForEveryPolicyAndKey() {
    Route route = route(late(false));
    assertThat(route.storage().store()).isTrue();
    assertThat(stores(route)).isFalse();
    assertThat(stores(route.as(Policy.NO_REFRESH))).isFalse();
    assertThat(stores(route.keyed(route.key(), route.keyUrl()))).isFalse();
    assertThat(stores(route.storing(true, 5))).isFalse();
  }

  @Test
  void whatAFilterRefusesToStoreNoResponseBringsBack() {
    Route route = route(late(true));
    assertThat(stores(route)).isTrue();
    assertThat(stores(route.storing(false, Long.MAX_VALUE))).isFalse();
  }

  @Test
  void whatAnEntranceHasDecidedNoResponseChanges() {
    // Given
    Effects refused = Effects.of(Effect.STORE, false);
    Entrance first = new Entrance("m", "", refused, Effects.NONE, null, false);
    Entrance last = new Entrance("m", "", Effects.NONE, refused, null, false);

    // Then
    assertThat(stores(route(first.decide(late(true))))).isFalse();
    assertThat(stores(route(last.decide(late(true))))).isTrue();
  }
}
