package dev.weir.policy;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The way by which requests come to the cache, as far as it decides beside the rules: the forward
 * proxy, a mirror, or one mount of it. Equal entrances treat a URL alike, and what is private to
 * one is found through no other.
 *
 * @param name tells entrances apart; empty for the forward proxy
 * @param realm of keys; empty where what is stored is shared with every entrance
 * @param first decided whatever rules say
 * @param last decided where rules leave it open
 * @param fields names in lower case of request fields that go on to origins; null for all
 * @param open whether requests name whatever host they like: then the scheme is for rules to say,
 *     and where they may go is judged before the cache is asked, which others may have filled
 */
public record Entrance(
    String name,
    String realm,
    Effects first,
    Effects last,
    @Nullable Set<String> fields,
    boolean open) {
  /** The forward proxy and the front of one origin: rules alone decide. */
  public static final Entrance PROXY =
      new Entrance("", "", Effects.NONE, Effects.NONE, null, false);

  public Entrance {
    fields =
        fields == null
            ? null
            : fields.stream()
                .map(field -> field.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet());
  }

  /** What is decided for a request of which rules say this. */
  public Resolution decide(Resolution byRules) {
    if (first.equals(Effects.NONE) && last.equals(Effects.NONE)) {
      return byRules;
    }
    Effects all = first.or(byRules.effects()).or(last);
    return new Resolution(
        all.get(Effect.POLICY, byRules.policy()),
        all,
        byRules.ruleName(),
        byRules.before(),
        byRules.late().stream().map(rule -> rule.behind(first)).toList());
  }
}
