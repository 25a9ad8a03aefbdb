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
    long tunnelIdleTimeoutMillis) {

  public static GuardSettings from(Config guard) {
    return new GuardSettings(
        bytes(guard, "max-head-bytes"),
        bytes(guard, "max-target-bytes"),
        guard.getInt("max-fields"),
        bytes(guard, "max-trailer-bytes"),
        bytes(guard, "max-chunk-line-bytes"),
        bytes(guard, "max-chunk-extension-bytes"),
        guard.getInt("max-interim-heads"),
        bytes(guard, "pipeline-buffer-bytes"),
        bytes(guard, "whole-body-bytes"),
        bytes(guard, "coalesce-bytes"),
        bytes(guard, "drain-bytes"),
        guard.getLong("linger-millis"),
        guard.getLong("head-timeout-millis"),
        guard.getLong("idle-timeout-millis"),
        guard.getLong("body-idle-timeout-millis"),
        guard.getLong("body-window-millis"),
        guard.getLong("body-window-min-bytes"),
        guard.getLong("send-stall-timeout-millis"),
        guard.getLong("tunnel-idle-timeout-millis"));
  }

  private static int bytes(Config guard, String key) {
    return Math.toIntExact(guard.getBytes(key));
  }
}
