package dev.weir.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.Objects;

/**
 * How the fabric is run; block {@code weir.cluster}.
 *
 * @param restartDelayMillis pause before a fabric system that has ended is replaced
 * @param endTimeoutMillis after which connections of one that is ending are torn down
 * @param stopTimeoutMillis longest wait for it to end at shutdown
 * @param lookAroundMillis pause between two questions to the nodes to join by
 * @param system the configuration of its actor system, Pekko's own defaults included
 * @param resources where its actor system finds classes and files of libraries
 */
public record FabricSettings(
    long restartDelayMillis,
    long endTimeoutMillis,
    long stopTimeoutMillis,
    long lookAroundMillis,
    Config system,
    ClassLoader resources) {
  /** Reads the block {@code weir.cluster}. */
  public static FabricSettings from(Config room) {
    return from(room, Objects.requireNonNull(FabricSettings.class.getClassLoader()));
  }

  /**
   * Reads the block {@code weir.cluster}.
   *
   * @param resources the same for all actor systems of a process: defaults are kept for one at once
   */
  public static FabricSettings from(Config room, ClassLoader resources) {
    Config system =
        room.withOnlyPath("pekko")
            .withFallback(ConfigFactory.defaultReference(resources))
            .resolve();
    return new FabricSettings(
        room.getDuration("restart-delay").toMillis(),
        room.getDuration("end-timeout").toMillis(),
        room.getDuration("stop-timeout").toMillis(),
        room.getDuration("look-around").toMillis(),
        system,
        resources);
  }
}
