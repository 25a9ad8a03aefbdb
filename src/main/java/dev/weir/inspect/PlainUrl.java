package dev.weir.inspect;

import dev.weir.http.SecretParameters;

/**
 * URLs made fit to be shown: values of parameters that sign, or that look like a secret, are left
 * out. What a cache stores has been asked for by somebody who had the right to; whoever looks into
 * the cache may not have it.
 */
public final class PlainUrl {
  private static final int MAX_CHARS = 2048;

  private PlainUrl() {}

  /** The URL without secrets, 2,048 characters at most. */
  public static String of(String url) {
    int question = url.indexOf('?');
    String text =
        question < 0
            ? SecretParameters.maskedInPath(url)
            : SecretParameters.maskedInPath(url.substring(0, question))
                + "?"
                + query(url, question + 1);
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "…";
  }

  private static String query(String url, int from) {
    StringBuilder shown = new StringBuilder(url.length() - from);
    for (int start = from; start <= url.length(); ) {
      int end = url.indexOf('&', start);
      end = end < 0 ? url.length() : end;
      shown.append(start == from ? "" : "&");
      shown.append(SecretParameters.masked(url.substring(start, end)));
      start = end + 1;
    }
    return shown.toString();
  }
}
