package dev.weir.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.util.ReentryGuard;
import ch.qos.logback.core.util.ReentryGuardFactory;
import java.io.OutputStream;

/** Hands log events to a {@link LineWriter}; the caller never waits. */
final class LineAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
  private final Encoder<ILoggingEvent> encoder;
  private final ExchangeLines exchanges;
  private final LineWriter<ILoggingEvent> writer;

  LineAppender(
      LogSettings settings,
      Encoder<ILoggingEvent> encoder,
      ExchangeLines exchanges,
      OutputStream out) {
    this.encoder = encoder;
    this.exchanges = exchanges;
    writer = new LineWriter<>(settings, this::render, out);
  }

  @Override
  public void start() {
    super.start();
    writer.start();
  }

  @Override
  public void stop() {
    if (isStarted()) {
      super.stop();
      writer.stop();
      encoder.stop();
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    // Arguments are immutable, so rendering can wait for the writing thread; only what depends on
    // the calling thread is taken now.
    event.getThreadName();
    writer.put(event);
  }

  @Override
  protected ReentryGuard buildReentryGuard() {
    return ReentryGuardFactory.makeGuard(ReentryGuardFactory.GuardType.NOP); // putting logs nothing
  }

  LineWriter<ILoggingEvent> writer() {
    return writer;
  }

  private void render(ILoggingEvent event, LineBuffer lines) {
    ExchangeRecord exchange = ExchangeLines.told(event);
    if (exchange == null) {
      lines.add(encoder.encode(event));
    } else {
      exchanges.add(event, exchange, lines);
    }
  }
}
