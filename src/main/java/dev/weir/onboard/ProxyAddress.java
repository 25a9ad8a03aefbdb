package dev.weir.onboard;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where clients reach the proxy.
 *
 * @param url as it is put into proxy variables
 * @param tls whether the proxy itself is spoken to over TLS, which Java's clients cannot
 */
record ProxyAddress(String url, boolean tls, String host, int port) {
  /** Neither path nor query: clients would drop or choke on them. */
  private static final Pattern URL =
      Pattern.compile(
          "(https?)://(?:[\\x21-\\x7e&&[^@/?#]]*@)?(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)"
              + "(?::(\\d{1,5}))?/?",
          Pattern.CASE_INSENSITIVE);

  static ProxyAddress parse(String url) {
    Matcher parts = URL.matcher(url);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "--public-proxy-url is not a URL such as http://cache.example.com:8080");
    }
    boolean tls = "https".equalsIgnoreCase(parts.group(1));
    int port = parts.group(3) != null ? Integer.parseInt(parts.group(3)) : tls ? 443 : 80;
    String plain = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    return new ProxyAddress(plain, tls, parts.group(2), port);
  }

  static ProxyAddress of(@Nullable InetSocketAddress local) {
    if (local == null || local.getAddress() == null || local.getAddress().isAnyLocalAddress()) {
      int port = local == null ? 8080 : local.getPort();
      return new ProxyAddress("http://localhost:" + port, false, "localhost", port);
    }
    String host = local.getAddress().getHostAddress();
    if (local.getAddress() instanceof Inet6Address) {
      int zone = host.indexOf('%');
      host = "[" + (zone < 0 ? host : host.substring(0, zone)) + "]";
    }
    return new ProxyAddress("http://" + host + ":" + local.getPort(), false, host, local.getPort());
  }

  /** Without a password, for messages and pages. */
  String shown() {
    int at = url.lastIndexOf('@');
    return at < 0 ? url : (tls ? "https://" : "http://") + url.substring(at + 1);
  }
}
