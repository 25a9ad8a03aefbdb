package dev.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.Matcher.Contains;
import dev.weir.policy.Matcher.Part;
import dev.weir.policy.Matcher.UrlPrefix;
import dev.weir.policy.Matcher.UrlRegex;
import dev.weir.rules.RuleFiles;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyTableTest {
  private static final PolicyTable DEFAULTS = RuleFiles.defaults(Policy.STANDARD);

  /** DNS knows no difference between the two names, so there must be none that rules make. */
  @ParameterizedTest
  @CsvSource({
    "b.s3.amazonaws.com., /x, NoCache",
    "metadata.google.internal., /, NoCache",
    "mitm.it., /proxy-env, NoCache",
    "metadata.azure.internal., /, NoCache",
  })
  void aDotBehindTheHostSlipsByNoRule(String host, String target, String label) {
    // Given
    RequestHead request =
        new RequestHead("GET", "http", new Authority(host, 80), target, Headers.EMPTY);

    // When // Then
    assertThat(DEFAULTS.resolve(request).policy().label()).isEqualTo(label);
    assertThat(DEFAULTS.resolve("http://" + host + target).policy().label()).isEqualTo(label);
  }

  @ParameterizedTest
  @CsvSource({
    // The rules in order.
    "http://mitm.it/proxy-env, NoCache",
    "https://h.example/x/a.deb, StaleIfError",
    "https://h.example/x/A.DEB, StaleIfError",
    "https://h.example/dists/x/Packages, StaleIfError",
    "https://h.example/dists/x/Packages.gz, StaleIfError",
    "https://h.example/dists/x/Packages.xz, StaleIfError",
    "https://h.example/dists/x/InRelease, StaleIfError",
    "https://h.example/dists/x/Release, Standard",
    "https://h.example/x/by-hash/SHA256/0af, StaleIfError",
    "https://h.example/x/by-hash/SHA256/0af/x, Standard",
    "https://files.pythonhosted.org/packages/x.whl, StaleIfError",
    "https://pypi.org/simple/x/, StaleIfError",
    "https://pypi.org/pypi/x/json, Standard",
    "http://169.254.169.254/latest/meta-data, NoCache",
    "http://169.254.170.2/v2/credentials, NoCache",
    "http://100.100.100.200/, NoCache",
    "http://metadata.azure.internal/, NoCache",
    "http://metadata.google.internal/, NoCache",
    "https://b.s3.amazonaws.com/x, NoCache",
    "https://d.codeartifact.r.amazonaws.com/x, Standard",
    "https://mran.microsoft.com/snapshot/2020/x, StaleIfError",
    "https://h.example/, Standard",
    // V13 but for its first, which the shape of a pool path overrules.
    "https://h.example/debian/pool/a.deb?x=1, StaleIfError",
    "https://amazonaws.com.evil.org/a.deb, StaleIfError",
    "https://h/q?u=files.pythonhosted.org, Standard",
    // A query borrows no other site's rule.
    "https://h.example/q?u=https://pypi.org/simple/x, Standard",
    "https://h.example/q?u=http://mitm.it/, Standard",
    // Order: the seeds' suffix rules before the denying hosts, shapes never against them.
    "https://b.s3.amazonaws.com/x/a.deb, StaleIfError",
    "https://b.s3.amazonaws.com/x/-/x-1.0.0.tgz, NoCache",
    "http://169.254.169.254/debian/pool/a.dsc, NoCache"
  })
  void defaultRules(String url, String label) {
    assertThat(DEFAULTS.resolve(url).policy().label()).isEqualTo(label);
    assertThat(DEFAULTS.resolve(request(url))).isEqualTo(DEFAULTS.resolve(url));
  }

  @Test
  void thePythonIndexHasADaysForcedWindow() {
    Resolution resolution = DEFAULTS.resolve("https://pypi.org/simple/x/");
    assertThat(resolution.forcedStaleWhileRevalidateMillis()).isEqualTo(86_400_000L);
    assertThat(resolution.freshnessOverrideMillis()).isZero();
  }

  @Test
  void whatNeverChangesHasAFreshnessOverrideOnTopOfItsPolicy() {
    Resolution resolution = DEFAULTS.resolve("https://h.example/left-pad/-/left-pad-1.3.0.tgz");
    assertThat(resolution.policy()).isEqualTo(Policy.STALE_IF_ERROR);
    assertThat(resolution.freshnessOverrideMillis()).isEqualTo(365 * 86_400_000L);
    assertThat(resolution.ruleName()).isEqualTo("immutable-npm-tarball");
  }

  @Test
  void prefixesGoFirstTheLongestBeforeTheShorter() {
    // Given
    PolicyTable table =
        new PolicyTable(
            List.of(
                Rule.of("suffix", new Matcher.Suffix(Matcher.Part.URL, ".bin"), Policy.NO_CACHE),
                Rule.of("short", new UrlPrefix("https://H.example/"), Policy.STANDARD),
                Rule.of("long", new UrlPrefix("https://h.example/a/"), Policy.NO_REFRESH)),
            Policy.ALWAYS_UPSTREAM);
    // Then
    assertThat(table.resolve("https://h.example/a/x.bin").ruleName()).isEqualTo("long");
    assertThat(table.resolve("https://h.example/b/x.bin").ruleName()).isEqualTo("short");
    assertThat(table.resolve("https://i.example/x.bin").ruleName()).isEqualTo("suffix");
    assertThat(table.resolve("https://i.example/x").policy()).isEqualTo(Policy.ALWAYS_UPSTREAM);
  }

  @Test
  void theWholeUrlCountsForSuffixAndContains() {
    PolicyTable table =
        new PolicyTable(
            List.of(
                Rule.of(
                    "contains", new Matcher.Contains(Matcher.Part.URL, "?TOKEN="), Policy.NO_CACHE),
                Rule.of("suffix", new Matcher.Suffix(Matcher.Part.URL, ".deb"), Policy.NO_REFRESH),
                Rule.of(
                    "host",
                    new Matcher.All(
                        List.of(
                            new Contains(Part.HOST, "mirror"),
                            new Matcher.Not(new Contains(Part.HOST, "private")))),
                    Policy.STALE_IF_ERROR)),
            Policy.STANDARD);
    assertThat(table.resolve("https://h/x?token=1").ruleName()).isEqualTo("contains");
    assertThat(table.resolve("https://h/x?f=a.deb").ruleName()).isEqualTo("suffix");
    assertThat(table.resolve("https://mirror.h/x").ruleName()).isEqualTo("host");
    assertThat(table.resolve("https://private.mirror.h/x").ruleName()).isEqualTo("default");
    assertThat(table.resolve("https://h/mirror").ruleName()).isEqualTo("default");
  }

  @Test
  void anExpressionThatWouldRunForEverIsNoMatch() {
    PolicyTable table =
        new PolicyTable(
            List.of(Rule.of("evil", UrlRegex.of("(a+)+(b+)+(c+)+!"), Policy.NO_CACHE)),
            Policy.STANDARD);
    String url = "https://h.example/" + "a".repeat(2000) + "b".repeat(2000) + "c".repeat(2000);
    assertThat(table.resolve(url).policy()).isEqualTo(Policy.STANDARD);
  }

  @Test
  void policyNamesKnowNoCase() {
    for (Policy policy : Policy.values()) {
      assertThat(Policy.named(policy.label().toUpperCase(Locale.ROOT))).hasValue(policy);
    }
    assertThat(Policy.named("Other")).isEmpty();
  }

  @Test
  void theClientsFieldIsReadUnderBothNames() {
    assertThat(PolicyHeader.requested(Headers.of("x-weir-policy", "norefresh")))
        .hasValue(Policy.NO_REFRESH);
    assertThat(PolicyHeader.requested(Headers.of("X-Passsage-Policy", "AlwaysUpstream")))
        .hasValue(Policy.ALWAYS_UPSTREAM);
    assertThat(PolicyHeader.requested(Headers.of("X-Weir-Policy", "nonsense"))).isEmpty();
    assertThat(PolicyHeader.strip(Headers.of("X-Weir-Policy", "x", "A", "b")))
        .isEqualTo(Headers.of("A", "b"));
  }

  private static RequestHead request(String url) {
    String scheme = url.substring(0, url.indexOf(':'));
    String rest = url.substring(url.indexOf("://") + 3);
    int slash = rest.indexOf('/');
    Authority authority = new Authority(rest.substring(0, slash), Authority.defaultPort(scheme));
    return new RequestHead("GET", scheme, authority, rest.substring(slash), Headers.EMPTY);
  }
}
