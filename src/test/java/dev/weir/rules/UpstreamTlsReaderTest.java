package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Headers;
import dev.weir.policy.CacheKey;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Effect;
import dev.weir.policy.Policy;
import dev.weir.policy.UpstreamTls;
import dev.weir.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamTlsReaderTest {
  @TempDir Path folder;

  @BeforeEach
  void files() throws Exception {
    TestCa ca = new TestCa("Of the site");
    Files.copy(ca.pem(folder), folder.resolve("ca.pem"));
    ca.client(folder, "one");
    ca.client(folder, "two");
    Files.writeString(folder.resolve("text.pem"), "nothing of that kind");
  }

  private Path rule(String effect) throws Exception {
    return Files.writeString(
        folder.resolve("rules.conf"),
        "rules = [\n{ name = tls, match { host = a.example }\n" + effect + " }\n]");
  }

  @Test
  void filesBesideTheRuleFileAreReadAndAKeyIsNeverShown() throws Exception {
    // When
    Path file = rule("upstream-tls { ca = ca.pem, certificate = one.pem, key = one.key }");
    RuleBook book = RuleFiles.load(List.of(file), Policy.STANDARD);

    // Then
    UpstreamTls tls =
        Objects.requireNonNull(
            book.table().resolve("https://a.example/").effects().get(Effect.UPSTREAM_TLS));
    assertThat(tls.files()).hasSize(3);
    assertThat(tls.insecure()).isFalse();
    assertThat(tls.toString()).contains("one.key").doesNotContain("PRIVATE");
  }

  @Test
  void whatIsFetchedWithACertificateHasAKeyOfItsOwn() throws Exception {
    // Given
    Path file = rule("upstream-tls { certificate = one.pem, key = one.key }");
    RuleBook book = RuleFiles.load(List.of(file), Policy.STANDARD);
    // When
    var request = Explanation.request("GET", "https://a.example/x", Headers.EMPTY);
    CacheKey ours = CacheKeys.of(request, "", book.table().resolve(request).effects());
    // Then
    assertThat(ours.primary()).isNotEqualTo(CacheKeys.of(request, "").primary());
    assertThat(ours.keyUrl()).isEqualTo("https://a.example/x");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "upstream-tls { certificate = one.pem } | certificate and key, or neither",
        "upstream-tls { certificate = one.pem, key = two.key } | does not belong to its"
            + " certificate",
        "upstream-tls { ca = text.pem } | ca holds no certificate",
        "upstream-tls { ca = absent.pem } | a readable PEM file",
        "upstream-tls { insecure = off } | ca, certificate with key, or insecure = on",
        "upstream-tls { insecur = on } | did you mean 'insecure'?",
        "bind = localhost | an address as 192.0.2.1",
        "bind = 10.0.0.0/8 | one, not a network"
      })
  void whatCannotBeUsedIsRefusedWithFileLineAndRule(String effect, String expected)
      throws Exception {
    Path file = rule(effect);
    assertThatThrownBy(() -> RuleFiles.load(List.of(file), Policy.STANDARD))
        .isInstanceOf(RuleFileException.class)
        .hasMessageContaining("rules.conf:3")
        .hasMessageContaining("rule 'tls'")
        .hasMessageContaining(expected);
  }

  @Test
  void aRenewedCertificateIsInForceAndABadOneChangesNothing() throws Exception {
    // Given
    Path file = rule("upstream-tls { certificate = one.pem, key = one.key }");
    LiveRules rules = new LiveRules(List.of(file), Policy.STANDARD);
    String before = id(rules);

    // When
    Files.move(folder.resolve("two.pem"), folder.resolve("one.pem"), REPLACE);
    rules.look();
    // Then
    assertThat(rules.problem()).contains("does not belong");
    assertThat(id(rules)).isEqualTo(before);

    // When
    Files.move(folder.resolve("two.key"), folder.resolve("one.key"), REPLACE);
    rules.look();
    // Then
    assertThat(rules.problem()).isNull();
    assertThat(id(rules)).isNotEqualTo(before);
  }

  private static final StandardCopyOption REPLACE = StandardCopyOption.REPLACE_EXISTING;

  private static String id(LiveRules rules) {
    return Objects.requireNonNull(
            rules.get().resolve("https://a.example/").effects().get(Effect.UPSTREAM_TLS))
        .id();
  }
}
