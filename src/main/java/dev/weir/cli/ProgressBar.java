package dev.weir.cli;

import dev.weir.store.collect.Progress;
import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** One line on standard error that says how far it is; silent where that is no terminal. */
final class ProgressBar implements Progress, AutoCloseable {
  private static final int WIDTH = 30;
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final @Nullable PrintStream terminal;
  private final LongAdder done = new LongAdder();
  private String phase = "";
  private long total;
  private long phaseBegunNanos = System.nanoTime();
  private volatile long drawnNanos = System.nanoTime() - REDRAW_NANOS;

  private ProgressBar(@Nullable PrintStream terminal) {
    this.terminal = terminal;
  }

  /** A console may be there although its output is a file: then it says so. */
  @SuppressWarnings("SystemConsoleNull") // it is null again where there is none, from JDK 25 on
  static ProgressBar onTerminal() {
    Console console = System.console();
    boolean shown = console != null && console.isTerminal();
    return new ProgressBar(shown ? System.err : null);
  }

  static ProgressBar on(PrintStream terminal) {
    return new ProgressBar(terminal);
  }

  @Override
  public synchronized void phase(String name, long steps) {
    phase = name;
    total = steps;
    done.reset();
    phaseBegunNanos = System.nanoTime();
    draw();
  }

  @Override
  public void advance(long steps) {
    done.add(steps);
    if (System.nanoTime() - drawnNanos > REDRAW_NANOS) {
      draw();
    }
  }

  private synchronized void draw() {
    if (terminal == null) {
      return;
    }
    drawnNanos = System.nanoTime();
    double seconds = Math.max(0.001, (drawnNanos - phaseBegunNanos) / 1e9);
    terminal.print("\r\u001b[K" + line(phase, done.sum(), total, Math.round(done.sum() / seconds)));
    terminal.flush();
  }

  /** The line without what moves the cursor; a bar only where the end is known. */
  static String line(String phase, long done, long total, long perSecond) {
    if (total <= 0) {
      return String.format(Locale.ROOT, "%s: %,d (%,d/s)", phase, done, perSecond);
    }
    int filled = (int) (WIDTH * Math.min(done, total) / total);
    return String.format(
        Locale.ROOT,
        "%s [%s%s] %,d of %,d (%,d/s)",
        phase,
        "#".repeat(filled),
        "-".repeat(WIDTH - filled),
        done,
        total,
        perSecond);
  }

  /** Takes the line away. */
  @Override
  public synchronized void close() {
    if (terminal != null && !phase.isEmpty()) {
      terminal.print("\r\u001b[K");
      terminal.flush();
      phase = "";
    }
  }
}
