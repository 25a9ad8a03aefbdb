package dev.weir.log;

import com.typesafe.config.Config;
import java.util.concurrent.TimeUnit;

/**
 * How the process log is written.
 *
 * @param level of Weir's own loggers: trace, debug, info, warn, error or off
 * @param format json, text, or auto (text on a terminal, JSON elsewhere)
 * @param queueEvents how many lines may wait for the writer; further ones are dropped and counted
 * @param pauseMillis how long the writer pauses between two batches while lines come
 * @param batchBytes how many bytes of lines it writes at once
 */
public record LogSettings(
    String level, String format, int queueEvents, int pauseMillis, int batchBytes) {
  public LogSettings {
    if (queueEvents < 256 || queueEvents > 1 << 24) {
      throw new IllegalArgumentException("weir.log.queue-events must be from 256 to 16777216");
    }
    if (pauseMillis < 1 || pauseMillis > 1000) {
      throw new IllegalArgumentException("weir.log.pause must be from 1 ms to 1 s");
    }
    if (batchBytes < 1024 || batchBytes > 16 << 20) {
      throw new IllegalArgumentException("weir.log.batch-bytes must be from 1024 to 16 MiB");
    }
    if (!"json".equals(format) && !"text".equals(format) && !"auto".equals(format)) {
      throw new IllegalArgumentException("weir.log.format is json, text or auto, not " + format);
    }
  }

  public static LogSettings from(Config room) {
    return new LogSettings(
        room.getString("level"),
        room.getString("format"),
        room.getInt("queue-events"),
        Math.toIntExact(room.getDuration("pause", TimeUnit.MILLISECONDS)),
        Math.toIntExact(room.getBytes("batch-bytes")));
  }
}
