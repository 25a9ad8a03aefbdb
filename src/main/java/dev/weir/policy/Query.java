package dev.weir.policy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A query as form-encoded parameters, byte by byte: names and values are decoded to octets (one
 * char each) and encoded again the same way everywhere, so that two spellings of the same octets
 * meet and different octets never do.
 */
final class Query {
  private static final String UNRESERVED = "_.-~";
  private static final String HEX = "0123456789ABCDEF";

  private static final Comparator<Parameter> ORDER =
      Comparator.comparing(Parameter::lowerName)
          .thenComparing(Parameter::name)
          .thenComparing(Parameter::value);

  private Query() {}

  /** One parameter, decoded to octets. */
  record Parameter(String name, String lowerName, String value) {}

  static List<Parameter> parse(String query) {
    List<Parameter> parameters = new ArrayList<>(8);
    int start = 0;
    while (start <= query.length()) {
      int end = query.indexOf('&', start);
      end = end < 0 ? query.length() : end;
      if (end > start) {
        int equals = query.indexOf('=', start);
        boolean bare = equals < 0 || equals > end;
        String name = decode(query.substring(start, bare ? end : equals));
        String value = bare ? "" : decode(query.substring(equals + 1, end));
        parameters.add(new Parameter(name, name.toLowerCase(Locale.ROOT), value));
      }
      start = end + 1;
    }
    return parameters;
  }

  /** The parameters sorted by name (first without regard to case) and value. */
  static String format(List<Parameter> parameters) {
    StringBuilder text = new StringBuilder(64);
    parameters.stream()
        .sorted(ORDER)
        .forEach(
            parameter -> {
              if (!text.isEmpty()) {
                text.append('&');
              }
              encode(parameter.name(), text);
              text.append('=');
              encode(parameter.value(), text);
            });
    return text.toString();
  }

  private static String decode(String text) {
    if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
      return text;
    }
    StringBuilder octets = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int high = c == '%' && i + 2 < text.length() ? hex(text.charAt(i + 1)) : -1;
      int low = high < 0 ? -1 : hex(text.charAt(i + 2));
      if (low >= 0) {
        octets.append((char) (high << 4 | low));
        i += 2;
      } else {
        octets.append(c == '+' ? ' ' : c);
      }
    }
    return octets.toString();
  }

  private static void encode(String octets, StringBuilder text) {
    for (int i = 0; i < octets.length(); i++) {
      char c = octets.charAt(i);
      if ((c < 0x80 && Character.isLetterOrDigit(c)) || UNRESERVED.indexOf(c) >= 0) {
        text.append(c);
      } else if (c == ' ') {
        text.append('+');
      } else {
        text.append('%').append(HEX.charAt(c >> 4 & 0xf)).append(HEX.charAt(c & 0xf));
      }
    }
  }

  private static int hex(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}
