package dev.weir.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import java.io.Console;
import java.io.OutputStream;
import java.time.ZoneId;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.LoggerFactory;

/**
 * The process log: standard error, JSON unless that is a terminal, written in batches by one thread
 * behind a bounded queue.
 */
public final class ProcessLog implements AutoCloseable {
  private final LineAppender lines;
  private final LoggerContext context;

  private ProcessLog(LineAppender lines, LoggerContext context) {
    this.lines = lines;
    this.context = context;
  }

  /** Sets up logging for the whole process, replacing whatever was set up before. */
  public static ProcessLog start(LogSettings settings) {
    return start(settings, ConsoleTarget.SystemErr.getStream());
  }

  static ProcessLog start(LogSettings settings, OutputStream out) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    context.start(); // one that was closed would not stop once more
    boolean json = isJson(settings.format());
    LineAppender lines =
        new LineAppender(
            settings, encoder(context, json), new ExchangeLines(json, ZoneId.systemDefault()), out);
    lines.setContext(context);
    lines.setName("lines");
    lines.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.INFO);
    root.addAppender(lines);
    Level level = Level.toLevel(settings.level(), Level.INFO);
    context.getLogger("weir").setLevel(level);
    context.getLogger("dev.weir").setLevel(level);
    if (level.isGreaterOrEqual(Level.WARN)) {
      root.setLevel(level);
    }
    return new ProcessLog(lines, context);
  }

  /** How many lines were dropped because the writer could not keep up, or could not be written. */
  public long dropped() {
    return lines.writer().dropped();
  }

  /** Changes the level of Weir's own loggers while running. */
  public void level(String name) {
    Level level = Level.toLevel(name, Level.INFO);
    context.getLogger("weir").setLevel(level);
    context.getLogger("dev.weir").setLevel(level);
  }

  /** Writes what is queued, briefly, and stops. */
  @Override
  public void close() {
    context.stop();
  }

  @SuppressWarnings(
      "SystemConsoleNull") // it is null again since JDK 25 where nothing is interactive
  private static boolean isJson(String format) {
    return switch (format) {
      case "json" -> true;
      case "text" -> false;
      default -> {
        Console console = System.console();
        yield console == null || !console.isTerminal();
      }
    };
  }

  private static Encoder<ILoggingEvent> encoder(LoggerContext context, boolean json) {
    if (json) {
      LogstashEncoder encoder = new LogstashEncoder();
      encoder.setContext(context);
      encoder.setVersion(null);
      encoder.start();
      return encoder;
    }
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{24} %msg%n");
    encoder.start();
    return encoder;
  }
}
