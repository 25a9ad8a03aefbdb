package dev.weir.policy;

/**
 * What is done with the requests a matcher takes.
 *
 * @param name for logs and people
 * @param goesOn whether the rules behind it are tried too: then it decides what it has effects for,
 *     and they decide the rest
 */
public record Rule(String name, Matcher matcher, Effects effects, boolean goesOn) {
  /** A rule that sets the policy and nothing else. */
  public static Rule of(String name, Matcher matcher, Policy policy) {
    return new Rule(name, matcher, Effects.of(Effect.POLICY, policy), false);
  }

  public <T> Rule with(Effect<T> effect, T value) {
    return new Rule(name, matcher, effects.with(effect, value), goesOn);
  }

  /** The same, the rules behind it being tried too. */
  public Rule goingOn() {
    return new Rule(name, matcher, effects, true);
  }
}
