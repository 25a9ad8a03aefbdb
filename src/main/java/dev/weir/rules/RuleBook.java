package dev.weir.rules;

import dev.weir.policy.Mount;
import dev.weir.policy.PolicyTable;
import java.util.ArrayList;
import java.util.List;

/**
 * All rules of a node at one time, ready to be asked.
 *
 * @param mounts of a mirror
 * @param digest of what the files say, for people to compare nodes by
 * @param tests of the rule files
 */
public record RuleBook(PolicyTable table, List<Mount> mounts, String digest, List<RuleTest> tests) {
  public RuleBook {
    mounts = List.copyOf(mounts);
    tests = List.copyOf(tests);
  }

  /** Runs the files' own test cases; one line for each that fails. */
  public List<String> failures() {
    List<String> failures = new ArrayList<>();
    tests.forEach(test -> failures.addAll(test.run(table)));
    return failures;
  }

  /** How many of them fail. */
  public long wrongTests() {
    return tests.stream().filter(test -> !test.run(table).isEmpty()).count();
  }
}
