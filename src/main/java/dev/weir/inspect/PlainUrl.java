package dev.weir.inspect;

import java.util.List;
import java.util.Locale;

/**
 * URLs made fit to be shown: values of parameters that sign, or that look like a secret, are left
 * out. What a cache stores has been asked for by somebody who had the right to; whoever looks into
 * the cache may not have it.
 */
public final class PlainUrl {
  private static final String MASK = "***";
  private static final int MAX_CHARS = 2048;

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

  private PlainUrl() {}

  /** The URL without secrets, 2,048 characters at most. */
  public static String of(String url) {
    int question = url.indexOf('?');
    String text = question < 0 ? url : url.substring(0, question + 1) + query(url, question + 1);
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "…";
  }

  private static String query(String url, int from) {
    StringBuilder shown = new StringBuilder(url.length() - from);
    for (int start = from; start <= url.length(); ) {
      int end = url.indexOf('&', start);
      end = end < 0 ? url.length() : end;
      shown.append(start == from ? "" : "&").append(parameter(url.substring(start, end)));
      start = end + 1;
    }
    return shown.toString();
  }

  private static String parameter(String pair) {
    int equals = pair.indexOf('=');
    String name = equals < 0 ? pair : pair.substring(0, equals);
    // A name in escapes can hide what it is, and a bare value can be anything.
    boolean secret =
        name.indexOf('%') >= 0 || SECRET.stream().anyMatch(name.toLowerCase(Locale.ROOT)::contains);
    return secret && equals >= 0 ? name + "=" + MASK : pair;
  }
}
