package dev.weir.wire;

import com.typesafe.config.Config;

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
    LimitReader limits = new LimitReader(guard, "weir.guard");
    int maxHeadBytes = limits.bytes("max-head-bytes", 1024, 16 * MIB);
    return new GuardSettings(
        maxHeadBytes,
        limits.bytes("max-target-bytes", 256, maxHeadBytes),
        limits.count("max-fields", 8, 10_000),
        // A section without fields is an empty line.
        limits.bytes("max-trailer-bytes", 2, MIB),
        limits.bytes("max-chunk-line-bytes", 0, MIB),
        limits.bytes("max-chunk-extension-bytes", 0, 16 * MIB),
        limits.count("max-interim-heads", 1, 1000),
        limits.bytes("max-interim-bytes", 1024, 16 * MIB),
        limits.bytes("pipeline-buffer-bytes", 1024, 64 * MIB),
        limits.bytes("whole-body-bytes", 0, 64 * MIB),
        limits.bytes("coalesce-bytes", 0, 64 * MIB),
        limits.bytes("drain-bytes", 0, 1024 * MIB),
        limits.number("linger-millis", 0, 60_000),
        limits.number("head-timeout-millis", 1, DAY_MILLIS),
        limits.number("idle-timeout-millis", 1, DAY_MILLIS),
        limits.number("body-idle-timeout-millis", 1, DAY_MILLIS),
        limits.number("body-window-millis", 1, DAY_MILLIS),
        limits.number("body-window-min-bytes", 0, 1024 * MIB),
        limits.number("send-stall-timeout-millis", 1, DAY_MILLIS),
        limits.number("tunnel-idle-timeout-millis", 1, 30 * DAY_MILLIS),
        limits.number("continue-wait-millis", 0, 600_000));
  }
}
