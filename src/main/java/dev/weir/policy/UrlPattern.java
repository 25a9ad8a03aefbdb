package dev.weir.policy;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression for URLs, without regard to case. RE2/J runs it: however it is written, its
 * time is linear in the URL; what cannot be (look-around, back references) is refused.
 *
 * @param literal a text in lower case that every match contains, looked for first since that is a
 *     hundred times cheaper; empty if there is none
 */
public record UrlPattern(Pattern pattern, String literal) {
  /**
   * Reads an expression.
   *
   * @throws IllegalArgumentException for what is none, with the reason
   */
  public static UrlPattern of(String expression) {
    try {
      return new UrlPattern(
          Pattern.compile(expression, Pattern.CASE_INSENSITIVE), RegexLiteral.of(expression));
    } catch (PatternSyntaxException bad) {
      throw new IllegalArgumentException(bad.getDescription(), bad);
    }
  }

  /**
   * Whether a part of the URL matches.
   *
   * @param lowerUrl the same in lower case
   */
  public boolean find(String url, String lowerUrl) {
    return lowerUrl.contains(literal) && pattern.matcher(url).find();
  }

  /**
   * The text with every match replaced; {@code $1} in the replacement is the first group.
   *
   * @throws IllegalArgumentException if the replacement names a group that there is not
   */
  public String replaceAll(String text, String replacement) {
    return pattern.matcher(text).replaceAll(replacement);
  }

  /** Whether a replacement can be used with this expression; else why not. */
  public @Nullable String refusal(String replacement) {
    try {
      Matcher any = Pattern.compile(pattern.pattern() + "|").matcher("");
      any.replaceAll(replacement);
      return null;
    } catch (IllegalArgumentException | IndexOutOfBoundsException bad) {
      return String.valueOf(bad.getMessage());
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof UrlPattern same && same.pattern.pattern().equals(pattern.pattern());
  }

  @Override
  public int hashCode() {
    return pattern.pattern().hashCode();
  }

  @Override
  public String toString() {
    return pattern.pattern();
  }
}
