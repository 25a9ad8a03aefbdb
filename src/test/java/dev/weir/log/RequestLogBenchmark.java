package dev.weir.log;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AsyncAppenderBase;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.ZoneId;
import java.util.concurrent.TimeUnit;
import net.logstash.logback.encoder.LogstashEncoder;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a request's line costs: to render, and at the pace of a busy node (one each 40 µs) on the
 * request's side and, as CPU time, in the writer's thread. Beside it the same line through
 * Logback's own queue, encoder and stream.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RequestLogBenchmark {
  private static final long PACE_NANOS = 40_000;
  private static final int BATCH_BYTES = 65_536;

  @Param({"weir", "logback"})
  public String by = "weir";

  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
  private final ExchangeLog log = new ExchangeLog();
  private final ExchangeLines lines = new ExchangeLines(true, ZoneId.systemDefault());
  private final LineBuffer buffer = new LineBuffer(2 * BATCH_BYTES);
  private final LogstashEncoder encoder = new LogstashEncoder();
  private final ExchangeRecord exchange =
      new ExchangeRecord(
          "5f0c2a9b00000001",
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 40_001),
          "GET",
          "https://files.example.org/packages/ab/cd/some-package-1.2.3-py3-none-any.whl?token=x",
          200,
          ServeReason.HIT_FRESH,
          "ImmutableUrls",
          "",
          null,
          1024,
          1,
          true);
  private @Nullable OutputStream out;

  @Setup
  public void start() throws IOException {
    OutputStream out = new FileOutputStream("/dev/null");
    this.out = out;
    encoder.setContext(context);
    encoder.setVersion(null);
    encoder.start();
    if (by.equals("weir")) {
      ProcessLog.start(new LogSettings("info", "json", 8192, 10, BATCH_BYTES), out);
      return;
    }
    context.reset();
    OutputStreamAppender<ILoggingEvent> stream = new OutputStreamAppender<>();
    stream.setContext(context);
    stream.setEncoder(encoder);
    stream.setOutputStream(out);
    stream.start();
    AsyncAppenderBase<ILoggingEvent> queue = new PerLine();
    queue.setContext(context);
    queue.addAppender(stream);
    queue.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(queue);
  }

  @TearDown
  public void stop() throws IOException {
    context.stop();
    if (out != null) {
      out.close();
    }
  }

  @Benchmark
  public int render() {
    LoggingEvent event =
        new LoggingEvent(
            "",
            context.getLogger("weir.exchange"),
            ch.qos.logback.classic.Level.INFO,
            ExchangeLog.MESSAGE,
            null,
            new Object[] {exchange});
    if (!by.equals("weir")) {
      return encoder.encode(event).length;
    }
    if (buffer.count() > BATCH_BYTES) {
      buffer.clear();
    }
    lines.add(event, exchange, buffer);
    return buffer.count();
  }

  /** Its own time is the pace; the columns beside it are the costs. */
  @Benchmark
  public void paced(Cost cost) {
    long begun = System.nanoTime();
    log.accept(exchange);
    cost.lines++;
    cost.callerNanos += System.nanoTime() - begun;
    while (System.nanoTime() - begun < PACE_NANOS) {
      Thread.onSpinWait();
    }
  }

  /** Summed over all measured iterations; to be divided by the lines. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Cost {
    public long lines;
    public long callerNanos;
    public long writerCpuNanos;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private long writerBegunNanos;
    private long writer;

    @Setup(Level.Iteration)
    public void begin() {
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().equals("weir-log") || thread.getName().startsWith("AsyncAppender")) {
          writer = thread.threadId();
        }
      }
      writerBegunNanos = threads.getThreadCpuTime(writer);
    }

    @TearDown(Level.Iteration)
    public void end() {
      writerCpuNanos = threads.getThreadCpuTime(writer) - writerBegunNanos;
    }
  }

  private static final class PerLine extends AsyncAppenderBase<ILoggingEvent> {
    PerLine() {
      setQueueSize(8192);
      setDiscardingThreshold(128);
      setNeverBlock(true);
    }

    @Override
    protected void preprocess(ILoggingEvent event) {
      event.getThreadName();
    }
  }
}
