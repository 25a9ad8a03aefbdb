package dev.weir.filters;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import dev.weir.proxy.filter.FilterSettings;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** A filter's settings from a block of the configuration; remembers which keys were asked for. */
final class BlockSettings implements FilterSettings {
  private final String path;
  private final Config block;
  private final Set<String> asked = new HashSet<>();
  private final Map<String, BlockSettings> blocks = new TreeMap<>();

  BlockSettings(String path, Config block) {
    this.path = path;
    this.block = block;
  }

  /** The first key that nobody has asked for, with its place; empty if all were. */
  String unread() {
    for (String key : keys()) {
      if (!asked.contains(key)) {
        return place(key) + ": unknown key";
      }
    }
    for (BlockSettings within : blocks.values()) {
      String unread = within.unread();
      if (!unread.isEmpty()) {
        return unread;
      }
    }
    return "";
  }

  @Override
  public boolean has(String key) {
    asked.add(key);
    return block.root().containsKey(key) && block.hasPath(quoted(key));
  }

  @Override
  public String text(String key, String otherwise) {
    return has(key) ? read(key, "a text", block::getString) : otherwise;
  }

  @Override
  public String text(String key) {
    if (!has(key)) {
      throw new IllegalArgumentException(path + "." + key + " is not set");
    }
    return read(key, "a text", block::getString);
  }

  @Override
  public long number(String key, long otherwise) {
    return has(key) ? read(key, "a whole number", block::getLong) : otherwise;
  }

  @Override
  public boolean flag(String key, boolean otherwise) {
    return has(key) ? read(key, "true or false", block::getBoolean) : otherwise;
  }

  @Override
  public Duration duration(String key, Duration otherwise) {
    return has(key) ? read(key, "a duration such as 500ms or 2m", block::getDuration) : otherwise;
  }

  @Override
  public List<String> texts(String key) {
    return has(key) ? List.copyOf(read(key, "a list of texts", block::getStringList)) : List.of();
  }

  @Override
  public FilterSettings block(String key) {
    boolean there = has(key);
    return blocks.computeIfAbsent(
        key,
        name ->
            new BlockSettings(
                path + "." + name,
                there ? read(name, "a block", block::getConfig) : ConfigFactory.empty()));
  }

  @Override
  public Set<String> keys() {
    return new TreeSet<>(block.root().keySet());
  }

  @Override
  public IllegalArgumentException bad(String key, String sentence) {
    return new IllegalArgumentException(place(key) + ": " + sentence);
  }

  private <T> T read(String key, String form, Function<String, T> reader) {
    try {
      return reader.apply(quoted(key));
    } catch (ConfigException bad) {
      throw bad(key, "expected " + form);
    }
  }

  private String place(String key) {
    String where =
        block.hasPath(quoted(key)) ? block.getValue(quoted(key)).origin().description() + ": " : "";
    return where + path + "." + key;
  }

  private static String quoted(String key) {
    return "\"" + key + "\"";
  }
}
