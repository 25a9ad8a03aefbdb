/**
 * Rule files: from HOCON on disk to the {@link dev.weir.policy.PolicyTable} that requests are
 * resolved by. {@link dev.weir.rules.RuleFiles} reads and puts them together with the built-in
 * rules, {@link dev.weir.rules.LiveRules} keeps them up to date while a node runs, {@link
 * dev.weir.rules.Explanation} says what a request would get.
 *
 * <p>A room of its own because {@code policy} is pure: it knows neither files nor their syntax.
 * Depends on {@code policy}, {@code http}, {@code entry} and, to refuse certificates that cannot be
 * used, {@code tls} only.
 */
@NullMarked
package dev.weir.rules;

import org.jspecify.annotations.NullMarked;
