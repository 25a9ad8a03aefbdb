package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.Glob;
import dev.weir.policy.Mount;
import dev.weir.policy.Policy;
import dev.weir.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountsTest {
  @TempDir private static Path folder;

  private static List<Mount> mounts(String text) {
    return RuleFile.parse("test.conf", "mounts = [\n" + text + "\n]", RulesSettings.usual())
        .mounts();
  }

  private static Credentials credentials(Mount.Origin origin) {
    return Objects.requireNonNull(origin.credentials());
  }

  @Test
  void aMountIsAPathAndWhereItLeads() {
    // When
    Mount mount =
        mounts(
                """
                { name = py, path = /pypi/, to = "https://Index.example:8443/simple/", policy = NoRefresh,
                  stale-on = [connect], timeouts { connect = 1s } }
                """)
            .getFirst();

    // Then
    assertThat(mount.path()).isEqualTo("/pypi/");
    assertThat(mount.origins().getFirst().url()).isEqualTo("https://index.example:8443/simple/");
    assertThat(mount.origins().getFirst().destination()).isEqualTo("index.example:8443");
    assertThat(mount.effects().get(Effect.POLICY)).isEqualTo(Policy.NO_REFRESH);
    assertThat(mount.effects().decided()).hasSize(3);
    assertThat(mount.goesBeyond(404)).isTrue();
    assertThat(mount.goesBeyond(503)).isFalse();
    assertThat(mount.isPrivate()).isFalse();
  }

  @Test
  void aMountNamesTheDocumentsWhoseLinksLeadInside() {
    // When
    String to = "name = a, path = /a/, to = \"https://a.example/\"";
    List<Mount.Links> links =
        mounts("{ %s, links { text = [\"*.list\", x], html = \"*/\" } }".formatted(to))
            .getFirst()
            .links();

    // Then
    assertThat(links)
        .containsExactly(
            new Mount.Links(Mount.Links.Form.HTML, new Glob("*/")),
            new Mount.Links(Mount.Links.Form.TEXT, new Glob("*.list")),
            new Mount.Links(Mount.Links.Form.TEXT, new Glob("x")));
    assertThatThrownBy(() -> mounts("{ %s, links { yaml = \"*\" } }".formatted(to)))
        .isInstanceOf(RuleFileException.class);
    assertThatThrownBy(() -> mounts("{ %s, links = on }".formatted(to)))
        .isInstanceOf(RuleFileException.class);
  }

  @Test
  void eachOriginHasItsOwnCredentials() throws Exception {
    // Given
    Path shared = Files.writeString(folder.resolve("shared"), "a:b\n");
    Path own = Files.writeString(folder.resolve("own"), "t0ken\n");

    // When
    Mount mount =
        mounts(
                """
                { name = py, path = /py/, credentials { basic = "file:%s" }, private = on
                  to = [ "https://a.example/"
                         { url = "https://b.example/", credentials { bearer = "file:%s" } }
                         { url = "https://c.example/", credentials { header = X-Key, value = "file:%s" } } ] }
                """
                    .formatted(shared, own, own))
            .getFirst();

    // Then
    assertThat(mount.origins())
        .extracting(origin -> credentials(origin).field() + ": " + credentials(origin).value())
        .containsExactly(
            "Authorization: Basic YTpi", "Authorization: Bearer t0ken", "X-Key: t0ken");
    assertThat(mount.toString()).doesNotContain("YTpi", "t0ken");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ path = /a/, to = \"https://a.example/\" }|name",
        "{ name = a, to = \"https://a.example/\" }|a path as /pypi/",
        "{ name = a, path = /a/ }|a URL",
        "{ name = a, path = a, to = \"https://a.example/\" }|begins and ends with a slash",
        "{ name = a, path = /a, to = \"https://a.example/\" }|begins and ends with a slash",
        "{ name = a, path = /../, to = \"https://a.example/\" }|begins and ends with a slash",
        "{ name = a, path = /health/, to = \"https://a.example/\" }|answers this one itself",
        "{ name = a, path = /a/, to = \"https://a.example/x\" }|ends with a slash",
        "{ name = a, path = /a/, to = \"ftp://a.example/\" }|http or https URL",
        "{ name = a, path = /a/, to = \"https://a.example/?x/\" }|http or https URL",
        "{ name = a, path = /a/, to = \"https://u:secret@a.example/\" }|stand beside the URL",
        "{ name = a, path = /a/, to = \"http://a.example/\", credentials { basic = \"env:PATH\" }"
            + " }|https where there are",
        "{ name = a, path = /a/, to = \"http://a.example/\", credentials { bearer = \"env:PATH\" }"
            + " }|https where there are",
        "{ name = a, path = /a/, to = \"https://a.example/\", credentials { bearer = secret } }|not"
            + " the secret itself",
        "{ name = a, path = /a/, to = \"https://a.example/\", credentials { header = Host, value ="
            + " \"env:PATH\" } }|name of a field",
        "{ name = a, path = /a/, to = \"https://a.example/\", fallback-on = [always] }|not-found,"
            + " unavailable",
        "{ name = a, path = /a/, to = \"https://a.example/\", polcy = Standard }|did you mean"
            + " 'policy'?",
        "{ name = a, path = /a/, to = \"https://a.example/\", mirror-private = on }|unknown key",
      })
  void whatCannotBeUsedIsToldWithItsPlace(String mount, String sentence) {
    assertThatThrownBy(() -> mounts(mount))
        .isInstanceOf(RuleFileException.class)
        .hasMessageStartingWith("test.conf:2: ")
        .hasMessageContaining(sentence)
        .hasMessageNotContaining("\n");
  }

  @Test
  void twoMountsOfOnePathAreOneTooMany() {
    assertThatThrownBy(
            () ->
                mounts(
                    """
                    { name = a, path = /a/, to = "https://a.example/" }
                    { name = b, path = /a/, to = "https://b.example/" }
                    """))
        .hasMessageContaining("a name and a path that no other mount has");
  }

  @Test
  void aSecretThatIsReplacedIsTakenUp() throws Exception {
    // Given
    Path secret = Files.writeString(folder.resolve("rotating"), "one\n");
    Path file =
        Files.writeString(
            folder.resolve("rules.conf"),
            "mounts = [{ name = a, path = /a/, to = \"https://a.example/\","
                + " credentials { bearer = \"file:"
                + secret
                + "\" } }]");
    LiveRules rules = new LiveRules(List.of(file), Policy.STANDARD);
    assertThat(credentials(rules.mounts().getFirst().origins().getFirst()).value())
        .isEqualTo("Bearer one");

    // When
    Files.writeString(secret, "two\n");
    rules.look();

    // Then
    assertThat(credentials(rules.mounts().getFirst().origins().getFirst()).value())
        .isEqualTo("Bearer two");
  }

  private LiveRules withCommand(String credentials) throws Exception {
    return withCommand(credentials, RulesSettings.usual());
  }

  private LiveRules withCommand(String credentials, RulesSettings limits) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("commands.conf"),
            "mounts = [{ name = a, path = /a/, to = \"https://a.example/\", credentials { "
                + credentials
                + " } }]");
    return new LiveRules(List.of(file), Policy.STANDARD, limits);
  }

  private static String first(LiveRules rules) {
    return credentials(rules.mounts().getFirst().origins().getFirst()).value();
  }

  @Test
  void aCommandTellsASecretAndIsNotRunAgainWithinItsTime() throws Exception {
    // Given
    Path secret = Files.writeString(folder.resolve("told"), "  one \n");
    LiveRules rules = withCommand("bearer = \"command:cat " + secret + "\"");
    assertThat(first(rules)).isEqualTo("Bearer one");
    // When
    Files.writeString(secret, "two\n");
    rules.look();
    // Then
    assertThat(first(rules)).isEqualTo("Bearer one");
  }

  @Test
  void whatACommandTellsIsRenewedAndStaysWhileItFails() throws Exception {
    // Given
    Path secret = Files.writeString(folder.resolve("renewed"), "one\n");
    LiveRules rules = withCommand("bearer = \"command:cat " + secret + "\", keep = 1s");
    // When
    Files.delete(secret);
    Thread.sleep(1100); // its time is real
    rules.look();
    // Then
    assertThat(first(rules)).isEqualTo("Bearer one");
    assertThat(rules.problem()).isNull();
    // When
    Files.writeString(secret, "two\n");
    // Then
    Eventually.holds(
        () -> {
          rules.look();
          return first(rules).equals("Bearer two");
        });
  }

  @Test
  void aShellIsAskedOnlyWhereItIsNamed() throws Exception {
    assertThat(first(withCommand("bearer = \"command:echo a;echo b|cat\"")))
        .isEqualTo("Bearer a;echo b|cat");
    assertThat(first(withCommand("bearer = \"shell:echo a | tr a b\""))).isEqualTo("Bearer b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "command:false",
        "command:/no/such/program",
        "shell:echo one; echo two",
        "shell:head -c 20000 /dev/zero | tr '\\\\0' a",
        "command:true"
      })
  void aCommandThatTellsNothingOfUseIsRefused(String reference) {
    assertThatThrownBy(() -> withCommand("bearer = \"" + reference + "\""))
        .isInstanceOf(RuleFileException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "timeout = 200ms, sleep 600, it did not end within 200 ms",
    "max-bytes = 3, echo four, it says more than 3 bytes"
  })
  void whatACommandMayTakeIsASetting(String setting, String command, String told) {
    // Given
    RulesSettings limits =
        RulesSettings.from(
            ConfigFactory.parseString("secret-command { " + setting + " }")
                .withFallback(
                    ConfigFactory.parseResources("reference/rules.conf").getConfig("weir.rules")));

    // When and then
    assertThatThrownBy(() -> withCommand("bearer = \"command:" + command + "\"", limits))
        .isInstanceOf(RuleFileException.class)
        .hasMessageContaining(told);
  }

  @Test
  void indexesAreMergedByNamesUnlessTheirOriginsAreCopies() {
    assertThat(merging("\"https://a.example/simple/\", \"https://b.example/x/\"", ""))
        .isEqualTo(Mount.Merging.SIMPLE);
    assertThat(merging("\"https://a.example/\", \"https://b.example/\"", ""))
        .isEqualTo(Mount.Merging.SIMPLE_BELOW);
    assertThat(merging("\"https://a.example/\", \"https://b.example/\"", "merge = simple"))
        .isEqualTo(Mount.Merging.SIMPLE);
    assertThat(merging("\"https://a.example/\", \"https://b.example/\"", "merge = npm"))
        .isEqualTo(Mount.Merging.NPM);
    assertThat(merging("\"https://a.example/simple/\", \"https://b.example/\"", "merge = paths"))
        .isEqualTo(Mount.Merging.PATHS);
    assertThat(merging("\"https://a.example/simple/\"", "")).isEqualTo(Mount.Merging.PATHS);
    String copies = "fallback-on = [not-found, unavailable]";
    String both = "\"https://a.example/simple/\", \"https://b.example/simple/\"";
    assertThat(merging(both, copies)).isEqualTo(Mount.Merging.PATHS);
    assertThatThrownBy(() -> merging(both, copies + ", merge = simple"))
        .hasMessageContaining("such origins are copies");
  }

  private static Mount.Merging merging(String origins, String more) {
    return mounts(
            "{ name = a, path = /a/, to = [%s]%s }"
                .formatted(origins, more.isEmpty() ? "" : ", " + more))
        .getFirst()
        .merging();
  }
}
