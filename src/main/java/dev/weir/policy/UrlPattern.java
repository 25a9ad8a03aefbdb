package dev.weir.policy;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression for URLs, without regard to case. However it is written, its time is bounded
 * ({@link StepLimit}).
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
    return lowerUrl.contains(literal) && StepLimit.find(pattern, url);
  }

  /**
   * The text with every match replaced; {@code $1} in the replacement is the first group.
   *
   * @throws IllegalArgumentException if the replacement names a group that there is not
   */
  public String replaceAll(String text, String replacement) {
    String replaced = StepLimit.replaceAll(pattern, text, replacement);
    return replaced == null ? text : replaced;
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
