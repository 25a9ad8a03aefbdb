package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mended chunks on their way back into the object store. A put that fails comes again, later each
 * time, for as long as this process runs; what is forgotten by a restart, or because too many wait,
 * is found out and mended again by the next reader that misses it.
 */
final class PutBacks {
  private static final Logger log = LoggerFactory.getLogger(PutBacks.class);

  private static final int MAX_DOUBLINGS = 16;

  private final ObjectStore objects;
  private final Function<ChunkId, Path> path;
  private final Distrusted distrusted;
  private final StoreSettings.Tier settings;
  private final Set<ChunkId> waiting = new HashSet<>();
  private final LongAdder forgotten = new LongAdder();
  private boolean full;

  /**
   * Into that store.
   *
   * @param path where the disk keeps a chunk
   */
  PutBacks(
      ObjectStore objects,
      Function<ChunkId, Path> path,
      Distrusted distrusted,
      StoreSettings.Tier settings) {
    this.objects = objects;
    this.path = path;
    this.distrusted = distrusted;
    this.settings = settings;
  }

  /** One chunk; the pin is closed when it has been put, or is given up. */
  void add(ChunkId id, long lengthBytes, ChunkReader pin) {
    if (takes(id)) {
      put(id, lengthBytes, pin, 0);
    } else {
      pin.close();
    }
  }

  /** Not what waits already, nor more than may wait: each is pinned on the disk meanwhile. */
  private synchronized boolean takes(ChunkId id) {
    if (waiting.contains(id)) {
      return false;
    }
    if (waiting.size() < settings.putBacks()) {
      return waiting.add(id);
    }
    forgotten.increment();
    if (!full) {
      full = true;
      log.warn(
          "{} mended chunks wait to be put back into the object store, which is all that may;"
              + " others are mended again when they are read",
          waiting.size());
    }
    return false;
  }

  /** Mended chunks that were not put back because too many waited; for metrics. */
  long forgotten() {
    return forgotten.sum();
  }

  private void put(ChunkId id, long lengthBytes, ChunkReader pin, int failures) {
    objects
        .put(id, path.apply(id), lengthBytes, true)
        .whenComplete(
            (_, failure) -> {
              if (failure == null) {
                distrusted.remove(id);
                end(id, pin);
              } else {
                failed(id, lengthBytes, pin, failures, failure);
              }
            });
  }

  private void failed(
      ChunkId id, long lengthBytes, ChunkReader pin, int failures, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    boolean passing =
        cause instanceof StoreException known && known.kind() == StoreException.Kind.UNAVAILABLE;
    if (failures == 0 || !passing) {
      log.warn(
          "Chunk {} could not be put back into the object store{}: {}",
          id.hex(),
          passing ? ", which is tried again" : "",
          LogText.escape(String.valueOf(cause)));
    }
    if (!passing) {
      end(id, pin);
      return;
    }
    long millis =
        Math.min(
            settings.maxRetryMillis(),
            settings.minRetryMillis() << Math.min(failures, MAX_DOUBLINGS));
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
        .execute(() -> put(id, lengthBytes, pin, failures + 1));
  }

  private void end(ChunkId id, ChunkReader pin) {
    synchronized (this) {
      waiting.remove(id);
      full = full && !waiting.isEmpty();
    }
    pin.close();
  }
}
