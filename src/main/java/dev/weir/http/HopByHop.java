package dev.weir.http;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Removes the fields that concern one connection only (RFC 9110 7.6.1): a fixed list, and what the
 * Connection field names. Fields that a message would mean something else without (framing,
 * credentials, caching, content) stay even if Connection names them: that is never right, and the
 * way to smuggle past a cache.
 */
public final class HopByHop {
  private static final Set<String> ALWAYS =
      Set.of(
          "connection",
          "proxy-connection",
          "keep-alive",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization");

  private static final Set<String> NEVER_BY_CONNECTION =
      Set.of(
          "host",
          "content-length",
          "content-type",
          "content-encoding",
          "content-range",
          "content-location",
          "authorization",
          "cookie",
          "set-cookie",
          "www-authenticate",
          "cache-control",
          "pragma",
          "expires",
          "date",
          "age",
          "vary",
          "etag",
          "last-modified",
          "location",
          "accept",
          "accept-encoding",
          "accept-language",
          "range",
          "if-range",
          "if-match",
          "if-none-match",
          "if-modified-since",
          "if-unmodified-since",
          "expect",
          "origin",
          "referer",
          "user-agent",
          "via",
          "forwarded",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-proto",
          "x-real-ip",
          "cache-status");

  private HopByHop() {}

  /** The end-to-end fields of a message, in their order. */
  public static Headers strip(Headers headers) {
    Set<String> named = namedByConnection(headers);
    Headers.Builder kept = null;
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.name(i).toLowerCase(Locale.ROOT);
      boolean drop = ALWAYS.contains(name) || named.contains(name);
      if (drop && kept == null) {
        kept = Headers.builder();
        for (int before = 0; before < i; before++) {
          kept.add(headers.name(before), headers.value(before));
        }
      } else if (!drop && kept != null) {
        kept.add(headers.name(i), headers.value(i));
      }
    }
    return kept == null ? headers : kept.build();
  }

  private static Set<String> namedByConnection(Headers headers) {
    String list = headers.combined("Connection");
    if (list == null) {
      return Set.of();
    }
    Set<String> named = new HashSet<>();
    for (String member : FieldSyntax.members(list, ',')) {
      String name = member.toLowerCase(Locale.ROOT);
      if (!NEVER_BY_CONNECTION.contains(name)) {
        named.add(name);
      }
    }
    return named;
  }
}
