package dev.weir.policy;

import dev.weir.http.RequestHead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rules in the order they are tried: URL prefixes first, the longest before the shorter,
 * wherever they stood; then all others as listed. The first that matches decides, and those before
 * it that let the search go on have decided what they had effects for; without one the default
 * policy does. An index picks those with a chance, so thousands of rules cost what a few do.
 *
 * <p>What depends on the URL alone is worked out apart from what depends on the rest of the request
 * ({@link #shortlist}), so that the former can be remembered. Immutable.
 */
public final class PolicyTable {
  private final List<Rule> rules;
  private final Matcher[] matchers;
  private final @Nullable Resolution[] alone;
  private final Resolution otherwise;
  private final Policy defaultPolicy;
  private final RuleIndex index;
  private final String version;

  public PolicyTable(List<Rule> rules, Policy defaultPolicy) {
    this(rules, defaultPolicy, "");
  }

  /**
   * @param version the name of this state of the rules, for people
   */
  public PolicyTable(List<Rule> rules, Policy defaultPolicy, String version) {
    List<Rule> prefixes = new ArrayList<>();
    List<Rule> ordered = new ArrayList<>();
    for (Rule rule : rules) {
      (rule.matcher() instanceof Matcher.UrlPrefix ? prefixes : ordered).add(rule);
    }
    prefixes.sort(Comparator.comparingInt(PolicyTable::prefixLength).reversed());
    ordered.addAll(0, prefixes);
    this.rules = List.copyOf(ordered);
    this.version = version;
    this.defaultPolicy = defaultPolicy;
    matchers = ordered.stream().map(Rule::matcher).toArray(Matcher[]::new);
    otherwise = Resolution.byDefault(defaultPolicy);
    alone =
        ordered.stream()
            .map(rule -> isFixed(rule) ? resolution(List.of(rule), List.of()) : null)
            .toArray(Resolution[]::new);
    index = new RuleIndex(Arrays.asList(matchers));
  }

  /**
   * The rules that a URL leaves in the running, in order, up to the first that is sure to decide.
   */
  public static final class Shortlist {
    private final int[] rules;
    private final boolean sure;

    private Shortlist(int[] rules, boolean sure) {
      this.rules = rules;
      this.sure = sure;
    }

    /** Whether every request for this URL is resolved alike. */
    public boolean isSure() {
      return sure;
    }
  }

  public Shortlist shortlist(Subject subject) {
    int[] kept = index.candidates(subject);
    int size = 0;
    boolean sure = true;
    for (int number : kept) {
      Match match = matchers[number].byUrl(subject);
      if (match == Match.NO) {
        continue;
      }
      Rule rule = rules.get(number);
      kept[size++] = number;
      sure &= match == Match.YES && rule.expressions().isEmpty();
      if (match == Match.YES && isFixed(rule)) {
        break;
      }
    }
    return new Shortlist(Arrays.copyOf(kept, size), sure);
  }

  /** Whether it decides the same for all requests that its matcher takes. */
  private static boolean isFixed(Rule rule) {
    return !rule.goesOn() && rule.expressions().isEmpty();
  }

  /** Resolves a request whose URL the shortlist was made for. */
  public Resolution resolve(Shortlist shortlist, Subject subject) {
    List<Rule> matched = new ArrayList<>(2);
    List<LateRule> late = List.of();
    for (int number : shortlist.rules) {
      if (!shortlist.sure && !matchers[number].matches(subject)) {
        continue;
      }
      Resolution decided = alone[number];
      if (decided != null && matched.isEmpty() && late.isEmpty()) {
        return decided;
      }
      Rule rule = rules.get(number);
      Expressions expressions = rule.expressions();
      if (expressions.asksResponse()) {
        late = late.isEmpty() ? new ArrayList<>(2) : late;
        late.add(late(rule, matched));
        continue;
      }
      Effects effects =
          expressions.isEmpty() ? rule.effects() : expressions.of(subject, rule.effects());
      if (effects == null) {
        continue;
      }
      matched.add(rule.with(effects));
      if (!rule.goesOn()) {
        break;
      }
    }
    return matched.isEmpty() && late.isEmpty() ? otherwise : resolution(matched, late);
  }

  /** What rules before it have decided stays so. */
  private static LateRule late(Rule rule, List<Rule> before) {
    Expression<Boolean> when = Objects.requireNonNull(rule.expressions().when());
    LateRule late = new LateRule(rule.name(), when, rule.effects());
    for (Rule one : before) {
      late = late.behind(one.effects());
    }
    return late;
  }

  public Resolution resolve(Subject subject) {
    return resolve(shortlist(subject), subject);
  }

  public Resolution resolve(RequestHead request) {
    return resolve(Subject.of(request));
  }

  /** For people who ask what an absolute URL would get. */
  public Resolution resolve(String url) {
    return resolve(Subject.of(url));
  }

  /** The rules in the order they are tried. */
  public List<Rule> rules() {
    return rules;
  }

  public Policy defaultPolicy() {
    return defaultPolicy;
  }

  public String version() {
    return version;
  }

  private Resolution resolution(List<Rule> matched, List<LateRule> late) {
    Effects effects = Effects.NONE;
    for (Rule rule : matched) {
      effects = effects.or(rule.effects());
    }
    boolean open = matched.isEmpty() || matched.getLast().goesOn();
    List<String> names = matched.stream().map(Rule::name).toList();
    return new Resolution(
        effects.get(Effect.POLICY, defaultPolicy),
        effects,
        open ? "default" : names.getLast(),
        open ? names : names.subList(0, names.size() - 1),
        late);
  }

  private static int prefixLength(Rule rule) {
    return rule.matcher() instanceof Matcher.UrlPrefix prefix ? prefix.text().length() : 0;
  }
}
