package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Held entries on their way to the object store.
 *
 * <pre>
 *   held ──accepted──▶ uploading ──last chunk durable──▶ announcing ──settled──▶ gone
 * </pre>
 *
 * <p>Some chunks at a time are put, entries in the order they came. A put that fails comes again;
 * while the store is sick all wait, longer each time, and one put tries whether it is back. Nothing
 * of a body is in memory but what the puts under way have read from the disk. A restart begins
 * again with what the folder holds; chunks that had arrived are skipped.
 */
final class Pending implements Holding, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Pending.class);

  private final PendingFolder folder;
  private final ObjectStore objects;
  private final Distrusted distrusted;
  private final StoreSettings.Tier settings;
  private final long commitWithinNanos;
  private final BlockingPool pool;
  private final Map<FillId, Line> lines = new LinkedHashMap<>();
  private final Deque<Line> ready = new ArrayDeque<>();
  private final Map<ChunkId, Integer> named = new HashMap<>();
  private final Repeating retries;
  private @Nullable Announcer announcer;
  private long bytes;
  private int running;
  private int failures;
  private long pausedUntilNanos = System.nanoTime();
  private boolean closed;

  /** One entry; guarded by the whole. */
  private static final class Line {
    final HeldEntry held;
    final Map<ChunkId, Long> lengths;
    final Deque<ChunkId> todo;
    int underWay;
    boolean accepted;
    boolean gone;
    boolean announcing;

    /** When the first put began that its document would rest on. */
    long firstPutNanos;

    int puts;

    Line(HeldEntry held, Map<ChunkId, Long> lengths) {
      this.held = held;
      this.lengths = lengths;
      this.todo = new ArrayDeque<>(lengths.keySet());
    }

    FillId tag() {
      return held.entry().tag();
    }

    void putBegins(long nowNanos) {
      if (puts++ == 0) {
        firstPutNanos = nowNanos;
      }
    }

    /**
     * Puts that are long ago protect nothing any more: a collector may have condemned the chunks
     * since. All begin anew, most of them finding their bytes there.
     */
    boolean isStale(long nowNanos, long withinNanos) {
      return puts > 0 && nowNanos - firstPutNanos >= withinNanos;
    }

    void beginAnew() {
      puts = 0;
      todo.addAll(lengths.keySet());
    }

    boolean isDurable() {
      return accepted && todo.isEmpty() && underWay == 0;
    }
  }

  /**
   * One put.
   *
   * @param replace what is there, which is not what it should be
   */
  private record Job(Line line, ChunkId chunk, boolean replace) {}

  /**
   * Reads what a former run had held; blocks.
   *
   * @param distrusted the chunks that were found damaged or lost in the object store
   * @param commitWithinMillis of an entry's first put its document has to be written
   */
  Pending(
      PendingFolder folder,
      ObjectStore objects,
      Distrusted distrusted,
      StoreSettings.Tier settings,
      long commitWithinMillis) {
    this.folder = folder;
    this.commitWithinNanos = TimeUnit.MILLISECONDS.toNanos(commitWithinMillis);
    this.objects = objects;
    this.distrusted = distrusted;
    this.settings = settings;
    this.pool = new BlockingPool("pending", 2, settings.pendingEntries());
    for (HeldEntry held : folder.load()) {
      Line line = new Line(held, folder.lengths(held.entry()));
      line.accepted = true;
      enter(line);
      ready.add(line);
    }
    if (!lines.isEmpty()) {
      log.info("{} entries of the last run are still to be uploaded", lines.size());
    }
    this.retries = new Repeating("uploads", settings.minRetryMillis(), this::pump);
  }

  @Override
  public boolean concerns(Entry entry) {
    return BodyChunks.has(entry.body());
  }

  @Override
  public CompletionStage<Optional<String>> hold(HeldEntry held) {
    return pool.call(() -> write(held))
        .exceptionally(
            failure -> {
              log.warn("An entry is not held: {}", LogText.escape(failure.toString()));
              release(held.entry().tag());
              return Optional.of("pending-unwritable");
            });
  }

  private Optional<String> write(HeldEntry held) {
    Line line = new Line(held, folder.lengths(held.entry()));
    synchronized (this) {
      if (full().isPresent()) {
        return full();
      }
      enter(line);
    }
    folder.write(held);
    return Optional.empty();
  }

  private synchronized void enter(Line line) {
    lines.put(line.tag(), line);
    bytes += line.held.entry().body().length();
    line.lengths.keySet().forEach(id -> named.merge(id, 1, Integer::sum));
  }

  @Override
  public synchronized Optional<String> full() {
    return bytes >= settings.pendingBytes() || lines.size() >= settings.pendingEntries()
        ? Optional.of("pending-full")
        : Optional.empty();
  }

  @Override
  public void accepted(FillId tag) {
    synchronized (this) {
      Line line = lines.get(tag);
      if (line == null || line.accepted) {
        return;
      }
      line.accepted = true;
      ready.add(line);
    }
    pump();
  }

  @Override
  public void release(FillId tag) {
    synchronized (this) {
      Line line = lines.remove(tag);
      if (line == null) {
        return;
      }
      line.gone = true;
      ready.remove(line);
      bytes -= line.held.entry().body().length();
      for (ChunkId id : line.lengths.keySet()) {
        named.computeIfPresent(id, (_, count) -> count == 1 ? null : count - 1);
      }
    }
    if (!pool.tryRun(() -> folder.delete(tag))) {
      log.debug("A folder of a held entry stays until the next start");
    }
  }

  @Override
  public synchronized List<HeldEntry> held() {
    return lines.values().stream().map(line -> line.held).toList();
  }

  @Override
  public synchronized void announceBy(Announcer by) {
    announcer = by;
  }

  /** Whether an entry that is held names it: such a chunk is nowhere else yet. */
  synchronized boolean names(ChunkId id) {
    return named.containsKey(id);
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized int entries() {
    return lines.size();
  }

  /** Begins what may begin now. */
  private void pump() {
    List<Job> jobs = new ArrayList<>();
    List<Line> durable = new ArrayList<>();
    synchronized (this) {
      if (closed || System.nanoTime() - pausedUntilNanos < 0) {
        return;
      }
      int most = failures > 0 ? 1 : settings.uploads();
      while (running < most && !ready.isEmpty()) {
        Line line = ready.peek();
        if (line.isDurable() && line.isStale(System.nanoTime(), commitWithinNanos)) {
          line.beginAnew();
        }
        ChunkId chunk = line.todo.poll();
        if (chunk == null) {
          ready.remove();
          if (line.isDurable() && !line.announcing) {
            line.announcing = true;
            durable.add(line);
          }
        } else {
          line.underWay++;
          line.putBegins(System.nanoTime());
          running++;
          jobs.add(new Job(line, chunk, distrusted.contains(chunk)));
        }
      }
    }
    jobs.forEach(this::upload);
    durable.forEach(this::announce);
  }

  private void upload(Job job) {
    Entry entry = job.line.held.entry();
    long length = job.line.lengths.getOrDefault(job.chunk, 0L);
    objects
        .put(job.chunk, folder.file(entry.tag(), job.chunk), length, job.replace)
        .whenComplete((put, failure) -> uploaded(job, put, failure));
  }

  private void uploaded(Job job, ObjectStore.@Nullable Put put, @Nullable Throwable failure) {
    if (failure != null && isHopeless(failure)) {
      lost(job);
      return;
    }
    if (failure == null) {
      FaultPoints.reached(FaultPoints.Point.CHUNK_PUT);
    }
    synchronized (this) {
      running--;
      job.line.underWay--;
      if (failure != null) {
        job.line.todo.addFirst(job.chunk);
        pause(failure);
      } else {
        failures = 0;
        if (job.replace || put == ObjectStore.Put.WRITTEN) {
          distrusted.remove(job.chunk);
        } else if (distrusted.contains(job.chunk)) {
          job.line.todo.addFirst(job.chunk); // it was left alone, and found damaged meanwhile
        }
      }
      if (!job.line.gone && !ready.contains(job.line)) {
        ready.addFirst(job.line);
      }
    }
    pump();
  }

  private static boolean isHopeless(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof StoreException known && known.kind() == StoreException.Kind.ABSENT;
  }

  /** The file is gone, or damaged: no try will ever bring it. */
  private void lost(Job job) {
    log.warn("A held chunk is damaged or gone: {}", job.chunk.hex());
    Announcer by;
    synchronized (this) {
      running--;
      by = announcer;
    }
    release(job.line.tag());
    if (by != null) {
      by.lost(job.line.held);
    }
    pump();
  }

  /** With the lock held. */
  private void pause(Throwable failure) {
    failures = Math.min(failures + 1, 16);
    long millis =
        Math.min(settings.maxRetryMillis(), settings.minRetryMillis() << Math.min(failures, 16));
    pausedUntilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (failures == 1) {
      log.warn("Uploads pause: {}", LogText.escape(String.valueOf(cause)));
    }
  }

  private void announce(Line line) {
    Announcer by;
    synchronized (this) {
      by = announcer;
    }
    CompletionStage<Boolean> settled =
        by == null ? CompletableFuture.completedStage(false) : by.durable(line.held);
    settled
        .exceptionally(_ -> false)
        .thenAccept(
            done -> {
              if (done) {
                FaultPoints.reached(FaultPoints.Point.BEFORE_RELEASE);
                release(line.tag());
              } else {
                later(line);
              }
            });
  }

  /** Nobody could write the document: once more after a while. */
  private void later(Line line) {
    CompletableFuture.delayedExecutor(settings.announceRetryMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              synchronized (this) {
                line.announcing = false;
                if (!line.gone) {
                  ready.add(line);
                }
              }
              pump();
            });
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    retries.close();
    pool.close();
  }
}
