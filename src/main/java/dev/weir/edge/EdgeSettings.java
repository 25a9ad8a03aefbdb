package dev.weir.edge;

import com.typesafe.config.Config;
import dev.weir.wire.ProxyHeader;
import dev.weir.wire.TlsSettings;
import java.util.List;
import java.util.Set;

/**
 * Limits and rules of the listeners; block {@code weir.edge}, where each default has its reason.
 * What happens once HTTP is spoken is bounded by {@link dev.weir.wire.GuardSettings}.
 *
 * @param readBytes taken from a connection at a time, at most
 * @param allowClients who may connect
 * @param trustedProxies whose word on clients counts
 * @param proxyProtocolFrom whose connections begin with a PROXY header, all of them
 * @param proxyHeaderMaxBytes the longest such header
 * @param connectPorts where CONNECT may go
 * @param silentTunnelPorts those of them where the server speaks first
 * @param passThroughHosts whose bytes are never looked into
 */
public record EdgeSettings(
    int backlog,
    int maxConnections,
    int readBytes,
    AddressRanges allowClients,
    AddressRanges trustedProxies,
    AddressRanges proxyProtocolFrom,
    int proxyHeaderMaxBytes,
    ForwardedSettings forwardedRegular,
    ForwardedSettings forwardedReverse,
    Set<Integer> connectPorts,
    Set<Integer> silentTunnelPorts,
    HostPatterns passThroughHosts,
    long firstBytesTimeoutMillis,
    long silentTunnelDelayMillis,
    long tunnelOpenTimeoutMillis,
    long tunnelIdleTimeoutMillis,
    long refusalLingerMillis,
    TlsSettings tls) {

  public EdgeSettings {
    connectPorts = Set.copyOf(connectPorts);
    silentTunnelPorts = Set.copyOf(silentTunnelPorts);
    if (backlog < 1 || maxConnections < 1) {
      throw new IllegalArgumentException("backlog and max-connections must be positive");
    }
    if (readBytes < 4096 || readBytes > 16 << 20) {
      throw new IllegalArgumentException("read-bytes must be from 4K to 16M");
    }
    if (proxyHeaderMaxBytes < ProxyHeader.V1_MAX_BYTES) {
      throw new IllegalArgumentException(
          "proxy-header-max-bytes must be at least " + ProxyHeader.V1_MAX_BYTES);
    }
  }

  public static EdgeSettings from(Config edge) {
    return new EdgeSettings(
        edge.getInt("backlog"),
        edge.getInt("max-connections"),
        Math.toIntExact(edge.getBytes("read-bytes")),
        AddressRanges.of(edge.getStringList("allow-clients")),
        AddressRanges.of(edge.getStringList("trusted-proxies")),
        AddressRanges.of(edge.getStringList("proxy-protocol-from")),
        edge.getInt("proxy-header-max-bytes"),
        ForwardedSettings.from(edge.getConfig("forwarded.regular")),
        ForwardedSettings.from(edge.getConfig("forwarded.reverse")),
        ports(edge.getIntList("connect-ports")),
        ports(edge.getIntList("silent-tunnel-ports")),
        HostPatterns.of(edge.getStringList("pass-through-hosts")),
        edge.getLong("first-bytes-timeout-millis"),
        edge.getLong("silent-tunnel-delay-millis"),
        edge.getLong("tunnel-open-timeout-millis"),
        edge.getLong("tunnel-idle-timeout-millis"),
        edge.getLong("refusal-linger-millis"),
        TlsSettings.from(edge.getConfig("tls")));
  }

  private static Set<Integer> ports(List<Integer> numbers) {
    for (int port : numbers) {
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("not a port: " + port);
      }
    }
    return Set.copyOf(numbers);
  }

  /** Whether CONNECT may go to that port. */
  boolean connectable(int port) {
    return connectPorts.contains(port) || silentTunnelPorts.contains(port);
  }
}
