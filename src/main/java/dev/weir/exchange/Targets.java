package dev.weir.exchange;

import dev.weir.http.Authority;
import dev.weir.http.Reference;
import dev.weir.http.RequestHead;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/** References in responses, resolved against the request they answer. */
final class Targets {
  private Targets() {}

  /** The target a Location or Content-Location names if it is of the same origin; else null. */
  static @Nullable RequestHead sameOrigin(RequestHead request, @Nullable String reference) {
    if (reference == null) {
      return null;
    }
    try {
      URI target = Reference.resolved(request.url(), reference);
      String scheme = target.getScheme();
      if (scheme == null || target.getHost() == null || !scheme.equals(request.scheme())) {
        return null;
      }
      int port = target.getPort() < 0 ? Authority.defaultPort(scheme) : target.getPort();
      String path = target.getRawPath() == null ? "" : target.getRawPath();
      String query = target.getRawQuery() == null ? "" : "?" + target.getRawQuery();
      Authority authority = new Authority(bare(target.getHost()), port);
      return authority.equals(request.authority())
          ? new RequestHead(
              "GET", scheme, authority, (path.isEmpty() ? "/" : path) + query, request.headers())
          : null;
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null; // nothing that could be a key of ours
    }
  }

  private static String bare(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }
}
