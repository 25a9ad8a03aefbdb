package dev.weir.rules;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A block of keys in a rule file.
 *
 * @param limits of what its values may cost
 */
record Block(ConfigObject config, String where, RulesSettings limits) {
  /** The same under a name that is known by now. */
  Block named(String name) {
    return new Block(config, name, limits);
  }

  /** Null if the key is not there. */
  @Nullable Value get(String key) {
    ConfigValue value = config.get(key);
    return value == null || value.valueType() == ConfigValueType.NULL
        ? null
        : new Value(value, where + ", key '" + key + "'", limits);
  }

  Value need(String key, String expected) {
    Value value = get(key);
    if (value == null) {
      throw bad("a key '" + key + "' with " + expected);
    }
    return value;
  }

  /** The keys as they were written. */
  List<String> keys() {
    List<String> keys = new ArrayList<>(config.keySet());
    keys.sort(Comparator.comparingInt((String key) -> line(key)).thenComparing(key -> key));
    return keys;
  }

  private int line(String key) {
    ConfigValue value = config.get(key);
    return value == null ? 0 : value.origin().lineNumber();
  }

  /** What is not known is refused: a misspelt key that is ignored is a rule that is not there. */
  Block onlyKeys(Collection<String> known) {
    for (String key : keys()) {
      if (!known.contains(key)) {
        throw unknown(key, known);
      }
    }
    return this;
  }

  Block onlyKeys(String... known) {
    return onlyKeys(Set.of(known));
  }

  RuleFileException unknown(String key, Collection<String> known) {
    ConfigValue value = config.get(key);
    String nearest = Nearest.to(key, known);
    return new RuleFileException(
        "%s: %s: unknown key '%s'; %s"
            .formatted(
                Value.place(value == null ? config.origin() : value.origin()),
                where,
                key,
                nearest == null
                    ? "known here: " + String.join(", ", new TreeSet<>(known))
                    : "did you mean '" + nearest + "'?"));
  }

  RuleFileException bad(String expected) {
    return new RuleFileException(
        "%s: %s: expected %s".formatted(Value.place(config.origin()), where, expected));
  }
}
