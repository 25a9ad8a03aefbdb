package dev.weir.policy;

import java.util.Locale;

/**
 * A pattern for a whole text, without regard to case: {@code *} stands for any characters, also
 * none, {@code ?} for one. Matching takes at most the product of the two lengths.
 *
 * @param pattern in lower case
 */
public record Glob(String pattern) {
  public Glob {
    pattern = pattern.toLowerCase(Locale.ROOT);
  }

  /** Whether the whole text, in lower case, has this form. */
  public boolean matches(String lower) {
    int at = 0;
    int in = 0;
    int star = -1;
    int resume = 0;
    while (at < lower.length()) {
      char wanted = in < pattern.length() ? pattern.charAt(in) : 0;
      if (in < pattern.length() && wanted == '*') {
        star = in++;
        resume = at;
      } else if (in < pattern.length() && (wanted == '?' || wanted == lower.charAt(at))) {
        in++;
        at++;
      } else if (star >= 0) {
        in = star + 1;
        at = ++resume; // the star takes one more
      } else {
        return false;
      }
    }
    while (in < pattern.length() && pattern.charAt(in) == '*') {
      in++;
    }
    return in == pattern.length();
  }

  /** The longest text that whatever matches contains. */
  String literal() {
    String longest = "";
    for (String run : pattern.split("[*?]", -1)) {
      longest = run.length() > longest.length() ? run : longest;
    }
    return longest;
  }
}
