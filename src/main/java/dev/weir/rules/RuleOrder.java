package dev.weir.rules;

import dev.weir.policy.Rule;
import dev.weir.rules.RuleFile.Named;
import dev.weir.rules.RuleFile.Placed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts the rules of all files and the built-in ones in order. A name is used once, but by a rule
 * that replaces another.
 */
final class RuleOrder {
  private final List<Rule> rules = new ArrayList<>();

  /** What was last put behind a rule: several that ask for the same place keep their order. */
  private final Map<String, String> lastAfter = new HashMap<>();

  RuleOrder(List<RuleFile> files, RuleFile builtIn) {
    boolean withBuiltIn = files.stream().allMatch(RuleFile::builtIn);
    files.forEach(
        file -> file.rules().stream().filter(RuleOrder::isFirst).forEach(p -> rules.add(p.rule())));
    if (withBuiltIn) {
      builtIn.rules().forEach(placed -> rules.add(placed.rule()));
    }
    files.forEach(file -> file.removed().forEach(named -> rules.remove(find(named))));
    for (RuleFile file : files) {
      file.rules().stream().filter(placed -> !isFirst(placed)).forEach(this::place);
    }
    refuseTwins(files);
  }

  List<Rule> rules() {
    return rules;
  }

  private static boolean isFirst(Placed placed) {
    return placed.before() == null && placed.after() == null && !placed.replaces();
  }

  private void place(Placed placed) {
    Rule rule = placed.rule();
    Named before = placed.before();
    Named after = placed.after();
    if (placed.replaces()) {
      rules.set(find(placed.self()), rule);
    } else if (before != null) {
      rules.add(find(before), rule);
    } else if (after != null) {
      String last = lastAfter.getOrDefault(after.name(), after.name());
      rules.add(find(new Named(last, after.at())) + 1, rule);
      lastAfter.put(after.name(), rule.name());
    }
  }

  private int find(Named named) {
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).name().equals(named.name())) {
        return i;
      }
    }
    @Nullable String near = Nearest.to(named.name(), rules.stream().map(Rule::name).toList());
    throw named
        .at()
        .bad("the name of a rule" + (near == null ? "" : " (did you mean '" + near + "'?)"));
  }

  private void refuseTwins(List<RuleFile> files) {
    Set<String> names = new HashSet<>();
    Set<String> twins = new HashSet<>();
    rules.forEach(rule -> (names.add(rule.name()) ? names : twins).add(rule.name()));
    for (RuleFile file : files) {
      for (Placed placed : file.rules()) {
        if (twins.contains(placed.rule().name())) {
          throw placed
              .self()
              .at()
              .bad("a name of its own (or `replace = on` to take that rule's place)");
        }
      }
    }
  }
}
