package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.edge.AddressRanges;
import dev.weir.origin.FixedAddresses;
import dev.weir.policy.Policy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The settings of {@code weir serve} that have a flag, checked. The tuning of each room stands in
 * {@code config}, below {@code weir.<room>}.
 */
record ServeSettings(
    int port,
    String bind,
    int healthPort,
    String healthHost,
    Path dataDir,
    String upstreamCa,
    String ca,
    String caCert,
    Policy defaultPolicy,
    List<Path> policyFiles,
    Path plugins,
    boolean allowPolicyHeader,
    String publicProxyUrl,
    List<String> noProxyExtra,
    List<String> passThroughHosts,
    List<String> allowClients,
    List<String> trustedProxies,
    List<String> proxyProtocolFrom,
    long drainDelayMillis,
    List<String> allowDestinations,
    List<String> denyDestinations,
    List<String> hostAddresses,
    boolean eagerConnections,
    long upstreamConnectTimeoutMillis,
    long upstreamReadTimeoutMillis,
    String logLevel,
    long diskCacheBytes,
    Mode mode,
    @Nullable ReverseSettings reverse,
    int mirrorPort,
    ListenerTls tls,
    Config config) {
  /** Of {@code mirrorPort}: there is no mirror beside the proxy; 0 picks a free port. */
  static final int NO_MIRROR = -1;

  static ServeSettings from(Config config) {
    SettingReader read = new SettingReader(config);
    refuseWhatIsNotThereYet(read);
    Mode mode = Mode.from(read);
    int mirrorPort = mirrorPort(read, mode);
    if (mode == Mode.REGULAR && mirrorPort == NO_MIRROR) {
      ListenerTls.refuse(read);
    }
    return new ServeSettings(
        read.port("port"),
        read.text("bind"),
        read.port("health-port"),
        read.text("health-host"),
        read.path("data-dir"),
        read.text("upstream-ca"),
        read.text("ca"),
        read.text("ca-cert"),
        policy(read),
        policyFiles(read),
        read.path("plugins"),
        read.flag("allow-policy-header"),
        read.text("public-proxy-url"),
        read.list("no-proxy-extra"),
        read.list("pass-through-hosts"),
        networks(read, "allow-clients"),
        networks(read, "trusted-proxies"),
        networks(read, "proxy-protocol-from"),
        read.millis("drain-delay"),
        read.list("allow-destinations"),
        read.list("deny-destinations"),
        hostAddresses(read),
        read.choice("connection-strategy", "lazy", "eager").equals("eager"),
        read.millis("upstream-connect-timeout"),
        read.millis("upstream-read-timeout"),
        logLevel(read),
        read.bytes("disk-cache-size"),
        mode,
        ReverseSettings.from(read, mode),
        mirrorPort,
        ListenerTls.from(read),
        config);
  }

  private static List<String> hostAddresses(SettingReader read) {
    List<String> pairs = read.list("host-addresses");
    try {
      var _ = FixedAddresses.before(name -> CompletableFuture.completedFuture(List.of()), pairs);
    } catch (IllegalArgumentException bad) {
      throw read.bad("host-addresses", "HOST=ADDRESS pairs", String.join(",", pairs));
    }
    return pairs;
  }

  private static int mirrorPort(SettingReader read, Mode mode) {
    if (read.text("mirror-port").isEmpty()) {
      return NO_MIRROR;
    }
    if (mode != Mode.REGULAR) {
      throw new SettingsException(
          "--mirror-port is for a mirror beside a proxy; with --mode mirror the port is --port");
    }
    return read.port("mirror-port");
  }

  private static List<String> networks(SettingReader read, String name) {
    List<String> networks = read.list(name);
    try {
      AddressRanges.of(networks);
    } catch (IllegalArgumentException bad) {
      throw read.bad(name, "networks such as 10.0.0.0/8 or fd00::/8", String.join(",", networks));
    }
    return networks;
  }

  static Policy policy(SettingReader read) {
    String[] names = Arrays.stream(Policy.values()).map(Policy::label).toArray(String[]::new);
    String name = read.choice("default-policy", names);
    return Policy.named(name)
        .orElseThrow(() -> read.bad("default-policy", "a policy's name", name));
  }

  static List<Path> policyFiles(SettingReader read) {
    return read.list("policy-file").stream().map(SettingReader::pathOf).toList();
  }

  static String logLevel(SettingReader read) {
    if (read.flag("debug")) {
      return "trace";
    }
    return read.flag("verbose")
        ? "debug"
        : read.choice("log-level", "error", "warn", "info", "debug", "trace");
  }

  private static void refuseWhatIsNotThereYet(SettingReader read) {
    if (read.flag("access-logs")) {
      throw new SettingsException(
          "--access-logs: Parquet logs are not there yet; the process log has a line per request");
    }
  }
}
