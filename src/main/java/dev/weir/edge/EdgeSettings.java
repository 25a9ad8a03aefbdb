package dev.weir.edge;

import com.typesafe.config.Config;
import dev.weir.wire.LimitReader;
import dev.weir.wire.ProxyHeader;
import dev.weir.wire.SocketSettings;
import dev.weir.wire.TlsSettings;
import java.util.List;
import java.util.Set;

/**
 * Limits and rules of the listeners; block {@code weir.edge}, where each default has its reason.
 * What happens once HTTP is spoken is bounded by {@link dev.weir.wire.GuardSettings}.
 *
 * @param allowClients who may connect
 * @param trustedProxies whose word on clients counts
 * @param proxyProtocolFrom whose connections begin with a PROXY header, all of them
 * @param proxyHeaderMaxBytes the longest such header
 * @param connectPorts where CONNECT may go
 * @param silentTunnelPorts those of them where the server speaks first
 * @param passThroughHosts whose bytes are never looked into
 */
public record EdgeSettings(
    SocketSettings sockets,
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
  private static final long DAY_MILLIS = 86_400_000;

  public EdgeSettings {
    connectPorts = Set.copyOf(connectPorts);
    silentTunnelPorts = Set.copyOf(silentTunnelPorts);
  }

  /**
   * Reads the block.
   *
   * @throws IllegalArgumentException if a value cannot be used: one sentence that says which
   */
  public static EdgeSettings from(Config edge) {
    LimitReader limits = new LimitReader(edge, "weir.edge");
    return new EdgeSettings(
        SocketSettings.from(edge),
        AddressRanges.of(edge.getStringList("allow-clients")),
        AddressRanges.of(edge.getStringList("trusted-proxies")),
        AddressRanges.of(edge.getStringList("proxy-protocol-from")),
        limits.bytes("proxy-header-max-bytes", ProxyHeader.V1_MAX_BYTES, 64 * 1024),
        ForwardedSettings.from(edge.getConfig("forwarded.regular")),
        ForwardedSettings.from(edge.getConfig("forwarded.reverse")),
        ports(edge.getIntList("connect-ports")),
        ports(edge.getIntList("silent-tunnel-ports")),
        HostPatterns.of(edge.getStringList("pass-through-hosts")),
        limits.number("first-bytes-timeout-millis", 1, DAY_MILLIS),
        limits.number("silent-tunnel-delay-millis", 0, DAY_MILLIS),
        limits.number("tunnel-open-timeout-millis", 1, DAY_MILLIS),
        limits.number("tunnel-idle-timeout-millis", 1, 30 * DAY_MILLIS),
        limits.number("refusal-linger-millis", 0, 60_000),
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
