package dev.weir.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;

/**
 * How the fabric is run; block {@code weir.cluster}.
 *
 * @param restartDelayMillis pause before a fabric system that has ended is replaced
 * @param stopTimeoutMillis longest wait for it to end at shutdown
 * @param system the configuration of its actor system, Pekko's own defaults included
 */
public record FabricSettings(long restartDelayMillis, long stopTimeoutMillis, Config system) {
  /** Reads the block {@code weir.cluster}. */
  public static FabricSettings from(Config room) {
    Config system =
        room.withOnlyPath("pekko").withFallback(ConfigFactory.defaultReference()).resolve();
    return new FabricSettings(
        room.getDuration("restart-delay").toMillis(),
        room.getDuration("stop-timeout").toMillis(),
        system);
  }
}
