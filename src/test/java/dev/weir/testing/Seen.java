package dev.weir.testing;

import dev.weir.http.Headers;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * One request as an {@link OriginServer} read it; of the body only the length is kept.
 *
 * @param from the address its connection came from
 */
public record Seen(
    String method,
    String target,
    Headers headers,
    long bodyBytes,
    int connection,
    InetAddress from) {
  public String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** The value of a query parameter as it stands, or the default. */
  public String query(String name, String otherwise) {
    int query = target.indexOf('?');
    if (query >= 0) {
      for (String pair : target.substring(query + 1).split("&", -1)) {
        if (pair.startsWith(name + "=")) {
          return pair.substring(name.length() + 1);
        }
      }
    }
    return otherwise;
  }

  public @Nullable String header(String name) {
    return headers.first(name);
  }

  public boolean isConditional() {
    return headers.has("If-None-Match") || headers.has("If-Modified-Since");
  }

  public boolean isRange() {
    return headers.has("Range");
  }

  /** A GET without conditions and without a range: what one fetch means. */
  public boolean isPlainGet() {
    return "GET".equals(method) && !isConditional() && !isRange();
  }
}
