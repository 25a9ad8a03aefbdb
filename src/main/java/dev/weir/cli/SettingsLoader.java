package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import dev.weir.rules.Nearest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Puts the layers together: flags over environment over file over {@code reference.conf}. Every
 * value keeps its place, and a key that no reference knows stops the start with its place.
 */
final class SettingsLoader {
  private final Map<String, String> environment;

  SettingsLoader(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * @param flags setting names to values, as typed
   */
  Config load(Map<String, String> flags) {
    Config typed = layer(flags, name -> "command line --" + name);
    Config environ = layer(fromEnvironment(), name -> "environment " + variable(name));
    // Of every library on the class path; read once for all who ask.
    Config reference = ConfigFactory.defaultReferenceUnresolved(Resources.LOADER);
    Config pekkoTuning = ConfigFactory.parseResources("reference/pekko.conf");
    Config file = file(typed.withFallback(environ));
    if (!file.isEmpty()) {
      refuseUnknown(file, reference.resolve());
    }
    try {
      return RoomSettings.fill(
          typed
              .withFallback(environ)
              .withFallback(file)
              .withFallback(pekkoTuning)
              .withFallback(reference)
              .resolve());
    } catch (ConfigException unresolved) {
      throw new SettingsException(oneLine(unresolved));
    }
  }

  private Map<String, String> fromEnvironment() {
    Map<String, String> found = new LinkedHashMap<>();
    for (Setting setting : Setting.ALL) {
      String value = environment.get(setting.environment());
      // Kubernetes sets WEIR_PORT=tcp://… for a Service named weir; that is no setting of ours.
      if (value != null && !value.startsWith("tcp://")) {
        found.put(setting.name(), value);
      }
    }
    return found;
  }

  private static Config layer(Map<String, String> values, UnaryOperator<String> place) {
    Config layer = ConfigFactory.empty();
    for (Map.Entry<String, String> entry : values.entrySet()) {
      ConfigValue value =
          ConfigValueFactory.fromAnyRef(entry.getValue(), place.apply(entry.getKey()));
      layer = layer.withValue(key(entry.getKey()), value);
    }
    return layer;
  }

  private static String key(String name) {
    return Setting.ALL.stream()
        .filter(setting -> setting.name().equals(name))
        .findFirst()
        .orElseThrow()
        .key();
  }

  private static Config file(Config above) {
    if (!above.hasPath("weir.config") || above.getString("weir.config").isBlank()) {
      return ConfigFactory.empty();
    }
    Path path = Path.of(above.getString("weir.config"));
    if (!Files.isReadable(path) || Files.isDirectory(path)) {
      throw new SettingsException(
          "%s: cannot read the file %s"
              .formatted(above.getValue("weir.config").origin().description(), path));
    }
    try {
      return ConfigFactory.parseFile(
          path.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
    } catch (ConfigException bad) {
      throw new SettingsException(oneLine(bad));
    }
  }

  private static void refuseUnknown(Config file, Config reference) {
    for (Map.Entry<String, ConfigValue> top : file.root().entrySet()) {
      switch (top.getKey()) {
        case "weir" -> compare("weir", top.getValue(), reference.root().get("weir"));
        case "pekko" -> {} // tuning of the library, checked by it
        default -> throw unknown(top.getKey(), top.getValue(), Set.of("weir", "pekko"));
      }
    }
  }

  private static void compare(String path, ConfigValue given, @Nullable ConfigValue known) {
    if (!(given instanceof ConfigObject object) || !(known instanceof ConfigObject keys)) {
      return;
    }
    for (Map.Entry<String, ConfigValue> entry : object.entrySet()) {
      if (!keys.containsKey(entry.getKey())) {
        if (path.equals("weir.filters") && entry.getValue() instanceof ConfigObject) {
          continue; // a filter's own block: refused where it is made, if there is none
        }
        throw unknown(path + "." + entry.getKey(), entry.getValue(), keys.keySet());
      }
      compare(path + "." + entry.getKey(), entry.getValue(), keys.get(entry.getKey()));
    }
  }

  private static SettingsException unknown(String path, ConfigValue value, Set<String> known) {
    String name = path.substring(path.lastIndexOf('.') + 1);
    String nearest = Nearest.to(name, known);
    String hint =
        nearest != null
            ? "; did you mean '" + nearest + "'?"
            : "; known here: " + String.join(", ", new TreeSet<>(known));
    return new SettingsException(
        "%s: unknown key %s%s".formatted(value.origin().description(), path, hint));
  }

  private static String variable(String name) {
    return "WEIR_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  static String oneLine(Exception failure) {
    return String.valueOf(failure.getMessage()).replaceAll("\\s+", " ");
  }
}
