package dev.weir.policy;

/**
 * A rule that asks about the response: it has its say once that is there.
 *
 * @param effects what it decides then, less what rules before it have decided
 */
public record LateRule(String name, Expression<Boolean> when, Effects effects) {
  /** The same, less what those have decided before it. */
  LateRule behind(Effects before) {
    Effects left = effects;
    for (Effect<?> decided : before.decided()) {
      left = left.without(decided);
    }
    return left.equals(effects) ? this : new LateRule(name, when, left);
  }
}
