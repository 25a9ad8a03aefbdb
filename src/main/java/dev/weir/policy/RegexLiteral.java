package dev.weir.policy;

import java.util.Locale;

/**
 * Finds a text that every match of a regular expression contains, so that the expression need be
 * run only where that text is. It reads what stands outside of groups and is not optional; where it
 * is not sure it finds less, or nothing.
 */
final class RegexLiteral {
  private final String expression;
  private String longest = "";
  private final StringBuilder run = new StringBuilder();

  private RegexLiteral(String expression) {
    this.expression = expression;
  }

  /** The longest such text in lower case; empty if there is none to be seen. */
  static String of(String expression) {
    // Quotations and free spacing would need another reading.
    boolean plain = !expression.contains("\\Q") && !expression.matches(".*\\(\\?[a-zA-Z]*x.*");
    return plain ? new RegexLiteral(expression).find() : "";
  }

  private String find() {
    int at = 0;
    while (at < expression.length()) {
      char c = expression.charAt(at);
      switch (c) {
        case '|' -> {
          return ""; // another way round everything
        }
        case '(' -> {
          at = behindGroup(at);
          end();
          if (at > expression.length()) {
            return "";
          }
          continue;
        }
        case '[' -> {
          at = behindClass(at);
          end();
          if (at > expression.length()) {
            return "";
          }
          continue;
        }
        case '\\' -> {
          at++;
          char escaped = at < expression.length() ? expression.charAt(at) : 'b';
          if (Character.isLetterOrDigit(escaped)) {
            end(); // a class, a boundary, a number in hexadecimal
            if ("pPxuckN01234567".indexOf(escaped) >= 0) {
              return ""; // its own syntax goes on behind it
            }
          } else {
            run.append(escaped);
          }
        }
        case '?', '*', '{' -> {
          // What stands before it may be missing.
          run.setLength(Math.max(0, run.length() - 1));
          end();
          at = c == '{' ? Math.max(at, expression.indexOf('}', at)) : at;
        }
        case '+', '.', '^', '$', ')' -> end();
        default -> {
          if (c < 0x80) {
            run.append(c);
          } else {
            end(); // cases beyond ASCII fold in ways of their own
          }
        }
      }
      at++;
    }
    end();
    return longest;
  }

  private void end() {
    if (run.length() > longest.length()) {
      longest = run.toString().toLowerCase(Locale.ROOT);
    }
    run.setLength(0);
  }

  private int behindGroup(int open) {
    int depth = 0;
    int at = open;
    while (at < expression.length()) {
      char c = expression.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        at = behindClass(at) - 1;
        if (at >= expression.length()) {
          return at + 1;
        }
      } else if (c == '(') {
        depth++;
      } else if (c == ')' && --depth == 0) {
        return at + 1;
      }
      at++;
    }
    return expression.length() + 1;
  }

  /** Where dialects differ, behind the end of the expression: nothing is found then. */
  private int behindClass(int open) {
    int at = open + 1;
    if (at < expression.length() && expression.charAt(at) == '^') {
      at++;
    }
    int first = at;
    while (at < expression.length()) {
      char c = expression.charAt(at);
      if (c == '[' || (c == ']' && at == first)) {
        return expression.length() + 1;
      }
      if (c == ']') {
        return at + 1;
      }
      at += c == '\\' ? 2 : 1;
    }
    return expression.length() + 1;
  }
}
