package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import dev.weir.rules.Amounts;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * Reads the settings below {@code weir} in the forms people write them: durations as {@code 30},
 * {@code 30s}, {@code 500ms} or {@code 2m} (a bare number is seconds), sizes as {@code 20G}, lists
 * with commas. What does not fit is refused with its place and the expected form.
 */
final class SettingReader {
  private final Config config;

  SettingReader(Config config) {
    this.config = config;
  }

  String text(String name) {
    return config.getString("weir." + name).strip();
  }

  int port(String name) {
    String value = text(name);
    try {
      int port = Integer.parseInt(value);
      if (port >= 0 && port <= 65_535) {
        return port;
      }
    } catch (NumberFormatException notANumber) {
      // answered below, with the range
    }
    throw bad(name, "a port from 0 to 65535", value);
  }

  int number(String name, int least, int most) {
    String value = text(name);
    try {
      int number = Integer.parseInt(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // answered below, with the range
    }
    throw bad(name, "a number from %d to %d".formatted(least, most), value);
  }

  /** A secret or {@code file:/path} to it; never typed, for a command line is seen by all. */
  String secret(String name) {
    String value = text(name);
    if (place(name).startsWith("command line") && !value.startsWith("file:")) {
      throw new SettingsException(
          "--%s: every user of the machine can read a command line; use --%s=file:PATH or WEIR_%s"
              .formatted(name, name, name.toUpperCase(Locale.ROOT).replace('-', '_')));
    }
    return value;
  }

  boolean flag(String name) {
    String value = text(name).toLowerCase(Locale.ROOT);
    return switch (value) {
      case "true", "yes", "on", "1" -> true;
      case "false", "no", "off", "0", "" -> false;
      default -> throw bad(name, "true or false", value);
    };
  }

  long millis(String name) {
    return amount(name, Amounts::millis);
  }

  long bytes(String name) {
    return amount(name, Amounts::bytes);
  }

  private long amount(String name, ToLongFunction<String> reader) {
    String value = text(name);
    try {
      return reader.applyAsLong(value);
    } catch (IllegalArgumentException no) {
      throw bad(name, String.valueOf(no.getMessage()), value);
    }
  }

  List<String> list(String name) {
    if (config.getValue("weir." + name).valueType() == ConfigValueType.LIST) {
      return config.getStringList("weir." + name).stream().map(String::strip).toList();
    }
    return Arrays.stream(text(name).split(",", -1))
        .map(String::strip)
        .filter(part -> !part.isEmpty())
        .toList();
  }

  String choice(String name, String... allowed) {
    String value = text(name);
    for (String choice : allowed) {
      if (choice.equalsIgnoreCase(value)) {
        return choice;
      }
    }
    throw bad(name, "one of " + String.join(", ", allowed), value);
  }

  /** A path; {@code ~} is the user's home. */
  Path path(String name) {
    return pathOf(text(name));
  }

  static Path pathOf(String text) {
    boolean atHome = text.equals("~") || text.startsWith("~/");
    String value = atHome ? System.getProperty("user.home") + text.substring(1) : text;
    return Path.of(value).toAbsolutePath().normalize();
  }

  SettingsException bad(String name, String expected, String value) {
    return new SettingsException(
        "weir.%s (%s): expected %s, got '%s'".formatted(name, place(name), expected, value));
  }

  private String place(String name) {
    return config.getValue("weir." + name).origin().description();
  }
}
