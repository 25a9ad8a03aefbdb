package dev.weir.rules;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;

/**
 * What rules may cost, block {@code weir.rules}: one evaluation of an expression, and a command
 * that tells a secret.
 *
 * @param maxSteps operators, calls and variables, each round of a loop anew
 * @param maxRounds rounds of all loops together
 * @param maxChars characters of all texts that are made on the way
 */
public record RulesSettings(int maxSteps, int maxRounds, long maxChars, Command command) {
  private static final RulesSettings USUAL =
      from(ConfigFactory.parseResources("reference/rules.conf").resolve().getConfig("weir.rules"));

  /**
   * A command that tells a secret.
   *
   * @param timeoutMillis within which it must have ended
   * @param maxBytes that it may say
   * @param retryMillis before one that failed is run again, where it has told a secret before
   */
  public record Command(long timeoutMillis, int maxBytes, long retryMillis) {
    public Command {
      atLeast(1, timeoutMillis, "secret-command.timeout");
      atLeast(1, maxBytes, "secret-command.max-bytes");
      atLeast(1, retryMillis, "secret-command.retry");
    }

    private static Command from(Config room) {
      return new Command(
          room.getDuration("timeout").toMillis(),
          Math.toIntExact(room.getBytes("max-bytes")),
          room.getDuration("retry").toMillis());
    }
  }

  public RulesSettings {
    atLeast(1, maxSteps, "expression.max-steps");
    atLeast(1, maxRounds, "expression.max-rounds");
    atLeast(1, maxChars, "expression.max-chars");
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
          expression.getBytes("max-chars"),
          Command.from(room.getConfig("secret-command")));
    } catch (ConfigException | ArithmeticException bad) {
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
          "weir.rules.%s must be at least %d, not %d".formatted(name, least, value));
    }
  }
}
