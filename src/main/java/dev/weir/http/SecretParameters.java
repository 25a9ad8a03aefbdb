package dev.weir.http;

import java.util.List;
import java.util.Locale;

/**
 * Parameters of a URL that sign it, or that look like a secret by their names: what is logged and
 * shown leaves their values out.
 */
public final class SecretParameters {
  private static final String MASK = "***";

  /** Parts of parameter names whose values are not for others. */
  private static final List<String> SECRET =
      List.of(
          "x-amz-",
          "x-goog-",
          "sig",
          "token",
          "secret",
          "passw",
          "auth",
          "key",
          "credential",
          "policy",
          "hmac",
          "session",
          "jwt",
          "code",
          "access");

  private SecretParameters() {}

  /** The parameter as it is, or its name with a mask in place of the value. */
  public static String masked(String parameter) {
    int equals = parameter.indexOf('=');
    return equals >= 0 && isSecret(parameter.substring(0, equals))
        ? parameter.substring(0, equals + 1) + MASK
        : parameter;
  }

  /**
   * A path, alone or after a scheme and an authority, with the parameters of its segments masked:
   * each begins with a semicolon (RFC 3986 3.3).
   */
  public static String maskedInPath(String path) {
    int semicolon = path.indexOf(';');
    if (semicolon < 0) {
      return path;
    }
    StringBuilder masked = new StringBuilder(path.length());
    int from = 0;
    while (semicolon >= 0) {
      int end = endOfParameter(path, semicolon + 1);
      masked.append(path, from, semicolon + 1).append(masked(path.substring(semicolon + 1, end)));
      from = end;
      semicolon = path.indexOf(';', end);
    }
    return masked.append(path, from, path.length()).toString();
  }

  private static int endOfParameter(String path, int from) {
    int at = from;
    while (at < path.length() && path.charAt(at) != ';' && path.charAt(at) != '/') {
      at++;
    }
    return at;
  }

  /** A name in escapes can hide what it is. */
  private static boolean isSecret(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return name.indexOf('%') >= 0 || SECRET.stream().anyMatch(lower::contains);
  }
}
