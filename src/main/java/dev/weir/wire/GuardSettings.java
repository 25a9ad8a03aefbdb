package dev.weir.wire;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;

/**
 * Limits and time budgets of the framing guards; block {@code weir.guard}, where each default has
 * its reason.
 */
public record GuardSettings(
    int maxHeadBytes,
    int maxTargetBytes,
    int maxFields,
    int maxTrailerBytes,
    int maxChunkLineBytes,
    int maxChunkExtensionBytes,
    int maxInterimHeads,
    int maxInterimBytes,
    int pipelineBufferBytes,
    int wholeBodyBytes,
    int coalesceBytes,
    int drainBytes,
    long lingerMillis,
    long headTimeoutMillis,
    long idleTimeoutMillis,
    long bodyIdleTimeoutMillis,
    long bodyWindowMillis,
    long bodyWindowMinBytes,
    long sendStallTimeoutMillis,
    long tunnelIdleTimeoutMillis,
    long continueWaitMillis) {
  private static final int MIB = 1024 * 1024;
  private static final long DAY_MILLIS = 86_400_000;

  /**
   * Reads the block.
   *
   * @throws IllegalArgumentException if a value is out of its range: one sentence with its place
   *     and the range
   */
  public static GuardSettings from(Config guard) {
    int maxHeadBytes = bytes(guard, "max-head-bytes", 1024, 16 * MIB);
    return new GuardSettings(
        maxHeadBytes,
        bytes(guard, "max-target-bytes", 256, maxHeadBytes),
        Math.toIntExact(number(guard, "max-fields", 8, 10_000)),
        // A section without fields is an empty line.
        bytes(guard, "max-trailer-bytes", 2, MIB),
        bytes(guard, "max-chunk-line-bytes", 0, MIB),
        bytes(guard, "max-chunk-extension-bytes", 0, 16 * MIB),
        Math.toIntExact(number(guard, "max-interim-heads", 1, 1000)),
        bytes(guard, "max-interim-bytes", 1024, 16 * MIB),
        bytes(guard, "pipeline-buffer-bytes", 1024, 64 * MIB),
        bytes(guard, "whole-body-bytes", 0, 64 * MIB),
        bytes(guard, "coalesce-bytes", 0, 64 * MIB),
        bytes(guard, "drain-bytes", 0, 1024 * MIB),
        number(guard, "linger-millis", 0, 60_000),
        number(guard, "head-timeout-millis", 1, DAY_MILLIS),
        number(guard, "idle-timeout-millis", 1, DAY_MILLIS),
        number(guard, "body-idle-timeout-millis", 1, DAY_MILLIS),
        number(guard, "body-window-millis", 1, DAY_MILLIS),
        number(guard, "body-window-min-bytes", 0, 1024 * MIB),
        number(guard, "send-stall-timeout-millis", 1, DAY_MILLIS),
        number(guard, "tunnel-idle-timeout-millis", 1, 30 * DAY_MILLIS),
        number(guard, "continue-wait-millis", 0, 600_000));
  }

  private static long number(Config guard, String key, long least, long most) {
    String form = "a whole number from " + least + " to " + most;
    try {
      return within(guard.getLong(key), guard, key, least, most, form);
    } catch (ConfigException.WrongType | ConfigException.BadValue odd) {
      throw bad(guard, key, form);
    }
  }

  private static int bytes(Config guard, String key, int least, int most) {
    String form = "a size from " + least + " to " + most + " bytes";
    try {
      return (int) within(guard.getBytes(key), guard, key, least, most, form);
    } catch (ConfigException.WrongType | ConfigException.BadValue odd) {
      throw bad(guard, key, form);
    }
  }

  private static long within(
      long value, Config guard, String key, long least, long most, String form) {
    if (value < least || value > most) {
      throw bad(guard, key, form);
    }
    return value;
  }

  private static IllegalArgumentException bad(Config guard, String key, String form) {
    var value = guard.getValue(key);
    return new IllegalArgumentException(
        "weir.guard.%s (%s): expected %s, got '%s'"
            .formatted(key, value.origin().description(), form, value.unwrapped()));
  }
}
