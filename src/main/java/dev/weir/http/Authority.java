package dev.weir.http;

import java.util.Locale;

/**
 * The host and port that a request is for (RFC 3986 3.2): the host in lower case, an IPv6 literal
 * without its brackets, and the port always a number.
 */
public record Authority(String host, int port) {
  public Authority {
    host = host.toLowerCase(Locale.ROOT);
    if (host.isEmpty() || port < 1 || port > 65_535) {
      throw new IllegalArgumentException("not an authority: " + host + ":" + port);
    }
  }

  public static int defaultPort(String scheme) {
    return "https".equals(scheme) ? 443 : 80;
  }

  /** A name without the dot behind it, which makes it absolute but no other host to DNS. */
  public static String withoutDot(String host) {
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }

  /** As it stands in a Host field or a URL: brackets round IPv6, the scheme's own port left out. */
  public String text(String scheme) {
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return port == defaultPort(scheme) ? name : name + ":" + port;
  }
}
