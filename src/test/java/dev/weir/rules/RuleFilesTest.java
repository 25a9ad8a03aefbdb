package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Headers;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Effect;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.policy.Rule;
import dev.weir.policy.RuleTimeouts;
import dev.weir.policy.Subject;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuleFilesTest {
  @TempDir Path folder;

  @Test
  void theBuiltInRulesKeepTheirOwnTests() {
    RuleBook book = RuleFiles.load(List.of(), Policy.STANDARD);
    assertThat(book.tests()).isNotEmpty();
    assertThat(book.failures()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "host = a.example | https://a.example/x | https://b.a.example/x",
        "host = A.Example | https://a.example:8443/x | https://a.example.evil/x",
        "host = [a.example, b.example] | https://b.example/x | https://c.example/x",
        "host = \"::1\" | http://[::1]:8080/x | http://[::2]/x",
        "host-suffix = a.example | https://b.a.example/ | https://ba.example/",
        "host-suffix = .a.example | https://a.example/ | https://xa.example/",
        "host-prefix = dl | https://dl.a.example/ | https://a.dl.example/",
        "host-contains = mirror | https://x.mirror.example/ | https://x.example/mirror",
        "host-contains = mirror, not { host-contains = private } | https://mirror.example/"
            + " | https://private.mirror.example/",
        "path = /a | https://h.example/a?q | https://h.example/a/b",
        "path-prefix = /A/ | https://h.example/a/b | https://h.example/b?x=/a/",
        "path-suffix = .iso | https://h.example/x.ISO?a=1 | https://h.example/x?f=.iso",
        "path-contains = /pool/ | https://h.example/x/pool/y | https://h.example/?/pool/",
        "path-glob = \"/*/x?.bin\" | https://h.example/a/b/x1.bin | https://h.example/a/x12.bin",
        "url = \"https://h.example/a?b\" | https://h.example/a?b | https://h.example/a?bc",
        "url-prefix = \"https://h.example/a\" | https://h.example/ab | http://h.example/a",
        "url-suffix = \"?raw\" | https://h.example/a?raw | https://h.example/raw",
        "url-contains = token | https://h.example/a?Token=1 | https://h.example/a",
        "url-glob = \"https://*.example/*.zip\" | https://x.example/y.zip |"
            + " https://x.example/y.zip?",
        "url-regex = \"/v[0-9]+/file\\\\.bin$\" | https://h.example/v12/file.bin"
            + " | https://h.example/v12/fileXbin",
        "shape = go-module | https://h.example/m/@v/v1.2.3.zip | https://h.example/m/@v/list",
        "any = [{ host = a.example }, { path = /b }] | https://h.example/b | https://h.example/c",
        "all = [{ host = a.example }, { path = /b }] | https://a.example/b | https://a.example/c"
      })
  void matchers(String match, String yes, String no) {
    PolicyTable table =
        table("rules = [{ name = r, match { " + match + " }, policy = NoRefresh }]");
    assertThat(table.resolve(yes).ruleName()).isEqualTo("r");
    assertThat(table.resolve(no).ruleName()).isNotEqualTo("r");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "method = [PUT, POST] | PUT | X-A: b | 192.0.2.1 | 8080 | true",
        "method = [PUT, POST] | GET | X-A: b | 192.0.2.1 | 8080 | false",
        "header { x-a = \"B*\" } | GET | X-A: bc | 192.0.2.1 | 8080 | true",
        "header { x-a = \"B*\" } | GET | X-A: cb | 192.0.2.1 | 8080 | false",
        "header { x-a = \"*\" } | GET | X-B: b | 192.0.2.1 | 8080 | false",
        "client = 192.0.2.0/24 | GET | X-A: b | 192.0.2.1 | 8080 | true",
        "client = 192.0.2.0/24 | GET | X-A: b | 192.0.3.1 | 8080 | false",
        "client = [\"2001:db8::/32\", 10.0.0.0/8] | GET | X-A: b | 2001:db8::9 | 8080 | true",
        "listener = [8443, 8080] | GET | X-A: b | 192.0.2.1 | 8080 | true",
        "listener = 8443 | GET | X-A: b | 192.0.2.1 | 8080 | false"
      })
  void matchersOfTheRestOfTheRequest(
      String match, String method, String field, String client, int listener, boolean matches) {
    // Given
    PolicyTable table =
        table("rules = [{ name = r, match { " + match + " }, policy = NoRefresh }]");
    String[] parts = field.split(": ", 2);

    // When
    Resolution said =
        table.resolve(
            Subject.of(
                Explanation.request(method, "https://h.example/x", Headers.of(parts[0], parts[1])),
                new Caller(InetAddress.ofLiteral(client), listener)));

    // Then
    assertThat(said.ruleName().equals("r")).isEqualTo(matches);
  }

  @Test
  void effectsAreRead() {
    // When
    Resolution said =
        table(
                """
                rules = [{
                  name = all
                  match { host = h.example }
                  policy = staleiferror
                  stale-while-revalidate = 2h
                  unchanging-for = 7d
                  timeouts { connect = 5, read = 500ms, total = 0 }
                  trust-signatures = on
                  signing-parameters = [Ticket]
                }]
                """)
            .resolve("https://h.example/");

    // Then
    assertThat(said.policy()).isEqualTo(Policy.STALE_IF_ERROR);
    assertThat(said.forcedStaleWhileRevalidateMillis()).isEqualTo(7_200_000);
    assertThat(said.freshnessOverrideMillis()).isEqualTo(7 * 86_400_000L);
    assertThat(said.timeouts()).isEqualTo(new RuleTimeouts(5000, 500, 0));
    assertThat(said.trustSignatures()).isTrue();
    assertThat(
            CacheKeys.of(
                    Explanation.request(
                        "GET", "https://h.example/a?ticket=1&x=2", dev.weir.http.Headers.EMPTY),
                    "",
                    said.effects())
                .keyUrl())
        .isEqualTo("https://h.example/a?x=2");
  }

  @Test
  void aRuleThatLetsTheSearchGoOnDecidesWhatItHasEffectsFor() {
    // Given
    PolicyTable table =
        table(
            """
            default-policy = NoRefresh
            rules = [
              { name = slow, match { host = h.example }, continue = on, timeouts { read = 600 } }
              { name = zip, match { path-suffix = .zip }, policy = NoCache, timeouts { read = 1 } }
            ]
            """);

    // Then
    Resolution both = table.resolve("https://h.example/a.zip");
    assertThat(both.ruleName()).isEqualTo("zip");
    assertThat(both.before()).containsExactly("slow");
    assertThat(both.policy()).isEqualTo(Policy.NO_CACHE);
    assertThat(both.timeouts().readMillis()).isEqualTo(600_000);
    Resolution first = table.resolve("https://h.example/a");
    assertThat(first.ruleName()).isEqualTo("default");
    assertThat(first.policy()).isEqualTo(Policy.NO_REFRESH);
    assertThat(first.timeouts().readMillis()).isEqualTo(600_000);
  }

  @Test
  void ownRulesGoFirstInTheirOrderOthersWhereTheyAskToBe() throws Exception {
    // Given
    Path one =
        file(
            "one.conf",
            """
            rules = [
              { name = a, match { host = a.example }, policy = NoCache }
              { name = b, match { host = a.example }, policy = NoCache }
              { name = late-1, after = amazonaws, match { host = c.example }, policy = NoCache }
              { name = late-2, after = amazonaws, match { host = c.example }, policy = NoCache }
            ]
            remove = [metadata-azure]
            """);
    Path two =
        file(
            "two.conf",
            """
            rules = [
              { name = c, match { host = a.example }, policy = NoCache }
              { name = between, before = b, match { host = a.example }, policy = NoCache }
              { name = python-index, replace = on, match { host = p.example }, policy = Standard }
            ]
            """);

    // When
    List<String> names = names(RuleFiles.load(List.of(one, two), Policy.STANDARD).table());

    // Then
    assertThat(names)
        .startsWith("a", "between", "b", "c", "onboarding-host")
        .containsSubsequence("python-files", "python-index", "amazonaws", "late-1", "late-2")
        .doesNotContain("metadata-azure")
        .doesNotHaveDuplicates();
    assertThat(RuleFiles.load(List.of(folder), Policy.STANDARD).table().rules())
        .extracting(Rule::name)
        .isEqualTo(names);
  }

  @Test
  void theBuiltInRulesCanBeLeftOut() {
    assertThat(
            names(
                table(
                    "built-in = off, rules = [{ name = a, match { host = a }, policy = NoCache"
                        + " }]")))
        .containsExactly("a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rules = [{ match { host = a }, policy = NoCache }] | 1: a rule: expected a key 'name'",
        "rules = [{ name = x, policy = NoCache }] | rule 'x': expected a key 'match'",
        "rules = [{ name = x, match { host = a } }] | rule 'x': expected a policy or another"
            + " effect",
        "rules = [{ name = x, match { }, policy = NoCache }] | expected something to match",
        "rules = [{ name = x, match { hots = a }, policy = NoCache }] | did you mean 'host'?",
        "rules = [{ name = x, match { host = a }, polcy = NoCache }] | did you mean 'policy'?",
        "rules = [{ name = x, match { host = a }, policy = Never }] | expected one of NoRefresh",
        "rules = [{ name = x, match { host = \"a/b\" }, policy = NoCache }] | expected a host name",
        "rules = [{ name = x, match { host = \"a:80\" }, policy = NoCache }] | without scheme,"
            + " port",
        "rules = [{ name = x, match { client = wlan }, policy = NoCache }] | expected a network",
        "rules = [{ name = x, match { url-regex = \"(\" }, policy = NoCache }] | regular"
            + " expression",
        "rules = [{ name = x, match { shape = rpm }, policy = NoCache }] | one of npm-tarball",
        "rules = [{ name = x, match { host = a }, timeouts { read = soon } }] | expected a"
            + " duration",
        "rules = [{ name = x, match { host = a }, timeouts { read = 99999999d } }] | expected a"
            + " duration",
        "rules = [{ name = x, match { host = a }, max-object = 999999999999999T }] | expected a"
            + " size",
        "rules = [{ name = x, match { host = a }, timeouts { idle = 3 } }] | unknown key 'idle'",
        "rules = [{ name = x, match { host = a }, deny = 200 }] | a number from 400 to 599",
        "rules = [{ name = x, match { host = a }, key { query = keep } }] | expected drop",
        "rules = [{ name = x, match { host = a }, key { site = \"m.example\" } }] | expected a"
            + " site",
        "rules = [{ name = x, match { host = a }, key { rewrite { find = a, to = \"$2\" } } }] |"
            + " expected a replacement",
        "rules = [{ name = default, match { host = a }, deny = on }] | letters, digits",
        "rules = [{ name = amazonaws, match { host = a }, deny = on }] | a name of its own",
        "rules = [{ name = x, before = amazonas, match { host = a }, deny = on }] | did you mean"
            + " 'amazonaws'?",
        "remove = [nothing] | expected the name of a rule",
        "rule = [] | did you mean 'rules'?",
        "include \"other.conf\" | `include` is not followed",
        "tests = [{ url = \"ftp://x\", expect { rule = x } }] | expected an absolute http",
        "tests = [{ url = \"http://x/\", expect { polisy = x } }] | did you mean 'policy'?",
        "rules = [ | rules.conf"
      })
  void errorsNameFilePlaceRuleAndWhatWasExpected(String both) {
    String file = both.substring(0, both.indexOf(" | ") < 0 ? 0 : both.lastIndexOf(" |"));
    String message = both.substring(both.lastIndexOf(" |") + 2).strip();
    assertThatThrownBy(() -> table(file))
        .isInstanceOf(RuleFileException.class)
        .hasMessageContaining("rules.conf")
        .hasMessageContaining(message);
  }

  @Test
  void anErrorNamesItsLine() {
    assertThatThrownBy(
            () ->
                table(
                    """
                    rules = [
                      { name = fine, match { host = a }, policy = NoCache }
                      {
                        name = broken
                        match { host = b }
                        policy = Nonsense
                      }
                    ]
                    """))
        .hasMessageContaining("rules.conf:6: rule 'broken', key 'policy': expected one of")
        .hasMessageContaining("got \"Nonsense\"");
  }

  @Test
  void aFilesOwnTestsSayWhatDiffers() throws Exception {
    RuleBook book =
        RuleFiles.load(
            List.of(
                file(
                    "t.conf",
                    """
                    rules = [{ name = office, match { client = 10.0.0.0/8 }, deny = on }]
                    tests = [
                      { url = "https://a.example/", client = 10.1.2.3, expect { denied = true } }
                      { url = "https://a.example/", client = 11.1.2.3, expect { denied = true } }
                      { url = "https://a.example/x.deb", expect { rule = debian } }
                    ]
                    """)),
            Policy.STANDARD);
    assertThat(book.failures())
        .hasSize(2)
        .anySatisfy(line -> assertThat(line).contains("t.conf:4", "denied 'true', got 'false'"))
        .anySatisfy(line -> assertThat(line).contains("rule 'debian', got 'debian-package'"));
    assertThat(book.wrongTests()).isEqualTo(2);
  }

  @Test
  void whatARuleDeniesIsAmongItsEffects() {
    Resolution said =
        table("rules = [{ name = x, match { host = a.example }, deny = 451 }]")
            .resolve("http://a.example/");
    assertThat(said.effects().get(Effect.DENY)).isEqualTo(451);
  }

  private PolicyTable table(String text) {
    try {
      return RuleFiles.load(List.of(file("rules.conf", text)), Policy.STANDARD).table();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static List<String> names(PolicyTable table) {
    return table.rules().stream().map(Rule::name).toList();
  }
}
