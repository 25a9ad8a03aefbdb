package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.apache.pekko.stream.Materializer;

/**
 * Chunks on their way from the object store to this disk: one fetch per chunk and node, whatever
 * the number of its readers, and no more fetches at a time than a setting allows; others wait in
 * the order they were asked for, one reader's chunks being bounded by its read-ahead.
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
  private final Deque<Arrival> waiting = new ArrayDeque<>();
  private final PutBacks putBacks;
  private final LongAdder damaged = new LongAdder();
  private final LongAdder fetched = new LongAdder();
  private int fetching;

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

  /** It will bring no more bytes; the next one may begin. */
  void ended() {
    Arrival next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        fetching--;
      }
    }
    if (next != null) {
      next.begin();
    }
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
