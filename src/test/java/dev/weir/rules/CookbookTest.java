package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.policy.Caller;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the cookbook says is so. */
class CookbookTest {
  private static final Path COOKBOOK = Path.of("docs/policy-cookbook.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(https?://[^`]+)` \\| `([^`]+)` \\| (\\w+) \\|");
  private static final Pattern BLOCK = Pattern.compile("```hocon\n(.*?)```", Pattern.DOTALL);

  @TempDir Path folder;

  @Test
  void itsUrlsGetWhatItSays() throws Exception {
    // Given
    PolicyTable table = RuleFiles.defaults(Policy.STANDARD);
    Matcher rows = ROW.matcher(Files.readString(COOKBOOK));
    int count = 0;

    while (rows.find()) {
      // When
      List<String> said =
          Explanation.of(
              table, Explanation.request("GET", rows.group(1), Headers.EMPTY), Caller.NOBODY);

      // Then
      assertThat(said)
          .as(rows.group(1))
          .contains("rule      " + rows.group(2), "policy    " + rows.group(3));
      count++;
    }
    assertThat(count).isEqualTo(20);
  }

  @Test
  void itsRulesAreOnesAndItsTestsHold() throws Exception {
    // Given
    Path secret = Files.writeString(folder.resolve("repo"), "user:password\n");
    TestCa ca = new TestCa("Of the site");
    Files.copy(ca.pem(folder), folder.resolve("corp-ca.pem"));
    ca.client(folder, "weir");
    Matcher blocks = BLOCK.matcher(Files.readString(COOKBOOK));
    List<String> rules = new ArrayList<>();
    String whole = "";
    while (blocks.find()) {
      String text = blocks.group(1).replace("/etc/weir/repo", secret.toString());
      if (text.contains("rules = [")) {
        whole = text;
      } else {
        rules.add(text);
      }
    }

    // When
    Path one = Files.writeString(folder.resolve("one.conf"), whole);
    Path two =
        Files.writeString(
            folder.resolve("two.conf"), "rules = [\n" + String.join("\n", rules) + "\n]");
    RuleBook book = RuleFiles.load(List.of(one, two), Policy.STANDARD);

    // Then
    assertThat(rules).hasSizeGreaterThan(7);
    assertThat(book.tests()).hasSize(2);
    assertThat(book.failures()).isEmpty();
  }
}
