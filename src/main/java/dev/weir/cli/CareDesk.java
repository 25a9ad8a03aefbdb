package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.store.collect.Progress;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs collections and checks of a running node, one at a time on a thread of its own, when asked
 * and by itself once per interval. What the last one did can be asked for at any time.
 */
final class CareDesk implements AutoCloseable {
  static final String GC = "gc";
  static final String FSCK = "fsck";
  private static final Logger LOG = LoggerFactory.getLogger(CareDesk.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StoreCare care;
  private final LongAdder passes = new LongAdder();
  private final LongAdder failedPasses = new LongAdder();
  private final LongAdder freedChunks = new LongAdder();
  private final LongAdder freedBytes = new LongAdder();
  private final @Nullable Thread background;
  private @Nullable Run current;

  /** One run, under way or ended. */
  private static final class Run implements Progress {
    private final String task;
    private final LongAdder done = new LongAdder();
    private volatile String phase = "";
    private volatile long total;
    private volatile StoreCare.@Nullable Result result;
    private @Nullable Thread thread;

    Run(String task) {
      this.task = task;
    }

    @Override
    public void phase(String name, long steps) {
      done.reset();
      total = steps;
      phase = name;
    }

    @Override
    public void advance(long steps) {
      done.add(steps);
    }
  }

  CareDesk(StoreCare care) {
    this.care = care;
    this.background =
        care.objects() == null || care.settings().intervalMillis() == 0
            ? null
            : Thread.ofPlatform().daemon().name("weir-collector-timer").start(this::repeat);
  }

  /** The nodes of a fleet do not begin at one time; who comes second finds the lease taken. */
  private void repeat() {
    long interval = care.settings().intervalMillis();
    try {
      while (true) {
        Thread.sleep(interval / 2 + (long) (Math.random() * interval));
        begin(GC, Set.of());
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  /** Begins, unless one is under way; tells whether it did. */
  synchronized boolean begin(String task, Set<String> options) {
    Run last = current;
    if (last != null && last.result == null) {
      return false;
    }
    Run run = new Run(task);
    current = run;
    run.thread = Thread.ofPlatform().daemon().name("weir-" + task).start(() -> work(run, options));
    return true;
  }

  @SuppressWarnings("CatchingUnchecked") // whatever it was is the run's end, and told
  private void work(Run run, Set<String> options) {
    try {
      StoreCare.Result result =
          run.task.equals(FSCK) ? care.fsck(options, run) : care.gc(options, run);
      freedChunks.add(result.freedChunks());
      freedBytes.add(result.freedBytes());
      (result.exit() == 1 ? failedPasses : passes).increment();
      LOG.info("{}: {}", run.task, result.text().strip().replace("\n", "; "));
      run.result = result;
    } catch (Exception e) {
      failedPasses.increment();
      LOG.warn("{} stopped: {}", run.task, e.toString().replaceAll("\\p{Cntrl}+", " "));
      run.result = StoreCare.Result.of(1, "stopped: " + e.getMessage());
    }
  }

  /** A JSON object about the run under way, or the last. */
  synchronized String status() {
    ObjectNode page = JSON.createObjectNode();
    Run run = current;
    StoreCare.Result result = run == null ? null : run.result;
    page.put("task", run == null ? "" : run.task);
    page.put("running", run != null && result == null);
    if (run != null) {
      page.put("phase", run.phase);
      page.put("done", run.done.sum());
      page.put("total", run.total);
    }
    if (result != null) {
      page.put("exit", result.exit());
      page.put("text", result.text());
    }
    try {
      return JSON.writeValueAsString(page);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page cannot be written", e);
    }
  }

  long passes() {
    return passes.sum();
  }

  long failedPasses() {
    return failedPasses.sum();
  }

  long freedChunks() {
    return freedChunks.sum();
  }

  long freedBytes() {
    return freedBytes.sum();
  }

  /** A run under way is interrupted: the next goes on where it was. */
  @Override
  public void close() {
    if (background != null) {
      background.interrupt();
    }
    Thread running;
    synchronized (this) {
      running = current == null ? null : current.thread;
    }
    if (running != null) {
      running.interrupt();
      try {
        running.join(5_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
