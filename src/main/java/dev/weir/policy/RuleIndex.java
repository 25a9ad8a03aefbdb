package dev.weir.policy;

import dev.weir.policy.Anchor.Contains;
import dev.weir.policy.Anchor.HostBelow;
import dev.weir.policy.Anchor.HostIs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the few of many matchers that have a chance for a URL: by host, by domain, by a text that
 * the URL must contain. Those that cannot be filed under anything are always among them. Immutable.
 */
final class RuleIndex {
  private static final int[] NONE = {};

  private final Map<String, int[]> byHost = new HashMap<>();
  private final Map<String, int[]> byDomain = new HashMap<>();
  private final GramIndex byText;
  private final int[] always;

  RuleIndex(List<Matcher> matchers) {
    List<GramIndex.Filed> texts = new ArrayList<>();
    int[] everywhere = NONE;
    for (int i = 0; i < matchers.size(); i++) {
      Anchor anchor = matchers.get(i).anchor();
      if (anchor.isAlways()) {
        everywhere = plus(everywhere, i);
      }
      for (Anchor.Atom atom : anchor.anyOf()) {
        int number = i;
        switch (atom) {
          case HostIs(String host) ->
              byHost.compute(host, (name, some) -> plus(some == null ? NONE : some, number));
          case HostBelow(String domain) ->
              byDomain.compute(domain, (name, some) -> plus(some == null ? NONE : some, number));
          case Contains(String text) -> texts.add(new GramIndex.Filed(text, number));
        }
      }
    }
    byText = new GramIndex(texts);
    always = everywhere;
  }

  private static int[] plus(int[] some, int more) {
    int[] all = Arrays.copyOf(some, some.length + 1);
    all[some.length] = more;
    return all;
  }

  /** The numbers of those with a chance, in ascending order. */
  int[] candidates(Subject subject) {
    IntSet found = new IntSet(always);
    String host = subject.host();
    if (!byHost.isEmpty()) {
      addAll(byHost.get(host), found);
    }
    if (!byDomain.isEmpty()) {
      for (int at = 0; at >= 0; at = host.indexOf('.', at) + 1) {
        addAll(byDomain.get(host.substring(at)), found);
        if (host.indexOf('.', at) < 0) {
          break;
        }
      }
    }
    byText.find(subject.lowerUrl(), found);
    return found.ascending();
  }

  private static void addAll(int @Nullable [] some, IntSet found) {
    if (some != null) {
      for (int number : some) {
        found.add(number);
      }
    }
  }
}
