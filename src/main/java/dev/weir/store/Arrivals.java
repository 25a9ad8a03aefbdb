package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.apache.pekko.stream.Materializer;
import org.jspecify.annotations.Nullable;

/**
 * Chunks on their way from the object store to this disk: one fetch per chunk and node, whatever
 * the number of its readers, and no more fetches at a time than a setting allows; others wait in
 * the order they were asked for as long as somebody wants them, one reader's chunks being bounded
 * by its read-ahead.
 */
final class Arrivals {
  /**
   * What every arrival needs.
   *
   * @param path where the disk keeps a chunk
   */
  record Means(
      ObjectStore objects,
      ChunkStore disk,
      Function<ChunkId, Path> path,
      BlockingPool pool,
      Materializer materializer,
      Distrusted distrusted,
      StoreSettings.Tier settings) {}

  private final Means means;
  private final Map<ChunkId, Arrival> running = new HashMap<>();
  private final LinkedHashSet<Arrival> waiting = new LinkedHashSet<>();
  private final PutBacks putBacks;
  private final LongAdder damaged = new LongAdder();
  private final LongAdder fetched = new LongAdder();
  private int fetching;
  private boolean beginning;

  Arrivals(Means means) {
    this.means = means;
    this.putBacks =
        new PutBacks(means.objects(), means.path(), means.distrusted(), means.settings());
  }

  /** The chunk as something to read, which is fetched when it is first wanted. */
  ChunkReader chunk(ChunkId id, long lengthBytes) {
    return new RemoteChunk(this, id, lengthBytes);
  }

  /** Joins or begins the fetch of a chunk; to be released. */
  Arrival want(ChunkId id, long lengthBytes) {
    Arrival arrival;
    boolean begin = false;
    synchronized (this) {
      Arrival present = running.get(id);
      if (present != null && present.retain()) {
        return present;
      }
      arrival = new Arrival(id, lengthBytes, means, this);
      running.put(id, arrival);
      if (fetching < means.settings().fetches()) {
        fetching++;
        begin = true;
      } else {
        waiting.add(arrival);
      }
    }
    if (begin) {
      arrival.begin();
    }
    return arrival;
  }

  /** Nobody can join it any more. */
  synchronized void forget(Arrival arrival) {
    running.remove(arrival.id(), arrival);
  }

  /** Nobody wants it any more; false if it has begun all the same, and is finished. */
  synchronized boolean giveUp(Arrival arrival) {
    if (!arrival.isUnread() || !waiting.remove(arrival)) {
      return false;
    }
    forget(arrival);
    return true;
  }

  /** It will bring no more bytes; the next one may begin. */
  void ended() {
    synchronized (this) {
      fetching--;
      if (beginning) {
        return; // the one that has just been begun has ended: not one inside the other
      }
      beginning = true;
    }
    for (Arrival next = next(); next != null; next = next()) {
      next.begin();
    }
  }

  private synchronized @Nullable Arrival next() {
    if (waiting.isEmpty() || fetching >= means.settings().fetches()) {
      beginning = false;
      return null;
    }
    fetching++;
    return waiting.removeFirst();
  }

  void fetching() {
    fetched.increment();
  }

  /** The object store's bytes are not what their name says: the next put replaces them. */
  void distrust(ChunkId id) {
    damaged.increment();
    means.distrusted().add(id);
  }

  /** The object store has it no more. */
  void lost(ChunkId id) {
    means.distrusted().add(id);
  }

  /** Whether it is known that the object store has it not, or not as it should be. */
  boolean isLost(ChunkId id) {
    return means.distrusted().contains(id);
  }

  /**
   * Puts a chunk that this disk has again into the object store, replacing what is there. While the
   * store does not answer it is tried again, later each time.
   *
   * @param pin keeps the chunk on this disk until then, and is closed at the end of it
   */
  void putBack(ChunkId id, long lengthBytes, ChunkReader pin) {
    putBacks.add(id, lengthBytes, pin);
  }

  /** Chunks whose bytes were not what their name says; for metrics. */
  long damaged() {
    return damaged.sum();
  }

  /** Mended chunks that were not put back; for metrics. */
  long forgotten() {
    return putBacks.forgotten();
  }

  /** For metrics. */
  long fetched() {
    return fetched.sum();
  }
}
