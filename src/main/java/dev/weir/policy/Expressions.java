package dev.weir.policy;

import org.jspecify.annotations.Nullable;

/**
 * What a rule works out for each request, beside what it says of all. Where one has no value the
 * rule does not match.
 *
 * @param when a further condition, tried after the matcher; it alone may ask about the response
 * @param policy how the request is served
 * @param key what stands for path and query in its name in the cache
 */
public record Expressions(
    @Nullable Expression<Boolean> when,
    @Nullable Expression<Policy> policy,
    @Nullable Expression<KeyTarget> key) {
  public static final Expressions NONE = new Expressions(null, null, null);

  /** Whether the request alone cannot tell if the rule matches. */
  public boolean asksResponse() {
    return when != null && when.asksResponse();
  }

  public boolean isEmpty() {
    return when == null && policy == null && key == null;
  }

  /** The effects with those that are worked out; null where the rule does not match. */
  @Nullable Effects of(Subject subject, Effects fixed) {
    if (when != null && !Boolean.TRUE.equals(when.value(subject, null))) {
      return null;
    }
    Effects effects = fixed;
    if (policy != null) {
      Policy chosen = policy.value(subject, null);
      if (chosen == null) {
        return null;
      }
      effects = effects.with(Effect.POLICY, chosen);
    }
    if (key != null) {
      KeyTarget target = key.value(subject, null);
      if (target == null) {
        return null;
      }
      effects = effects.with(Effect.KEY_TARGET, target);
    }
    return effects;
  }
}
