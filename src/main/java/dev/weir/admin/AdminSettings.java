package dev.weir.admin;

import com.typesafe.config.Config;

/**
 * The limits and times of the health port, from {@code weir.admin}.
 *
 * @param canaryFailures so many failed self-fetches in a row make {@code /live} fail
 * @param degradedIsUnready whether a store that is down makes {@code /health} 503
 * @param maxTargetBytes the longest request target, of a URL to purge for one
 */
public record AdminSettings(
    long canaryIntervalMillis,
    long canaryTimeoutMillis,
    int canaryFailures,
    long healthCacheMillis,
    long probeTimeoutMillis,
    boolean degradedIsUnready,
    int maxConnections,
    int maxTargetBytes,
    long purgeTimeoutMillis,
    long maxBanSeconds,
    String token) {

  public static AdminSettings from(Config admin) {
    return new AdminSettings(
        admin.getLong("canary-interval-millis"),
        admin.getLong("canary-timeout-millis"),
        admin.getInt("canary-failures"),
        admin.getLong("health-cache-millis"),
        admin.getLong("probe-timeout-millis"),
        admin.getBoolean("degraded-is-unready"),
        admin.getInt("max-connections"),
        admin.getBytes("max-target-bytes").intValue(),
        admin.getLong("purge-timeout-millis"),
        admin.getLong("max-ban-seconds"),
        admin.getString("token"));
  }
}
