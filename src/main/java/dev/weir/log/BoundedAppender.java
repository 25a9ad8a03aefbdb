package dev.weir.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AsyncAppenderBase;
import java.util.concurrent.atomic.LongAdder;

/**
 * Hands log events to a writing thread through a bounded queue and never makes the caller wait:
 * when the queue is nearly full an event is dropped and counted.
 */
final class BoundedAppender extends AsyncAppenderBase<ILoggingEvent> {
  /**
   * Room kept for callers that looked at the same moment; dropping starts here, so what is dropped
   * is counted.
   */
  private static final int RESERVE = 128;

  private final LongAdder dropped = new LongAdder();

  BoundedAppender(int queueEvents) {
    setQueueSize(queueEvents);
    setDiscardingThreshold(RESERVE);
    setNeverBlock(true);
  }

  @Override
  protected boolean isDiscardable(ILoggingEvent event) {
    dropped.increment();
    return true;
  }

  @Override
  protected void preprocess(ILoggingEvent event) {
    // Arguments are immutable, so rendering can wait for the writing thread; only what depends on
    // the calling thread is taken now.
    event.getThreadName();
  }

  long dropped() {
    return dropped.sum();
  }
}
