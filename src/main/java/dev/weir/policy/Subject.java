package dev.weir.policy;

import dev.weir.http.RequestHead;
import java.net.URI;
import java.util.Locale;

/**
 * What rules look at: a request's URL in the forms they need, worked out once per request.
 *
 * @param url the absolute URL as received
 * @param lowerUrl the same in lower case
 * @param host in lower case, without port
 * @param path the raw path, without query
 * @param lowerHostAndPath the URL in lower case up to the query
 */
public record Subject(
    String url, String lowerUrl, String host, String path, String lowerHostAndPath) {

  public static Subject of(RequestHead request) {
    return of(request.url(), request.authority().host(), request.target());
  }

  /** For people who ask what a URL would get. */
  public static Subject of(String url) {
    int authority = url.indexOf("://") + 3;
    int end = authority;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    String host = URI.create(url.substring(0, end)).getHost();
    return of(url, host == null ? "" : host.toLowerCase(Locale.ROOT), url.substring(end));
  }

  private static Subject of(String url, String host, String target) {
    String lowerUrl = url.toLowerCase(Locale.ROOT);
    int query = target.indexOf('?');
    int cut = query < 0 ? 0 : target.length() - query;
    return new Subject(
        url,
        lowerUrl,
        host,
        query < 0 ? target : target.substring(0, query),
        cut == 0 ? lowerUrl : lowerUrl.substring(0, lowerUrl.length() - cut));
  }
}
