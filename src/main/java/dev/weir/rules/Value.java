package dev.weir.rules;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * A value in a rule file, and where it stands, read in the forms people write: a bare duration is
 * seconds, one value may stand for a list of one.
 *
 * @param where the rule and the key, as {@code rule 'x', key 'y'}
 * @param limits of what it may cost
 */
record Value(ConfigValue config, String where, RulesSettings limits) {
  /** What is wrong with it: file, line, rule, expected, found. */
  RuleFileException bad(String expected) {
    return new RuleFileException(
        "%s: %s: expected %s, got %s".formatted(place(config.origin()), where, expected, shown()));
  }

  static String place(ConfigOrigin origin) {
    return origin.description().replaceFirst(": ([0-9]+)(-[0-9]+)?$", ":$1");
  }

  private String shown() {
    String text = config.render(com.typesafe.config.ConfigRenderOptions.concise());
    return text.length() > 80 ? text.substring(0, 77) + "..." : text;
  }

  boolean isBlock() {
    return config.valueType() == ConfigValueType.OBJECT;
  }

  String text() {
    return switch (config.valueType()) {
      case STRING, NUMBER, BOOLEAN -> String.valueOf(config.unwrapped()).strip();
      case OBJECT, LIST, NULL -> throw bad("a text");
    };
  }

  /** A text that is not empty. */
  String word() {
    String text = text();
    if (text.isEmpty()) {
      throw bad("a text");
    }
    return text;
  }

  boolean flag() {
    return switch (text().toLowerCase(Locale.ROOT)) {
      case "true", "on", "yes" -> true;
      case "false", "off", "no" -> false;
      default -> throw bad("on or off");
    };
  }

  /** A list, or one value in place of a list of one. */
  List<Value> values() {
    if (!(config instanceof ConfigList list)) {
      return List.of(this);
    }
    List<Value> values = new ArrayList<>();
    list.forEach(one -> values.add(new Value(one, where, limits)));
    return values;
  }

  /** At least one of them. */
  List<Value> someValues() {
    List<Value> values = values();
    if (values.isEmpty()) {
      throw bad("at least one value");
    }
    return values;
  }

  List<String> words() {
    return values().stream().map(Value::word).toList();
  }

  /** What a reader makes of the text; its IllegalArgumentException is ours. */
  <T> T as(String expected, Function<String, T> reader) {
    try {
      return reader.apply(word());
    } catch (IllegalArgumentException no) {
      String why = no.getMessage();
      throw bad(why == null ? expected : expected + " (" + why + ")");
    }
  }

  long number(long least, long most) {
    try {
      long number = Long.parseLong(text());
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // answered below, with the range
    }
    throw bad("a number from %d to %d".formatted(least, most));
  }

  long millis() {
    return amount(Amounts::millis);
  }

  long bytes() {
    return amount(Amounts::bytes);
  }

  private long amount(ToLongFunction<String> reader) {
    String text = text();
    try {
      return reader.applyAsLong(text);
    } catch (IllegalArgumentException no) {
      throw bad(String.valueOf(no.getMessage()));
    }
  }

  /** A file; one that is not absolute is looked for beside the rule file. */
  Path file() {
    Path path = Path.of(word());
    Path beside = Path.of(place(config.origin()).replaceFirst(":[0-9]+$", ""));
    Path folder = beside.toAbsolutePath().getParent();
    return path.isAbsolute() || folder == null ? path : folder.resolve(path).normalize();
  }

  Block block(String expected) {
    if (!(config instanceof ConfigObject object)) {
      throw bad(expected);
    }
    return new Block(object, where, limits);
  }
}
