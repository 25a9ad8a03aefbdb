package dev.weir.http;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A dictionary of structured fields (RFC 9651 3.2 and 4.2), read strictly: the whole text is a
 * dictionary or it is none. Parameters and the members of inner lists are read and let go; nothing
 * here needs them.
 */
final class StructuredDictionary {
  private static final int MAX_INTEGER_DIGITS = 15;
  private static final int MAX_DECIMAL_DIGITS = 12;

  /** Thrown within this class where the text is no dictionary. */
  private static final class Unreadable extends RuntimeException {

    private Unreadable() {
      super("no dictionary", null, false, false);
    }
  }

  /** A member's value. */
  sealed interface Value {
    record Whole(long number) implements Value {}

    record Truth(boolean value) implements Value {}

    record Text(String text) implements Value {}

    /** A decimal, token, byte sequence, date, display string or inner list. */
    record Other() implements Value {}
  }

  private static final Value OTHER = new Value.Other();

  private final String text;
  private int at;

  private StructuredDictionary(String text) {
    this.text = text;
  }

  /** The members in their order, the last of each key; null if the text is no dictionary. */
  static @Nullable Map<String, Value> parse(String text) {
    try {
      return new StructuredDictionary(text).dictionary();
    } catch (Unreadable e) {
      return null;
    }
  }

  private Map<String, Value> dictionary() {
    Map<String, Value> members = new LinkedHashMap<>();
    skipSpaces();
    while (at < text.length()) {
      String key = key();
      Value value = new Value.Truth(true);
      if (peek() == '=') {
        at++;
        value = peek() == '(' ? innerList() : bareItem();
      }
      parameters();
      members.remove(key);
      members.put(key, value);
      skipOptionalSpace();
      if (at == text.length()) {
        return members;
      }
      expect(',');
      skipOptionalSpace();
      if (at == text.length()) {
        throw new Unreadable(); // a comma with nothing behind it
      }
    }
    return members;
  }

  private String key() {
    int start = at;
    char first = peek();
    if (first != '*' && !isLower(first)) {
      throw new Unreadable();
    }
    while (isLower(peek()) || isDigit(peek()) || (peek() != 0 && "_-.*".indexOf(peek()) >= 0)) {
      at++;
    }
    return text.substring(start, at);
  }

  private void parameters() {
    while (peek() == ';') {
      at++;
      skipSpaces();
      key();
      if (peek() == '=') {
        at++;
        bareItem();
      }
    }
  }

  private Value innerList() {
    expect('(');
    while (true) {
      skipSpaces();
      if (peek() == ')') {
        at++;
        return OTHER;
      }
      bareItem();
      parameters();
      if (peek() != ' ' && peek() != ')') {
        throw new Unreadable();
      }
    }
  }

  private Value bareItem() {
    char first = peek();
    if (first == '-' || isDigit(first)) {
      return number();
    }
    if (isLower(first | 0x20) || first == '*') {
      while (peek() != 0
          && (FieldSyntax.isToken(text.substring(at, at + 1)) || ":/".indexOf(peek()) >= 0)) {
        at++;
      }
      return OTHER;
    }
    return switch (first) {
      case '"' -> quoted();
      case '?' -> truth();
      case ':' -> bytes();
      case '@' -> date();
      case '%' -> display();
      default -> throw new Unreadable();
    };
  }

  private Value number() {
    int sign = 1;
    if (peek() == '-') {
      sign = -1;
      at++;
    }
    int start = at;
    long number = 0;
    while (isDigit(peek())) {
      number = number * 10 + (peek() - '0');
      at++;
      if (at - start > MAX_INTEGER_DIGITS) {
        throw new Unreadable();
      }
    }
    int digits = at - start;
    if (digits == 0) {
      throw new Unreadable();
    }
    if (peek() != '.') {
      return new Value.Whole(sign * number);
    }
    at++;
    int fraction = at;
    while (isDigit(peek())) {
      at++;
    }
    if (digits > MAX_DECIMAL_DIGITS || at == fraction || at - fraction > 3) {
      throw new Unreadable();
    }
    return OTHER;
  }

  private Value quoted() {
    expect('"');
    StringBuilder plain = new StringBuilder();
    while (peek() != '"') {
      if (peek() == '\\') {
        at++;
        if (peek() != '"' && peek() != '\\') {
          throw new Unreadable();
        }
      }
      plain.append(printable());
    }
    at++;
    return new Value.Text(plain.toString());
  }

  private Value truth() {
    at++;
    boolean value = peek() == '1';
    if (!value && peek() != '0') {
      throw new Unreadable();
    }
    at++;
    return new Value.Truth(value);
  }

  private Value bytes() {
    at++;
    while (peek() != ':') {
      char c = printable();
      if (!isDigit(c) && !isLower(c | 0x20) && "+/=".indexOf(c) < 0) {
        throw new Unreadable();
      }
    }
    at++;
    return OTHER;
  }

  private Value date() {
    at++;
    if (!(number() instanceof Value.Whole)) {
      throw new Unreadable();
    }
    return OTHER;
  }

  private Value display() {
    at++;
    expect('"');
    while (peek() != '"') {
      printable();
    }
    at++;
    return OTHER;
  }

  private char printable() {
    char c = peek();
    if (c < ' ' || c > '~') {
      throw new Unreadable();
    }
    at++;
    return c;
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw new Unreadable();
    }
    at++;
  }

  /** The char to be read, 0 at the end. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private void skipSpaces() {
    while (peek() == ' ') {
      at++;
    }
  }

  private void skipOptionalSpace() {
    while (peek() == ' ' || peek() == '\t') {
      at++;
    }
  }

  private static boolean isLower(int c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
