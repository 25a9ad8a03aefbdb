package dev.weir.policy;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.net.URI;
import java.util.Locale;

/**
 * What rules look at: a request's URL in the forms they need, worked out once per request, and the
 * rest of the request.
 *
 * @param url the absolute URL as received, but for a dot behind the host
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

  private static String withoutDot(String url, String named) {
    int start = url.indexOf("://") + 3;
    int dot = start + named.length() - 1;
    return url.regionMatches(true, start, named, 0, named.length())
        ? url.substring(0, dot) + url.substring(dot + 1)
        : url;
  }

  /** A dot behind the host makes no other host of it: rules speak of both or of neither. */
  private static Subject of(
      String received, String named, String target, String method, Headers headers, Caller caller) {
    String host = Authority.withoutDot(named);
    String url = host.equals(named) ? received : withoutDot(received, named);
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
