package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKey;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.policy.Subject;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuleExpressionTest {
  private static final String URL = "https://a.example:8443/Dir/x.bin?v=2&w=%2F";

  @TempDir Path folder;

  private PolicyTable table(String rules) throws Exception {
    Path file = Files.writeString(folder.resolve("rules.conf"), "rules = [\n" + rules + "\n]");
    return RuleFiles.load(List.of(file), Policy.STANDARD).table();
  }

  private Resolution said(String rules, RequestHead request) throws Exception {
    Caller caller = new Caller(InetAddress.ofLiteral("10.1.2.3"), 3128);
    return table(rules).resolve(Subject.of(request, caller));
  }

  private static RequestHead get(String url, String... fields) {
    return Explanation.request("GET", url, Headers.of(fields));
  }

  private static String when(String condition) {
    return "{ name = one, when = \"\"\"" + condition + "\"\"\", policy = NoRefresh }";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "request.method == 'GET' && request.scheme == 'https'",
        "request.host == 'a.example' && request.port == 8443",
        "request.path == '/Dir/x.bin' && request.query == 'v=2&w=%2F'",
        "request.url.endsWith('w=%2F') && request.url.startsWith('https://a.example:8443/')",
        "'user-agent' in request.headers && request.headers['user-agent'].contains('curl')",
        "request.headers.accept == 'text/html, */*'",
        "!has(request.headers.cookie)",
        "client.address.startsWith('10.1.') && client.listener == 3128",
        "request.path.matches('^/D.*[.]bin$')",
        "['/Dir/', '/dir/'].exists(prefix, request.path.startsWith(prefix))",
        "request.query.split('&').size() == 2"
      })
  void whatIsTrueOfTheRequestMatches(String condition) throws Exception {
    RequestHead request = get(URL, "User-Agent", "curl/8", "Accept", "text/html", "ACCEPT", "*/*");
    assertThat(said(when(condition), request).ruleName()).isEqualTo("one");
  }

  @ParameterizedTest
  @CsvSource({
    "http://a.example/x, 80",
    "https://a.example/x, 443",
    "https://[::1]/x, 443",
    "https://[::1]:99/x, 99"
  })
  void thePortIsTheSchemesOwnWhereNoneIsGiven(String url, int port) throws Exception {
    assertThat(said(when("request.port == " + port), get(url)).ruleName()).isEqualTo("one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "request.headers.absent == 'x'",
        "request.headers['absent'].size() > 0",
        "1 / (request.path.size() - request.path.size()) == 0",
        "int(request.query) > 0"
      })
  void whatFailsCountsAsNoMatchAndIsCounted(String condition) throws Exception {
    // Given
    long before = RuleExpression.failures();
    // When
    Resolution said = said(when(condition), get(URL));
    // Then
    assertThat(said.ruleName()).isEqualTo("default");
    assertThat(RuleExpression.failures()).isGreaterThan(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Loops in loops, and a text that grows and grows; what they are or-ed with does not help.
        "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b,"
            + " [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, a + b + c + d > 0))))",
        "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b,"
            + " [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, a + b + c + d > 0))))"
            + " || true",
        "request.path.replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')"
            + ".replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')"
            + ".replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')"
            + " != '' || true"
      })
  void whatCostsTooMuchCountsAsNoMatch(String condition) throws Exception {
    long before = RuleExpression.failures();
    assertThat(said(when(condition), get(URL)).ruleName()).isEqualTo("default");
    assertThat(RuleExpression.failures()).isGreaterThan(before);
  }

  @ParameterizedTest
  @CsvSource({"3, 1000, 1048576", "5000, 1, 1048576", "5000, 1000, 3", "5000, 1000, 1048576"})
  void limitsAreSettings(int maxSteps, int maxRounds, long maxChars) throws Exception {
    // Given
    String condition = "['x', 'y', 'z'].all(one, request.path + one != '')";
    Path file = Files.writeString(folder.resolve("r.conf"), "rules = [" + when(condition) + "]");
    RulesSettings limits =
        new RulesSettings(maxSteps, maxRounds, maxChars, RulesSettings.usual().command());
    // When
    PolicyTable table = RuleFiles.load(List.of(file), Policy.STANDARD, limits).table();
    // Then
    String said = table.resolve(Subject.of(get(URL), Caller.NOBODY)).ruleName();
    assertThat(said).isEqualTo(limits.equals(RulesSettings.usual()) ? "one" : "default");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "when = \"request.methd == 'GET'\" | undeclared reference to 'request'; there are client",
        "when = \"request.path\" | it gives a string, not a bool",
        "when = \"request.path + 1 == ''\" | 1:14: found no matching overload for '_+_'",
        "when = \"request.path ==\" | a condition in CEL (1:16",
        "when = \"request.path.matches('(')\" | Regex validation failed",
        "policy-expression = \"true\" | it gives a bool, not a string",
        "key-expression = \"request.port\" | it gives a int, not a string",
        "key-expression = \"response.headers.etag\" | request and client alone",
        "policy-expression = \"'NoCache'\", policy = NoCache | either policy or policy-expression",
        "when = \"response.status == 200\", policy = NoCache | store, freshness and"
            + " negative-caching"
      })
  void whatIsWrongIsToldByFileLineAndRule(String wrong, String expected) throws Exception {
    String rule = "{ name = bad\n" + wrong + "\nmatch { host = a.example }\n}";
    if (!wrong.contains("-expression") && !wrong.contains("policy =")) {
      rule = rule.replace("name = bad", "name = bad, policy = NoCache");
    }
    String text = rule;
    assertThatThrownBy(() -> table(text))
        .isInstanceOf(RuleFileException.class)
        .hasMessageContaining("rules.conf:")
        .hasMessageContaining("rule 'bad'")
        .hasMessageContaining(expected);
  }

  @Test
  void aPolicyIsWorkedOutAndWithoutOneTheNextRuleIsAsked() throws Exception {
    // Given
    String rules =
        """
        { name = worked
          match { host = a.example }
          policy-expression = \"""
            request.path.startsWith('/live/') ? 'NoCache'
              : request.path.startsWith('/odd/') ? 'Nonsense'
              : request.path.startsWith('/kept/') ? 'norefresh' : ''\"""
          timeouts { read = 9s } }
        { name = next, match { host = a.example }, policy = AlwaysValidate }
        """;

    // Then
    assertThat(said(rules, get("https://a.example/live/x")).policy()).isEqualTo(Policy.NO_CACHE);
    Resolution kept = said(rules, get("https://a.example/kept/x"));
    assertThat(kept.policy()).isEqualTo(Policy.NO_REFRESH);
    assertThat(kept.timeouts().readMillis()).isEqualTo(9000);
    assertThat(said(rules, get("https://a.example/else")).ruleName()).isEqualTo("next");
    assertThat(said(rules, get("https://a.example/odd/x")).ruleName()).isEqualTo("next");
  }

  private CacheKey key(String rules, RequestHead request) throws Exception {
    return CacheKeys.of(request, "", said(rules, request).effects());
  }

  private static String keyed(String expression) {
    return "{ name = keyed, policy = Standard, match { url-glob = \"http*\" }, key-expression ="
        + " \"\"\""
        + expression
        + "\"\"\" }";
  }

  @Test
  void aKeyIsWorkedOutBelowItsOrigin() throws Exception {
    String rule = keyed("request.path.lowerAscii() + '?' + request.query");
    assertThat(key(rule, get(URL)).keyUrl())
        .isEqualTo("https://a.example:8443/dir/x.bin?v=2&w=%2F");
    assertThat(key(rule, get("https://b.example/DIR")).keyUrl())
        .isEqualTo("https://b.example/dir?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'x' + request.path",
        "'https://evil.example/'",
        "request.path + '\\nsigned'",
        "request.path + ' '",
        "request.path + 'é'",
        "''"
      })
  void whatIsNoPathMakesNoKeyAndTheRuleDoesNotMatch(String expression) throws Exception {
    assertThat(said(keyed(expression), get(URL)).ruleName()).isEqualTo("default");
  }

  @Test
  void originsNeverShareAKeyWhateverIsMadeOfTheRequest() throws Exception {
    // Given
    PolicyTable table =
        table(keyed("has(request.headers.k) ? request.headers.k : request.path + request.query"));
    Random random = new Random(6);
    String[] sites = {"https://a.example", "http://a.example", "https://a.example:99", "https://b"};
    String[] pieces = {"/", "a", "//b.example", "\\", "@", ":", "..", "%2F", "?", "&", "#", "/b/"};

    for (int i = 0; i < 2000; i++) {
      // When
      StringBuilder text = new StringBuilder("/");
      for (int j = random.nextInt(6); j > 0; j--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      String one = sites[random.nextInt(sites.length)];
      String other = sites[random.nextInt(sites.length)];
      CacheKey key = key(table, get(one + "/x", "K", text.toString()));
      CacheKey same = key(table, get(other + "/y", "K", text.toString()));

      // Then
      assertThat(key.keyUrl()).startsWith(one + "/");
      assertThat(key.primary().equals(same.primary())).as(one + other).isEqualTo(one.equals(other));
    }
  }

  private static CacheKey key(PolicyTable table, RequestHead request) {
    return CacheKeys.of(request, "", table.resolve(request).effects());
  }

  @Test
  void aSignatureStaysOutOfTheKeyAndSetsItApart() throws Exception {
    // Given
    String rule = keyed("request.path + (request.query == '' ? '' : '?' + request.query)");
    // When
    CacheKey signed = key(rule, get("https://a.example/x?X-Amz-Signature=secret&a=1"));
    CacheKey plain = key(rule, get("https://a.example/x?a=1"));
    // Then
    assertThat(signed.keyUrl()).isEqualTo("https://a.example/x?a=1");
    assertThat(signed.signed()).isTrue();
    assertThat(signed.primary()).isNotEqualTo(plain.primary());
  }

  @Test
  void mirrorsShareAKeyByTheirSite() throws Exception {
    String rule =
        keyed("request.path.substring(4)")
            .replace("policy =", "key { site = \"https://all.example\" }, policy =");
    assertThat(key(rule, get("https://a.example/one/x")).primary())
        .isEqualTo(key(rule, get("https://b.example/two/x")).primary());
  }

  @Test
  void aRuleAboutTheResponseIsKeptForLaterAndSaysNothingThatRulesBeforeItHaveSaid()
      throws Exception {
    // Given
    String rules =
        """
        { name = first, continue = on, match { host = a.example }, freshness { min = 1h } }
        { name = late, match { host = a.example }, when = "response.status == 200"
          store = off, freshness { min = 2h } }
        { name = last, match { host = a.example }, policy = NoRefresh }
        { name = unheard, match { host = a.example }, when = "response.status == 200", store = on }
        """;

    // When
    Resolution said = said(rules, get(URL));

    // Then
    assertThat(said.ruleName()).isEqualTo("last");
    assertThat(said.before()).containsExactly("first");
    assertThat(said.late()).hasSize(1);
    assertThat(said.late().getFirst().name()).isEqualTo("late");
    assertThat(said.late().getFirst().effects().toString()).contains("store").doesNotContain("min");
  }

  @Test
  void explainShowsWhatWasWorkedOut() throws Exception {
    // Given
    PolicyTable table =
        table(
            """
            { name = late, match { host = a.example }, when = "response.status >= 500", store = off }
            { name = worked, match { host = a.example }, when = "request.port == 8443"
              policy-expression = "'NoRefresh'", key-expression = "'/one'" }
            """);

    // When
    List<String> said = Explanation.of(table, get(URL), Caller.NOBODY);

    // Then
    assertThat(said)
        .contains(
            "rule      worked",
            "when      worked: request.port == 8443",
            "computed  worked: policy = 'NoRefresh'",
            "computed  worked: key = '/one'",
            "policy    NoRefresh",
            "key       https://a.example:8443/one",
            "response  late: store = false when response.status >= 500");
  }
}
