package dev.weir.fill;

import com.typesafe.config.Config;

/**
 * The limits of fetching one body over several connections; block {@code weir.fill.acceleration},
 * where every one has its reason.
 *
 * @param maxConnections for one body, the first request's included; 1 switches it off
 * @param maxConnectionsPerOrigin for all bodies that are fetched so from one origin
 * @param minBytes the least body
 * @param minRemainingMillis what the rest must be going to take at the present rate
 * @param sampleMillis how long a rate is measured
 * @param lookMillis how often pieces are handed out
 * @param minGainPercent what twice the connections must bring
 * @param maxFailures failed requests for parts after which one stream must do
 * @param retryPauseMillis after a failed request
 * @param spanChunks the most that one request asks for, in chunks
 * @param rememberMillis how long an origin that refuses parts is asked for none
 * @param maxRemembered how many such origins are remembered
 */
public record AccelerationSettings(
    int maxConnections,
    int maxConnectionsPerOrigin,
    long minBytes,
    long minRemainingMillis,
    long sampleMillis,
    long lookMillis,
    int minGainPercent,
    int maxFailures,
    long retryPauseMillis,
    int spanChunks,
    long rememberMillis,
    int maxRemembered) {

  public AccelerationSettings {
    if (maxConnections < 1 || maxConnectionsPerOrigin < 1 || spanChunks < 1) {
      throw new IllegalArgumentException(
          "weir.fill.acceleration: max-connections, max-connections-per-origin and span-chunks"
              + " are at least 1");
    }
    if (lookMillis < 1 || lookMillis > sampleMillis) {
      throw new IllegalArgumentException(
          "weir.fill.acceleration: 1 ms <= look <= sample must hold");
    }
  }

  /** Reads the block {@code weir.fill.acceleration}. */
  static AccelerationSettings from(Config room) {
    return new AccelerationSettings(
        room.getInt("max-connections"),
        room.getInt("max-connections-per-origin"),
        room.getBytes("min-bytes"),
        room.getDuration("min-remaining").toMillis(),
        room.getDuration("sample").toMillis(),
        room.getDuration("look").toMillis(),
        room.getInt("min-gain-percent"),
        room.getInt("max-failures"),
        room.getDuration("retry-pause").toMillis(),
        room.getInt("span-chunks"),
        room.getDuration("remember").toMillis(),
        room.getInt("max-remembered"));
  }
}
