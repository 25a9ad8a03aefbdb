package dev.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.Matcher.Part;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** The index finds what trying every rule in turn would, on random rules and URLs. */
class RuleIndexTest {
  private static final List<String> WORDS =
      List.of("a", "ab", "abc", "file", "pool", "mirror", "example", "x.y", "-1.2", "DEB", "%2f");

  private final Random random = new Random(42);

  @RepeatedTest(30)
  void theIndexEqualsTryingEveryRule(RepetitionInfo repetition) throws Exception {
    // Given
    random.setSeed(repetition.getCurrentRepetition());
    List<Rule> rules =
        IntStream.range(0, 1 + random.nextInt(120))
            .mapToObj(
                i -> {
                  Rule rule = Rule.of("r" + i, matcher(3), Policy.NO_CACHE);
                  return random.nextInt(6) == 0 ? rule.goingOn() : rule;
                })
            .toList();
    PolicyTable table = new PolicyTable(rules, Policy.STANDARD);

    for (int i = 0; i < 200; i++) {
      // When
      Subject subject = subject();
      Resolution found = table.resolve(subject);

      // Then
      List<String> naive = naive(table.rules(), subject);
      List<String> all = new ArrayList<>(found.before());
      if (!found.ruleName().equals("default")) {
        all.add(found.ruleName());
      }
      assertThat(all).as(subject.url()).isEqualTo(naive);
    }
  }

  private static List<String> naive(List<Rule> rules, Subject subject) {
    List<String> names = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.matcher().matches(subject)) {
        names.add(rule.name());
        if (!rule.goesOn()) {
          break;
        }
      }
    }
    return names;
  }

  @RepeatedTest(20)
  void whatTheUrlAloneSaysHoldsForEveryRequest(RepetitionInfo repetition) throws Exception {
    random.setSeed(1000 + repetition.getCurrentRepetition());
    for (int i = 0; i < 300; i++) {
      Matcher matcher = matcher(4);
      Subject subject = subject();
      boolean matches = matcher.matches(subject);
      switch (matcher.byUrl(subject)) {
        case YES -> assertThat(matches).as("%s on %s", matcher, subject).isTrue();
        case NO -> assertThat(matches).as("%s on %s", matcher, subject).isFalse();
        case DEPENDS -> {
          // Either is right.
        }
      }
    }
  }

  @Test
  void aLiteralStandsInEveryMatchOfItsExpression() {
    int found = 0;
    for (int i = 0; i < 20_000; i++) {
      String expression = expression(3);
      Pattern pattern = compiled(expression);
      String literal = RegexLiteral.of(expression);
      String text = text(6);
      if (pattern != null && !literal.isEmpty() && pattern.matcher(text).find()) {
        found++;
        assertThat(text.toLowerCase(Locale.ROOT)).as(expression).contains(literal);
      }
    }
    assertThat(found).isGreaterThan(100);
    assertThat(RegexLiteral.of("by-hash/[A-Z0-9]+/[a-f0-9]+$")).isEqualTo("by-hash/");
    assertThat(RegexLiteral.of("^https://h\\.example/v(1|2)/file\\.bin$"))
        .isEqualTo("https://h.example/v");
    assertThat(RegexLiteral.of("abcd|efgh")).isEmpty();
    assertThat(RegexLiteral.of("abcd[[]x|y")).isEmpty();
    assertThat(RegexLiteral.of("abcd\\p{L}|y")).isEmpty();
    assertThat(RegexLiteral.of("abcd*")).isEqualTo("abc");
  }

  private static @Nullable Pattern compiled(String expression) {
    try {
      return Pattern.compile(expression, Pattern.CASE_INSENSITIVE);
    } catch (PatternSyntaxException none) {
      return null;
    }
  }

  private String expression(int depth) {
    StringBuilder text = new StringBuilder();
    int parts = 1 + random.nextInt(4);
    for (int i = 0; i < parts; i++) {
      text.append(
          switch (random.nextInt(depth > 0 ? 12 : 8)) {
            case 0, 1, 2, 3, 4 -> word().replace(".", "\\.");
            case 5 -> "[a-c]";
            case 6 -> ".";
            case 7 -> "\\d";
            case 8 -> "(" + expression(depth - 1) + ")";
            case 9 -> "(?:" + expression(depth - 1) + ")?";
            case 10 -> "[^(|x]";
            default -> expression(depth - 1) + (random.nextInt(4) == 0 ? "|x" : "");
          });
      switch (random.nextInt(8)) {
        case 0 -> text.append('?');
        case 1 -> text.append('*');
        case 2 -> text.append("{0,2}");
        case 3 -> text.append('+');
        default -> {
          // once
        }
      }
    }
    return text.toString();
  }

  private Matcher matcher(int depth) {
    Part part = Part.values()[random.nextInt(3)];
    return switch (random.nextInt(depth > 0 ? 17 : 13)) {
      case 0 -> new Matcher.HostIs(host());
      case 1 -> new Matcher.HostBelow(random.nextBoolean() ? "example" : host());
      case 2 -> new Matcher.Prefix(Matcher.Part.HOST, word());
      case 3 -> new Matcher.Contains(Matcher.Part.HOST, word());
      case 4 -> new Matcher.UrlPrefix("https://" + host() + "/" + word());
      case 5 -> new Matcher.Prefix(part, "/" + word());
      case 6 -> new Matcher.Suffix(part, word());
      case 7 -> new Matcher.Contains(part, word() + word());
      case 8 -> new Matcher.Like(part, new Glob("*" + word() + "*" + word() + "?"));
      case 9 -> Matcher.UrlRegex.of(word().replace(".", "\\.") + "[0-9a-z/]*" + "pool");
      case 10 -> new Matcher.Method(Set.of("GET"));
      case 11 -> new Matcher.Client(AddressBlock.parse("10.0.0.0/" + (8 + random.nextInt(24))));
      case 12 -> new Matcher.HasHeader("User-Agent", new Glob("*" + word() + "*"));
      case 13, 14 -> new Matcher.All(List.of(matcher(depth - 1), matcher(depth - 1)));
      case 15 -> new Matcher.Any(List.of(matcher(depth - 1), matcher(depth - 1)));
      default -> new Matcher.Not(matcher(depth - 1));
    };
  }

  private Subject subject() throws Exception {
    String query = random.nextInt(3) == 0 ? "?" + text(3) : "";
    RequestHead request =
        new RequestHead(
            random.nextBoolean() ? "GET" : "HEAD",
            "https",
            new dev.weir.http.Authority(host(), 443),
            "/" + text(5) + query,
            Headers.of("User-Agent", text(2)));
    byte[] address = {10, (byte) random.nextInt(3), 0, (byte) random.nextInt(3)};
    return Subject.of(request, new Caller(InetAddress.getByAddress(address), 8080));
  }

  private String host() {
    return random.nextInt(3) == 0
        ? "mirror" + random.nextInt(40) + ".example"
        : "h" + random.nextInt(40) + ".mirror.example";
  }

  private String text(int words) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(words + 1); i >= 0; i--) {
      text.append(word()).append(random.nextInt(3) == 0 ? "/" : "");
    }
    return text.toString();
  }

  private String word() {
    return WORDS.get(random.nextInt(WORDS.size()));
  }
}
