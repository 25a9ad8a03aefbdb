package dev.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyRulesTest {
  private static final KeyRules.Site MIRROR =
      new KeyRules.Site("https", new Authority("mirror.example", 443));

  @ParameterizedTest
  @CsvSource({
    "/a, /a",
    "/a?, /a?",
    "/a?x=1&utm_a=2&y=%2F, /a?x=1&y=%2F",
    "/a?utm_a=2, /a",
    "/a?UTM%5FA=2&b, /a?b",
    "/a?x=1&&y, /a?x=1&&y"
  })
  void namedParametersGoTheRestStaysByteForByte(String target, String left) {
    KeyRules rules = rules(List.of("utm_*"), List.of(), false);
    assertThat(rules.target(target)).isEqualTo(left);
  }

  @ParameterizedTest
  @CsvSource({"/a?z=1&id=2&v=3, /a?id=2&v=3", "/a?z=1, /a", "/a?id, /a?id"})
  void orOnlyNamedOnesStay(String target, String left) {
    assertThat(rules(List.of(), List.of("id", "v"), false).target(target)).isEqualTo(left);
  }

  @Test
  void sortingKeepsTheOrderAmongEqualNames() {
    KeyRules rules = rules(List.of(), List.of(), true);
    assertThat(rules.target("/?b=2&a=3&B=1&a=1")).isEqualTo("/?a=3&a=1&b=2&B=1");
  }

  @Test
  void mirrorsShareOneKeyAndTheOriginsNameIsNotInIt() {
    Effects effects =
        Effects.of(Effect.KEY, new KeyRules(false, List.of(), List.of(), false, MIRROR, List.of()));
    CacheKey one = CacheKeys.of(request("a.example", "/x?y"), "", effects);
    CacheKey two = CacheKeys.of(request("b.example", "/x?y"), "", effects);
    assertThat(one).isEqualTo(two);
    assertThat(one.keyUrl()).isEqualTo("https://mirror.example/x?y");
    assertThat(one.primary())
        .isEqualTo(CacheKeys.of(request("mirror.example", "/x?y"), "").primary());
  }

  @Test
  void rewritesChangeTheWholeText() {
    KeyRules rules =
        new KeyRules(
            false,
            List.of(),
            List.of(),
            false,
            null,
            List.of(new KeyRules.Rewrite(UrlPattern.of("/edge-[0-9]+/(v[0-9]+)"), "/edge/$1")));
    assertThat(
            CacheKeys.of(request("h.example", "/edge-17/v2/f"), "", Effects.of(Effect.KEY, rules))
                .keyUrl())
        .isEqualTo("https://h.example/edge/v2/f");
  }

  @Test
  void theOperatorsCredentialsMakeKeysOfTheirOwn() {
    RequestHead request = request("h.example", "/x");
    Effects ours = Effects.of(Effect.CREDENTIALS, new Credentials("env:A", "Bearer a"));
    Effects others = Effects.of(Effect.CREDENTIALS, new Credentials("env:B", "Bearer a"));
    assertThat(
            Stream.of(Effects.NONE, ours, others)
                .map(effects -> CacheKeys.of(request, "", effects).primary())
                .collect(Collectors.toSet()))
        .hasSize(3);
    assertThat(ours.toString()).doesNotContain("Bearer");
  }

  @Test
  void applyingARuleTwiceChangesNothingMoreAndWhatIsKeptStaysApart() {
    // Given
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      KeyRules rules =
          rules(
              random.nextBoolean() ? List.of("drop*") : List.of(),
              random.nextInt(3) == 0 ? List.of("k*") : List.of(),
              random.nextBoolean());
      String one = target(random);
      String other = target(random);

      // When
      String key = rules.target(one);

      // Then
      assertThat(rules.target(key)).as("%s of %s", rules, one).isEqualTo(key);
      if (!kept(rules, one).equals(kept(rules, other))) {
        assertThat(rules.target(other)).as("%s: %s", rules, one).isNotEqualTo(key);
      }
    }
  }

  /** Path and kept parameters, as far as their order is told apart. */
  private static String kept(KeyRules rules, String target) {
    int question = target.indexOf('?');
    if (question < 0) {
      return target;
    }
    Stream<String> kept =
        Stream.of(target.substring(question + 1).split("&", -1))
            .filter(
                text ->
                    (rules.kept().isEmpty() || text.startsWith("k"))
                        && !(text.startsWith("drop") && !rules.dropped().isEmpty()));
    return target.substring(0, question)
        + (rules.sorted() ? kept.sorted() : kept)
            .collect(Collectors.joining("&", "?", ""))
            .replaceFirst("^\\?$", "");
  }

  private static String target(Random random) {
    StringBuilder target = new StringBuilder(random.nextBoolean() ? "/a" : "/b");
    int parameters = random.nextInt(4);
    for (int i = 0; i < parameters; i++) {
      target
          .append(i == 0 ? '?' : '&')
          .append(List.of("k1", "k2", "drop1", "drop2", "z").get(random.nextInt(5)))
          .append('=')
          .append(List.of("1", "%31", "+", "%20").get(random.nextInt(4)));
    }
    return target.toString();
  }

  private static KeyRules rules(List<String> dropped, List<String> kept, boolean sorted) {
    return new KeyRules(
        false,
        dropped.stream().map(Glob::new).toList(),
        kept.stream().map(Glob::new).toList(),
        sorted,
        null,
        List.of());
  }

  private static RequestHead request(String host, String target) {
    return new RequestHead("GET", "https", new Authority(host, 443), target, Headers.EMPTY);
  }
}
