package dev.weir.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The pieces of field syntax that several fields share (RFC 9110 5.6): lists with quoted strings,
 * directives, tokens and seconds. Reading is tolerant: what is out of shape becomes a piece of its
 * own that nobody knows, never a failure.
 */
final class FieldSyntax {
  /** What RFC 9111 1.2.2 lets a cache put for a number of seconds too great to hold. */
  static final long MAX_SECONDS = Integer.MAX_VALUE;

  private FieldSyntax() {}

  /** Takes directives; names are in lower case. */
  interface DirectiveConsumer {
    /** One as it was written, its value unquoted or null. */
    void accept(String name, @Nullable String value);

    /**
     * What may be one, behind a quote that stands where none may: nobody can say what was quoted.
     * It should count only for as far as it restricts.
     */
    void doubtful(String name);
  }

  /** Calls back for each {@code name[=value]} of a comma-separated list. */
  static void directives(String list, DirectiveConsumer consumer) {
    int length = list.length();
    int start = 0;
    while (start < length) {
      int end = memberEnd(list, start, ',');
      if (hasStrayQuote(list, start, end)) {
        doubtful(list, start, consumer);
        return;
      }
      directive(list, start, end, consumer);
      start = end + 1;
    }
  }

  /** Whether there is a quote that neither begins nor ends the whole value of that directive. */
  private static boolean hasStrayQuote(String list, int start, int end) {
    int quote = list.indexOf('"', start, end);
    if (quote < 0) {
      return false;
    }
    int equals = list.indexOf('=', start, quote);
    if (equals < 0 || skipSpace(list, equals + 1, end) != quote) {
      return true;
    }
    int at = quote + 1;
    while (at < end && list.charAt(at) != '"') {
      at += list.charAt(at) == '\\' ? 2 : 1;
    }
    return at >= end || skipSpace(list, at + 1, end) != end;
  }

  /** Takes all from there on, with whatever could part one directive from the next. */
  private static void doubtful(String list, int start, DirectiveConsumer consumer) {
    int from = start;
    for (int at = start; at <= list.length(); at++) {
      if (at == list.length() || ",\"\\".indexOf(list.charAt(at)) >= 0) {
        int equals = list.indexOf('=', from, at);
        String name = list.substring(from, equals < 0 ? at : equals).strip();
        if (!name.isEmpty()) {
          consumer.doubtful(name.toLowerCase(Locale.ROOT));
        }
        from = at + 1;
      }
    }
  }

  private static void directive(String list, int from, int to, DirectiveConsumer consumer) {
    int start = skipSpace(list, from, to);
    int end = trimSpace(list, start, to);
    if (start == end) {
      return;
    }
    int equals = list.indexOf('=', start);
    if (equals < 0 || equals >= end) {
      consumer.accept(list.substring(start, end).toLowerCase(Locale.ROOT), null);
      return;
    }
    String name = list.substring(start, trimSpace(list, start, equals)).toLowerCase(Locale.ROOT);
    consumer.accept(name, unquote(list.substring(skipSpace(list, equals + 1, end), end)));
  }

  /** The members of a list, trimmed, empty ones left out; separators in quotes do not count. */
  static List<String> members(String list, char separator) {
    List<String> members = new ArrayList<>(4);
    int start = 0;
    while (start < list.length()) {
      int end = memberEnd(list, start, separator);
      String member = list.substring(start, end).strip();
      if (!member.isEmpty()) {
        members.add(member);
      }
      start = end + 1;
    }
    return members;
  }

  /** A list as short as it can be written: no space around its commas; text in quotes stays. */
  static String withoutSpaceAroundCommas(String list) {
    if (list.indexOf(',') < 0) {
      return list.strip();
    }
    StringBuilder bare = new StringBuilder(list.length());
    int start = 0;
    while (start <= list.length()) {
      int end = memberEnd(list, start, ',');
      bare.append(start == 0 ? "" : ",").append(list.substring(start, end).strip());
      start = end + 1;
    }
    return bare.toString();
  }

  /** Where the member that starts there ends: the next separator outside quotes, or the end. */
  private static int memberEnd(String list, int start, char separator) {
    boolean quoted = false;
    for (int i = start; i < list.length(); i++) {
      char c = list.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == '\\' && quoted) {
        i++;
      } else if (c == separator && !quoted) {
        return i;
      }
    }
    return list.length();
  }

  /** The content of a quoted string; any other text as it is. */
  static String unquote(String text) {
    int last = text.length() - 1;
    if (last < 1 || text.charAt(0) != '"' || text.charAt(last) != '"') {
      return text;
    }
    if (text.indexOf('\\') < 0) {
      return text.substring(1, last);
    }
    StringBuilder plain = new StringBuilder(last);
    for (int i = 1; i < last; i++) {
      if (text.charAt(i) == '\\' && i + 1 < last) {
        i++;
      }
      plain.append(text.charAt(i));
    }
    return plain.toString();
  }

  /** A number of seconds (digits only; too great becomes 2^31-1), or {@code invalid}. */
  static long seconds(@Nullable String text, long invalid) {
    if (text == null || text.isEmpty()) {
      return invalid;
    }
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return invalid;
      }
      number = Math.min(MAX_SECONDS, number * 10 + (c - '0'));
    }
    return number;
  }

  static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean alphanumeric =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!alphanumeric && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  private static int skipSpace(String text, int from, int to) {
    int at = from;
    while (at < to && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static int trimSpace(String text, int from, int to) {
    int at = to;
    while (at > from && isSpace(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }
}
