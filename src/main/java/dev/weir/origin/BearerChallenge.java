package dev.weir.origin;

import dev.weir.http.Headers;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a registry asks for in place of a bare request: a token from a service of its own (the OCI
 * distribution's token flow; RFC 6750 3, RFC 9110 11.6.1).
 *
 * @param realm the URL of the service
 */
record BearerChallenge(String realm, String service, String scope) {
  private static final int MAX_CHARS = 8192;

  /** The first Bearer challenge among all that a 401 has; null if none names a realm. */
  static @Nullable BearerChallenge of(Headers fields) {
    for (String value : fields.all("WWW-Authenticate")) {
      BearerChallenge found = value.length() > MAX_CHARS ? null : read(value);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static @Nullable BearerChallenge read(String text) {
    int at = schemeEnd(text);
    if (at < 0) {
      return null;
    }
    Map<String, String> parameters = new HashMap<>();
    Reader reader = new Reader(text, at);
    while (reader.next()) {
      parameters.putIfAbsent(reader.name, reader.value);
    }
    String realm = parameters.get("realm");
    return realm == null
        ? null
        : new BearerChallenge(
            realm, parameters.getOrDefault("service", ""), parameters.getOrDefault("scope", ""));
  }

  /** Behind the word Bearer, wherever among several challenges it stands; -1 if it does not. */
  private static int schemeEnd(String text) {
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && quoted) {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && text.regionMatches(true, i, "Bearer", 0, 6)) {
        boolean begins = i == 0 || text.charAt(i - 1) == ' ' || text.charAt(i - 1) == ',';
        int end = i + 6;
        boolean ends = end == text.length() || text.charAt(end) == ' ' || text.charAt(end) == '\t';
        if (begins && ends) {
          return end;
        }
      }
    }
    return -1;
  }

  /** Parameter by parameter, up to what is none: the next challenge. */
  private static final class Reader {
    private final String text;
    private int at;
    private String name = "";
    private String value = "";

    Reader(String text, int at) {
      this.text = text;
      this.at = at;
    }

    boolean next() {
      skip(" \t,");
      int begin = at;
      while (at < text.length() && " \t,=\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      name = text.substring(begin, at).toLowerCase(Locale.ROOT);
      skip(" \t");
      if (name.isEmpty() || at == text.length() || text.charAt(at) != '=') {
        return false;
      }
      at++;
      skip(" \t");
      value = at < text.length() && text.charAt(at) == '"' ? quoted() : token();
      return true;
    }

    private String quoted() {
      StringBuilder read = new StringBuilder();
      for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\' && at + 1 < text.length()) {
          at++;
        }
        read.append(text.charAt(at));
      }
      at++;
      return read.toString();
    }

    private String token() {
      int begin = at;
      while (at < text.length() && " \t,".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(begin, at);
    }

    private void skip(String characters) {
      while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }
  }
}
