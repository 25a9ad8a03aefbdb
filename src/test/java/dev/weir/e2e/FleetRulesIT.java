package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes that read the same rule file, and never look at it by themselves. */
@Tag("cluster")
class FleetRulesIT {
  @TempDir private Path folder;

  @Test
  void whatOneNodeIsToldToReadAgainTheOthersReadToo() throws Exception {
    // Given
    Path rules = folder.resolve("rules.conf");
    Files.writeString(rules, rule("NoCache"));
    try (TestFleet fleet =
        TestFleet.here(
            folder,
            2,
            TestFleet.UNSHARED + TestFleet.PATIENT + "weir.node.policy-look = 1h\n",
            "--policy-file=" + rules)) {
      String before = status(fleet, 1);
      Files.writeString(rules, rule("NoRefresh"));

      // When
      Command.Ended reload = WeirProcess.run("policy", "reload", admin(fleet, 0));

      // Then
      assertThat(reload.exitCode()).isZero();
      assertThat(before).contains(", rules 1-");
      Eventually.holds(() -> status(fleet, 1).contains(", rules 2-"));
      assertThat(rulesOf(status(fleet, 1))).isEqualTo(rulesOf(status(fleet, 0)));
    }
  }

  private static String rule(String policy) {
    return "rules = [ { name = one, match { host = a.example }, policy = " + policy + " } ]\n";
  }

  private static String status(TestFleet fleet, int index) throws Exception {
    return WeirProcess.run("cluster", "status", admin(fleet, index)).out();
  }

  private static String rulesOf(String status) {
    return status.lines().findFirst().orElseThrow().replaceFirst(".*, rules ", "");
  }

  private static String admin(TestFleet fleet, int index) {
    return "--admin=http://127.0.0.1:" + fleet.node(index).healthPort();
  }
}
