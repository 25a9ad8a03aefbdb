package dev.weir.http;

/**
 * The head of one request as the client meant it: method token, scheme ({@code http} or {@code
 * https}), authority, the raw origin-form target (path and query byte for byte, or {@code *}) and
 * the fields. Hop-by-hop fields and Host are still in {@code headers} as received.
 */
public record RequestHead(
    String method, String scheme, Authority authority, String target, Headers headers) {

  /** The absolute URL, default port left out, path and query as received. */
  public String url() {
    return scheme + "://" + authority.text(scheme) + ("*".equals(target) ? "" : target);
  }

  public boolean isGet() {
    return "GET".equals(method);
  }

  public boolean isHead() {
    return "HEAD".equals(method);
  }

  public RequestHead withHeaders(Headers replaced) {
    return new RequestHead(method, scheme, authority, target, replaced);
  }

  public RequestHead withMethod(String replaced) {
    return new RequestHead(replaced, scheme, authority, target, headers);
  }
}
