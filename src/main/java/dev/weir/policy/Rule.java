package dev.weir.policy;

/**
 * What is done with the requests a matcher takes.
 *
 * @param name for logs and people
 * @param goesOn whether the rules behind it are tried too: then it decides what it has effects for,
 *     and they decide the rest
 * @param expressions what is worked out for each request
 */
public record Rule(
    String name, Matcher matcher, Effects effects, boolean goesOn, Expressions expressions) {
  public Rule(String name, Matcher matcher, Effects effects, boolean goesOn) {
    this(name, matcher, effects, goesOn, Expressions.NONE);
  }

  /** A rule that sets the policy and nothing else. */
  public static Rule of(String name, Matcher matcher, Policy policy) {
    return new Rule(name, matcher, Effects.of(Effect.POLICY, policy), false);
  }

  public <T> Rule with(Effect<T> effect, T value) {
    return with(effects.with(effect, value));
  }

  /** The same with other effects. */
  Rule with(Effects replaced) {
    return new Rule(name, matcher, replaced, goesOn, expressions);
  }

  /** The same with something to be worked out. */
  public Rule with(Expressions added) {
    return new Rule(name, matcher, effects, goesOn, added);
  }

  /** The same, the rules behind it being tried too. */
  public Rule goingOn() {
    return new Rule(name, matcher, effects, true, expressions);
  }
}
