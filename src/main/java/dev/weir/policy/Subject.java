package dev.weir.policy;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.net.URI;
import java.util.Locale;

/**
 * What rules look at: a request's URL in the forms they need, worked out once per request, and the
 * rest of the request.
 *
 * @param url the absolute URL as received
 * @param lowerUrl the same in lower case
 * @param host in lower case, without port
 * @param path the raw path, without query
 * @param lowerPath the same in lower case
 * @param lowerHostAndPath the URL in lower case up to the query
 */
public record Subject(
    String url,
    String lowerUrl,
    String host,
    String path,
    String lowerPath,
    String lowerHostAndPath,
    String method,
    Headers headers,
    Caller caller) {

  /** A request of nobody in particular. */
  public static Subject of(RequestHead request) {
    return of(request, Caller.NOBODY);
  }

  public static Subject of(RequestHead request, Caller caller) {
    return of(
        request.url(),
        request.authority().host(),
        request.target(),
        request.method(),
        request.headers(),
        caller);
  }

  /** For people who ask what a GET of a URL would get. */
  public static Subject of(String url) {
    int authority = url.indexOf("://") + 3;
    int end = authority;
    while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
      end++;
    }
    String host = URI.create(url.substring(0, end)).getHost();
    boolean bracketed = host != null && host.startsWith("[");
    return of(
        url,
        host == null
            ? ""
            : (bracketed ? host.substring(1, host.length() - 1) : host).toLowerCase(Locale.ROOT),
        url.substring(end),
        "GET",
        Headers.EMPTY,
        Caller.NOBODY);
  }

  private static Subject of(
      String url, String host, String target, String method, Headers headers, Caller caller) {
    String lowerUrl = url.toLowerCase(Locale.ROOT);
    int query = target.indexOf('?');
    int cut = query < 0 ? 0 : target.length() - query;
    String path = query < 0 ? target : target.substring(0, query);
    return new Subject(
        url,
        lowerUrl,
        host,
        path,
        path.toLowerCase(Locale.ROOT),
        cut == 0 ? lowerUrl : lowerUrl.substring(0, lowerUrl.length() - cut),
        method,
        headers,
        caller);
  }
}
