package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.admin.AdminSettings;
import dev.weir.edge.EdgeSettings;
import dev.weir.mirror.MirrorSettings;
import dev.weir.origin.OriginSettings;
import dev.weir.rules.RulesSettings;
import dev.weir.wire.GuardSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * The settings of a node's rooms that several parts need, read before anything is opened: a value
 * that cannot be used is a fault of usage.
 *
 * @param flags those that have a flag
 * @param rooms every room's block, by the room's name
 */
record NodeSettings(
    ServeSettings flags,
    Config rooms,
    GuardSettings guard,
    EdgeSettings edge,
    OriginSettings origin,
    MirrorSettings mirror,
    AdminSettings admin) {

  static NodeSettings of(ServeSettings flags) {
    Config rooms = flags.config().getConfig("weir");
    return new NodeSettings(
        flags,
        rooms,
        read(() -> GuardSettings.from(rooms.getConfig("guard"))),
        read(() -> EdgeSettings.from(rooms.getConfig("edge"))),
        read(() -> OriginSettings.from(rooms.getConfig("origin"))),
        read(() -> MirrorSettings.from(rooms.getConfig("mirror"))),
        read(() -> AdminSettings.from(rooms.getConfig("admin"))));
  }

  static RulesSettings rules(ServeSettings flags) {
    return read(() -> RulesSettings.from(flags.config().getConfig("weir.rules")));
  }

  /** What a room refuses is told in its own words. */
  static <T> T read(Supplier<T> settings) {
    try {
      return settings.get();
    } catch (IllegalArgumentException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  /** The folder of the node's data, made if it is not there yet. */
  static Path dataDir(ServeSettings flags) {
    try {
      return Files.createDirectories(flags.dataDir());
    } catch (IOException failure) {
      throw new SettingsException(
          "--data-dir: cannot make or use %s: %s".formatted(flags.dataDir(), failure));
    }
  }
}
