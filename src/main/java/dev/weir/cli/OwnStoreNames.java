package dev.weir.cli;

import java.net.URI;
import java.util.List;
import java.util.Locale;

/** By which names clients may ask for the bucket that this cache keeps its bodies in. */
final class OwnStoreNames {
  private OwnStoreNames() {}

  /** An endpoint is addressed by path; of AWS only the bucket's own host names are ours alone. */
  static List<String> of(String bucket, String endpoint) {
    String own = bucket.toLowerCase(Locale.ROOT);
    if (endpoint.isEmpty()) {
      return List.of(own + ".s3.amazonaws.com", own + ".s3.*.amazonaws.com");
    }
    return List.of(destination(endpoint));
  }

  /** The endpoint's host in lower case; empty for what is no URL, which its own room refuses. */
  static String host(String endpoint) {
    String host = url(endpoint).getHost();
    return host == null ? "" : host.toLowerCase(Locale.ROOT);
  }

  /** The endpoint as {@code host:port}, exactly. */
  static String destination(String endpoint) {
    return host(endpoint) + ":" + port(endpoint);
  }

  private static int port(String endpoint) {
    URI url = url(endpoint);
    return url.getPort() >= 0 ? url.getPort() : "https".equals(url.getScheme()) ? 443 : 80;
  }

  private static URI url(String endpoint) {
    try {
      return URI.create(endpoint);
    } catch (IllegalArgumentException bad) {
      return URI.create("");
    }
  }
}
