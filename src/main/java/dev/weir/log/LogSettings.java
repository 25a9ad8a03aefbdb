package dev.weir.log;

import com.typesafe.config.Config;

/**
 * How the process log is written.
 *
 * @param level of Weir's own loggers: trace, debug, info, warn, error or off
 * @param format json, text, or auto (text on a terminal, JSON elsewhere)
 * @param queueEvents how many lines may wait for the writer; further ones are dropped and counted
 */
public record LogSettings(String level, String format, int queueEvents) {
  public LogSettings {
    if (queueEvents < 256) {
      throw new IllegalArgumentException("weir.log.queue-events must be at least 256");
    }
    if (!"json".equals(format) && !"text".equals(format) && !"auto".equals(format)) {
      throw new IllegalArgumentException("weir.log.format is json, text or auto, not " + format);
    }
  }

  public static LogSettings from(Config room) {
    return new LogSettings(
        room.getString("level"), room.getString("format"), room.getInt("queue-events"));
  }
}
