package dev.weir.rules;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;

/**
 * What one evaluation of an expression may cost, block {@code weir.rules}.
 *
 * @param maxSteps operators, calls and variables, each round of a loop anew
 * @param maxRounds rounds of all loops together
 * @param maxChars characters of all texts that are made on the way
 */
public record RulesSettings(int maxSteps, int maxRounds, long maxChars) {
  private static final RulesSettings USUAL =
      from(ConfigFactory.parseResources("reference/rules.conf").resolve().getConfig("weir.rules"));

  public RulesSettings {
    atLeast(1, maxSteps, "max-steps");
    atLeast(1, maxRounds, "max-rounds");
    atLeast(1, maxChars, "max-chars");
  }

  /**
   * Reads the block.
   *
   * @throws IllegalArgumentException for what cannot be used
   */
  public static RulesSettings from(Config room) {
    try {
      Config expression = room.getConfig("expression");
      return new RulesSettings(
          expression.getInt("max-steps"),
          expression.getInt("max-rounds"),
          expression.getBytes("max-chars"));
    } catch (ConfigException bad) {
      throw new IllegalArgumentException(String.valueOf(bad.getMessage()), bad);
    }
  }

  /** The defaults, for whoever reads rule files without a node's settings. */
  public static RulesSettings usual() {
    return USUAL;
  }

  private static void atLeast(long least, long value, String name) {
    if (value < least) {
      throw new IllegalArgumentException(
          "weir.rules.expression.%s must be at least %d, not %d".formatted(name, least, value));
    }
  }
}
