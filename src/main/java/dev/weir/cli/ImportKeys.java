package dev.weir.cli;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.moving.Keying;
import dev.weir.moving.Reason;
import dev.weir.policy.CacheKey;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.rules.Explanation;

/** Keys of moved entries under the rules in force, which may also want none of them. */
record ImportKeys(PolicyTable rules) implements Keying {
  @Override
  public Answer of(String url) {
    RequestHead request;
    try {
      request = Explanation.request("GET", url, Headers.EMPTY);
    } catch (IllegalArgumentException notAUrl) {
      return new Answer.Refused(Reason.MALFORMED);
    }
    Resolution said = rules.resolve(request);
    Effects effects = said.effects();
    if (said.policy() == Policy.NO_REFRESH) {
      return new Answer.Refused(Reason.NEVER_VALIDATED);
    }
    if (said.policy() == Policy.NO_CACHE
        || !effects.get(Effect.STORE, true)
        || effects.get(Effect.DENY) != null) {
      return new Answer.Refused(Reason.RULES);
    }
    if (CacheKeys.isInOurName(effects)) {
      return new Answer.Refused(Reason.AUTHENTICATED);
    }
    CacheKey key = CacheKeys.of(request, "", effects);
    return key.signed()
        ? new Answer.Refused(Reason.SIGNED)
        : new Answer.Keyed(key.primary(), effects.get(Effect.VARY));
  }
}
