package dev.weir.exchange;

import dev.weir.http.Headers;
import dev.weir.http.PartialContent;
import dev.weir.http.RefreshRule;
import dev.weir.http.ResponseHead;
import dev.weir.http.StorageRules;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.LateRule;
import dev.weir.policy.Subject;
import java.util.List;
import java.util.Map;

/**
 * What rules say of storing once the response is known, new from the origin or taken from the
 * cache.
 *
 * @param subject the request they were asked about when it came
 */
record LateRules(Subject subject, List<LateRule> rules) {
  LateRules {
    rules = List.copyOf(rules);
  }

  /** Those alone that hold under a policy which a client has chosen. */
  LateRules underChosenPolicy() {
    return without(Effect.FRESHNESS).without(Effect.NEGATIVE_CACHING);
  }

  /** The same with nothing to say of that. */
  LateRules without(Effect<?> effect) {
    return new LateRules(
        subject,
        rules.stream()
            .map(rule -> new LateRule(rule.name(), rule.when(), rule.effects().without(effect)))
            .toList());
  }

  StorageRules of(StorageRules usual, int status, Headers fields) {
    ResponseHead head = whole(new ResponseHead(status, "", fields));
    Effects said = Effects.NONE;
    for (LateRule rule : rules) {
      if (Boolean.TRUE.equals(rule.when().value(subject, head))) {
        said = said.or(rule.effects());
      }
    }
    if (said.equals(Effects.NONE)) {
      return usual;
    }
    RefreshRule lifetimes = said.get(Effect.FRESHNESS);
    Map<Integer, Long> errors = said.get(Effect.NEGATIVE_CACHING);
    return usual.withRule(
        lifetimes == null ? usual.refresh() : lifetimes,
        errors == null ? usual.errorMillis() : errors,
        usual.staleOn(),
        said.get(Effect.STORE, usual.store()));
  }

  /** A part is kept as the whole would be (RFC 9111 3.3). */
  private static ResponseHead whole(ResponseHead head) {
    return PartialContent.of(head) == null ? head : PartialContent.ofWhole(head);
  }
}
