package dev.weir.policy;

import dev.weir.http.RequestHead;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The rules in the order they are tried: URL prefixes first, the longest before the shorter,
 * wherever they stood; then all others as listed. The first that matches decides; without one the
 * default policy does.
 */
public final class PolicyTable {
  private final Matcher[] matchers;
  private final Resolution[] resolutions;
  private final Resolution otherwise;

  public PolicyTable(List<Rule> rules, Policy defaultPolicy) {
    List<Rule> prefixes = new ArrayList<>();
    List<Rule> ordered = new ArrayList<>();
    for (Rule rule : rules) {
      (rule.matcher() instanceof Matcher.UrlPrefix ? prefixes : ordered).add(rule);
    }
    prefixes.sort(Comparator.comparingInt(PolicyTable::prefixLength).reversed());
    ordered.addAll(0, prefixes);
    matchers = ordered.stream().map(Rule::matcher).toArray(Matcher[]::new);
    resolutions = ordered.stream().map(Resolution::of).toArray(Resolution[]::new);
    otherwise = Resolution.byDefault(defaultPolicy);
  }

  /** The default rules before the given default policy. */
  public static PolicyTable defaults(Policy defaultPolicy) {
    return new PolicyTable(DefaultRules.list(), defaultPolicy);
  }

  public Resolution resolve(RequestHead request) {
    return resolve(Subject.of(request));
  }

  /** For people who ask what an absolute URL would get. */
  public Resolution resolve(String url) {
    return resolve(Subject.of(url));
  }

  private Resolution resolve(Subject subject) {
    for (int i = 0; i < matchers.length; i++) {
      if (matchers[i].matches(subject)) {
        return resolutions[i];
      }
    }
    return otherwise;
  }

  private static int prefixLength(Rule rule) {
    return rule.matcher() instanceof Matcher.UrlPrefix prefix ? prefix.text().length() : 0;
  }
}
