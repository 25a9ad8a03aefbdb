package dev.weir.proxy.filter;

import dev.weir.http.Authority;
import java.time.Duration;

/**
 * Where a request is sent. The Host field stays that of the request. The address is judged by the
 * same rules of destinations as any other.
 *
 * @param scheme http or https; the name in {@code authority} is checked against the certificate
 * @param connectTimeout name, TCP and TLS together; zero is no limit, as for the others
 * @param readTimeout the longest silence
 * @param totalTimeout the whole response
 */
public record UpstreamTarget(
    String scheme,
    Authority authority,
    Duration connectTimeout,
    Duration readTimeout,
    Duration totalTimeout) {
  public UpstreamTarget {
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException("neither http nor https: " + scheme);
    }
  }

  /** Another server by the same scheme and times. */
  public UpstreamTarget at(Authority other) {
    return new UpstreamTarget(scheme, other, connectTimeout, readTimeout, totalTimeout);
  }
}
