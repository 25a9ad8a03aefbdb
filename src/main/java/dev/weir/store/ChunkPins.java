package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which chunks of a folder are being read, and what becomes of one when its last reader leaves: its
 * mapping is kept for the next, or dropped, or its file is unlinked.
 *
 * <p>A slot exists while a chunk is pinned or its mapping is kept. What concerns one chunk happens
 * under the lock of its id's stripe, file operations included. Unlinking asks {@link #namedBy}
 * under that lock, after seeing no pin: an adoption pins first, its entry is announced second and
 * the pin closed third, so no order of events deletes what an entry names.
 */
final class ChunkPins {
  private static final Logger log = LoggerFactory.getLogger(ChunkPins.class);
  private static final int STRIPES = 256;

  private final ChunkFolder folder;
  private final int mapFromBytes;
  private final BlockingPool pool;
  private final DigestCounts verified;
  private final IdleMappings idle;
  private final Map<ChunkId, ChunkSlot> slots = new ConcurrentHashMap<>();
  private final Lock[] stripes = new Lock[STRIPES];

  private volatile @Nullable Predicate<ChunkId> named;
  private volatile boolean ending;

  /**
   * @param verified forgets what is unlinked
   */
  ChunkPins(
      ChunkFolder folder, StoreSettings.Chunks settings, BlockingPool pool, DigestCounts verified) {
    this.folder = folder;
    this.mapFromBytes = settings.mapFromBytes();
    this.pool = pool;
    this.verified = verified;
    this.idle = new IdleMappings(settings.maxIdleMappings());
    Arrays.setAll(stripes, _ -> new ReentrantLock());
  }

  /** Whoever tells which chunks entries name. */
  void namedBy(Predicate<ChunkId> names) {
    named = names;
  }

  Lock stripe(ChunkId id) {
    return stripes[id.hashCode() & (STRIPES - 1)];
  }

  // --- readers come

  /** The chunk with one more pin; null if it is not there, or of another length. */
  @Nullable ChunkSlot pinned(ChunkId id, long expectedLengthBytes) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      ChunkSlot slot = slots.get(id);
      // What is mapped can be read even if its name is gone; a pin alone says nothing of the file.
      long length =
          slot == null || !slot.file.isMapped() ? folder.lengthBytes(id) : slot.file.lengthBytes();
      return length == expectedLengthBytes ? pin(id, length) : null;
    } finally {
      stripe.unlock();
    }
  }

  /** With the stripe locked. */
  ChunkSlot pin(ChunkId id, long lengthBytes) {
    ChunkSlot slot =
        slots.computeIfAbsent(
            id,
            _ -> new ChunkSlot(id, new ChunkFile(id, folder.path(id), lengthBytes, mapFromBytes)));
    if (slot.readers++ == 0) {
      idle.remove(slot);
    }
    return slot;
  }

  /** Lets readers of a file that has just been replaced go on with the old one, alone. */
  void detach(ChunkId id) {
    ChunkSlot old = slots.remove(id);
    if (old != null) {
      old.detached = true;
      old.revoke();
      idle.remove(old);
      if (old.readers == 0) {
        old.file.close();
      }
    }
  }

  // --- readers leave

  void unpin(ChunkSlot slot) {
    Lock stripe = stripe(slot.id);
    stripe.lock();
    try {
      if (--slot.readers > 0) {
        return;
      }
      if (slot.detached || ending) {
        slots.remove(slot.id, slot);
        slot.file.close();
      } else if (slot.wantsCollection()) {
        collectLater(slot.id);
      } else if (slot.file.isMapped()) {
        keepIdle(slot);
      } else {
        slots.remove(slot.id, slot);
        slot.file.close(); // or a read that comes too late would map it, and nobody unmap it
      }
    } finally {
      stripe.unlock();
    }
  }

  private void keepIdle(ChunkSlot slot) {
    List<ChunkSlot> eldest = idle.keep(slot);
    if (!eldest.isEmpty() && !pool.tryRun(() -> eldest.forEach(each -> dropMapping(each.id)))) {
      log.debug("{} mappings stay open for now: the queue is full", eldest.size());
      idle.putBack(eldest);
    }
  }

  private void dropMapping(ChunkId id) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      ChunkSlot slot = slots.get(id);
      if (slot != null && slot.readers == 0 && !idle.contains(id)) {
        slots.remove(id);
        slot.file.close();
      }
    } finally {
      stripe.unlock();
    }
  }

  // --- chunks go

  /** Deletes it now, or when its last reader leaves; completes with whether it was deleted. */
  CompletionStage<Boolean> delete(ChunkId id) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      ChunkSlot slot = slots.get(id);
      if (slot == null) {
        return CompletableFuture.completedStage(collect(id));
      }
      CompletableFuture<Boolean> gone = slot.condemn();
      if (slot.readers == 0) {
        collect(id);
      }
      return gone;
    } finally {
      stripe.unlock();
    }
  }

  private void collectLater(ChunkId id) {
    if (!pool.tryRun(() -> collectIfUnpinned(id))) {
      boolean _ = collectIfUnpinned(id);
    }
  }

  boolean collectIfUnpinned(ChunkId id) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      ChunkSlot slot = slots.get(id);
      return (slot == null || slot.readers == 0) && collect(id);
    } finally {
      stripe.unlock();
    }
  }

  /** Unlinks unless an entry names it; with the stripe locked and no pin. */
  private boolean collect(ChunkId id) {
    ChunkSlot slot = slots.get(id);
    Predicate<ChunkId> names = named;
    boolean condemned = slot == null || slot.isCondemned();
    boolean keep = names == null ? !condemned : names.test(id);
    if (slot != null) {
      idle.remove(slot);
      slots.remove(id);
      slot.file.close();
    }
    boolean gone = !keep && unlink(id);
    if (slot != null) {
      slot.collected(gone);
    }
    return gone;
  }

  /** Of a slot that somebody reads; they go on with what they have. */
  void removeDamaged(ChunkSlot slot) {
    Lock stripe = stripe(slot.id);
    stripe.lock();
    try {
      if (!slot.detached) {
        detach(slot.id);
        unlink(slot.id);
      }
    } finally {
      stripe.unlock();
    }
  }

  private boolean unlink(ChunkId id) {
    verified.clear(id);
    return folder.unlink(id);
  }

  // --- the end

  /** From here on a chunk is closed with its last reader. */
  void end() {
    ending = true;
  }

  void dropIdle() {
    for (ChunkSlot slot : idle.removeAll()) {
      slots.remove(slot.id, slot);
      slot.file.close();
    }
  }
}
