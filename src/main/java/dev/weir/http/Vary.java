package dev.weir.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The request fields a response was chosen by (RFC 9110 12.5.5): names in lower case in the order
 * of the field, each once. {@code any} stands for {@code *}: no later request ever matches.
 */
public record Vary(List<String> names, boolean any) {
  /**
   * A name in place of a field: the response is that of another URL, for requests whose redirects
   * are followed here. To all others the redirect itself is the answer, for what a host redirects
   * to is not what it says: a page of its own. No client can send such a field.
   */
  public static final String REDIRECTS = "X-Weir-Redirects";

  /** A response that is the same for every request. */
  public static final Vary NONE = new Vary(List.of(), false);

  public Vary {
    names = List.copyOf(names);
  }

  /** Whether the response is what a redirect led to. */
  public boolean isOfRedirects() {
    return names.contains(REDIRECTS.toLowerCase(Locale.ROOT));
  }

  /** What the Vary lines of a response say. */
  public static Vary of(Headers response) {
    String list = response.combined("Vary");
    if (list == null) {
      return NONE;
    }
    List<String> names = new ArrayList<>(2);
    for (String member : FieldSyntax.members(list, ',')) {
      String name = member.toLowerCase(Locale.ROOT);
      if ("*".equals(name)) {
        return new Vary(List.of(), true);
      }
      if (!names.contains(name)) {
        names.add(name);
      }
    }
    return names.isEmpty() ? NONE : new Vary(names, false);
  }

  /**
   * The digest of the values a request has in these fields (RFC 9111 4.1): SHA-224, hexadecimal;
   * the empty text if there are no names.
   */
  public static String digest(List<String> names, Headers request) {
    return names.isEmpty() ? "" : Sha224.hex(text(names, request));
  }

  /**
   * What is digested: {@code name=value} joined by {@code |}. A bar or backslash within a value is
   * escaped, so that no two lists of values give the same text.
   */
  static String text(List<String> names, Headers request) {
    StringBuilder text = new StringBuilder(64);
    for (String name : names) {
      if (!text.isEmpty()) {
        text.append('|');
      }
      text.append(name).append('=');
      escape(value(name, request.combined(name)), text);
    }
    return text.toString();
  }

  private static String value(String name, @Nullable String value) {
    if ("accept-encoding".equals(name)) {
      return AcceptEncoding.canonical(value);
    }
    if (value == null) {
      return "";
    }
    return switch (name) {
      case "accept-language" -> AcceptLanguage.canonical(value);
      // No lists: a comma in them is text, and the space behind it may be too.
      case "authorization", "cookie", "date", "host", "origin", "referer", "user-agent" ->
          value.strip();
      default -> FieldSyntax.withoutSpaceAroundCommas(value);
    };
  }

  private static void escape(String value, StringBuilder text) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '|' || c == '\\') {
        text.append('\\');
      }
      text.append(c);
    }
  }
}
