package dev.weir.wire;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;

/**
 * Reads the limits in a block of settings. One that is out of its range is refused by an {@link
 * IllegalArgumentException} of one sentence: its name, its place, what is expected and what is
 * there.
 */
public final class LimitReader {
  private final Config block;
  private final String name;

  /**
   * @param name of the block, as an operator writes it: {@code weir.edge}
   */
  public LimitReader(Config block, String name) {
    this.block = block;
    this.name = name;
  }

  /** A whole number of things. */
  public int count(String key, int least, int most) {
    return (int) number(key, least, most);
  }

  /** A whole number; times, their unit at the end of the key. */
  public long number(String key, long least, long most) {
    String form = "a whole number from " + least + " to " + most;
    try {
      return within(block.getLong(key), key, least, most, form);
    } catch (ConfigException.WrongType | ConfigException.BadValue odd) {
      throw bad(key, form);
    }
  }

  /** A size, with a unit or in bytes. */
  public int bytes(String key, int least, int most) {
    String form = "a size from " + least + " to " + most + " bytes";
    try {
      return (int) within(block.getBytes(key), key, least, most, form);
    } catch (ConfigException.WrongType | ConfigException.BadValue odd) {
      throw bad(key, form);
    }
  }

  private long within(long value, String key, long least, long most, String form) {
    if (value < least || value > most) {
      throw bad(key, form);
    }
    return value;
  }

  private IllegalArgumentException bad(String key, String form) {
    var value = block.getValue(key);
    return new IllegalArgumentException(
        "%s.%s (%s): expected %s, got '%s'"
            .formatted(name, key, value.origin().description(), form, value.unwrapped()));
  }
}
