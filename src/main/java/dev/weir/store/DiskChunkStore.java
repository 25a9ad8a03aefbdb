package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks as files of a {@link ChunkFolder}. One process may use a root; leftovers in its {@code
 * spool/} are deleted when it is opened.
 *
 * <h2>Locking</h2>
 *
 * What concerns one chunk (adoption, pinning, unlinking) happens under the lock of its id's stripe
 * in {@link ChunkPins}, file operations included.
 *
 * <p>{@link #open}, reads of what is not resident and {@link #newSpoolFile} block; stages complete
 * on the store's own threads.
 */
public final class DiskChunkStore implements LocalChunks {
  private static final Logger log = LoggerFactory.getLogger(DiskChunkStore.class);

  private final ChunkFolder folder;
  private final Durable durable;
  private final Durable fleeting;
  private final BlockingPool pool;
  private final FreeSpace freeSpace;
  private final DiskHealth health;
  private final int spoolLeftovers;

  /** Reads a whole file: never under a stripe's lock. */
  private final Predicate<ChunkFile> check;

  /** The chunks whose digest has been computed since the start. */
  private final DigestCounts verified = new DigestCounts();

  private final ChunkPins pins;
  private volatile boolean closed;

  private DiskChunkStore(
      Path root, StoreSettings.Chunks settings, Durable durable, Predicate<ChunkFile> check)
      throws IOException {
    this.folder = new ChunkFolder(root, settings.prefixDepth());
    this.durable = durable;
    this.fleeting = durable.fleeting();
    this.check = check;
    folder.create();
    this.freeSpace = new FreeSpace(root);
    this.health = new DiskHealth(folder, durable, freeSpace, settings.minFreeBytes());
    this.spoolLeftovers = folder.deleteLeftovers();
    this.pool = new BlockingPool("chunk", settings.threads(), settings.queue());
    this.pins = new ChunkPins(folder, settings, pool, verified);
  }

  /** Opens or creates the store; blocks. The caller makes sure that no other process uses it. */
  public static DiskChunkStore open(Path root, StoreSettings.Chunks settings) {
    return open(root, settings, Durable.of(settings));
  }

  static DiskChunkStore open(Path root, StoreSettings.Chunks settings, Durable durable) {
    return open(root, settings, durable, ChunkFile::hasItsDigest);
  }

  /**
   * @param check whether a file's bytes are those of its name; tests look on
   */
  static DiskChunkStore open(
      Path root, StoreSettings.Chunks settings, Durable durable, Predicate<ChunkFile> check) {
    try {
      return new DiskChunkStore(root, settings, durable, check);
    } catch (IOException e) {
      throw StoreException.of("The chunk folder " + root + " cannot be opened", e);
    }
  }

  /** How many unfinished spool files the last run had left. */
  public int spoolLeftovers() {
    return spoolLeftovers;
  }

  /** The threads on which calls of this store may block; for reads of what is not resident. */
  BlockingPool pool() {
    return pool;
  }

  FreeSpace freeSpace() {
    return freeSpace;
  }

  @Override
  public CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes) {
    return pool.call(() -> adoptNow(id, file, lengthBytes, durable));
  }

  @Override
  public CompletionStage<ChunkReader> adoptCopy(ChunkId id, Path file, long lengthBytes) {
    return pool.call(() -> adoptNow(id, file, lengthBytes, fleeting));
  }

  private ChunkReader adoptNow(ChunkId id, Path file, long lengthBytes, Durable how) {
    ensureOpen();
    try {
      if (Files.size(file) != lengthBytes) {
        throw new StoreException("A spool file for chunk " + id.hex() + " has another length.");
      }
      how.syncFile(file);
      Pinned pinned = put(id, file, lengthBytes, how);
      boolean kept = false;
      try {
        if (pinned.wasHere()) {
          Files.deleteIfExists(file);
          how.syncHeld(path(id)); // it may have come as a copy
        } else {
          how.syncName(path(id));
        }
        FaultPoints.reached(FaultPoints.Point.CHUNK_ADOPTED);
        health.written();
        kept = true;
        return pinned.reader();
      } finally {
        if (!kept) {
          pinned.reader().close();
        }
      }
    } catch (IOException e) {
      throw health.writeFailed("Chunk " + id.hex() + " cannot be stored", e);
    }
  }

  private record Pinned(ChunkReader reader, boolean wasHere) {}

  /**
   * What is here under that name, and was not looked at since the start, is looked at first, and
   * stays meanwhile: it is let go only when it is pinned anew.
   */
  private Pinned put(ChunkId id, Path file, long lengthBytes, Durable how) throws IOException {
    try (Reader held = verified.contains(id) ? null : pinned(id, lengthBytes)) {
      return put(id, file, lengthBytes, how, held != null && hasItsDigest(held.slot) ? held : null);
    }
  }

  /**
   * Nothing here waits for a sync or reads a file: whoever lets go of a chunk of that stripe would
   * wait as well.
   *
   * @param sound what was looked at and is as it should be, or null
   */
  private Pinned put(ChunkId id, Path file, long lengthBytes, Durable how, @Nullable Reader sound)
      throws IOException {
    Lock stripe = pins.stripe(id);
    stripe.lock();
    try {
      boolean known = verified.contains(id);
      if (!known && sound != null && !sound.slot.detached) {
        verified.increment(id);
        known = true;
      }
      boolean wasHere = known && storedLength(id) == lengthBytes;
      if (!wasHere) {
        how.moveUnsynced(file, path(id));
        pins.detach(id);
        verified.increment(id);
      }
      ChunkSlot slot = pins.pin(id, lengthBytes);
      slot.adopted = true;
      slot.revoke();
      return new Pinned(new Reader(slot), wasHere);
    } finally {
      stripe.unlock();
    }
  }

  @Override
  public Optional<ChunkReader> open(ChunkId id, long expectedLengthBytes) {
    ensureOpen();
    return Optional.ofNullable(pinned(id, expectedLengthBytes));
  }

  private @Nullable Reader pinned(ChunkId id, long expectedLengthBytes) {
    ChunkSlot slot = pins.pinned(id, expectedLengthBytes);
    return slot == null ? null : new Reader(slot);
  }

  @Override
  public CompletionStage<Boolean> delete(ChunkId id) {
    return pool.call(() -> pins.delete(id)).thenCompose(gone -> gone);
  }

  @Override
  public boolean deleteOrphan(ChunkId id) {
    return pins.collectIfUnpinned(id);
  }

  private boolean isSound(ChunkSlot slot) {
    if (verified.contains(slot.id)) {
      return true;
    }
    if (hasItsDigest(slot)) {
      verified.increment(slot.id);
      return true;
    }
    log.warn("Chunk {} is damaged and has been removed", slot.id.hex());
    pins.removeDamaged(slot);
    return false;
  }

  /**
   * Looks at a chunk whatever is remembered of it, and removes it if it is damaged; tells whether
   * it was. Blocks.
   */
  boolean removeIfDamaged(ChunkId id, long lengthBytes) {
    Optional<ChunkReader> chunk = open(id, lengthBytes);
    if (chunk.isEmpty()) {
      return false;
    }
    try (ChunkReader reader = chunk.get()) {
      verified.clear(id);
      return !reader.sound();
    }
  }

  /** A file that cannot be read to its end is as bad as one with other bytes. */
  private boolean hasItsDigest(ChunkSlot slot) {
    try {
      return check.test(slot.file);
    } catch (StoreException cutOff) {
      log.warn("{}", LogText.escape(cutOff.getMessage()));
      return false;
    }
  }

  @Override
  public void namedBy(Predicate<ChunkId> names) {
    pins.namedBy(names);
  }

  /** Files with other names are not ours and left alone. */
  @Override
  public Stream<Held> list() {
    return folder.list();
  }

  /** As above, of those whose name begins with that digit. */
  Stream<Held> list(char firstDigit) {
    return folder.list(firstDigit);
  }

  @Override
  public Path newSpoolFile() {
    ensureOpen();
    health.requireRoom();
    try {
      return folder.createSpoolFile();
    } catch (IOException e) {
      throw health.writeFailed("A spool file cannot be made", e);
    }
  }

  /** Completes with a sentence, never fails; after a failed write a small one is tried. */
  @Override
  public CompletionStage<Optional<String>> problem() {
    return pool.call(health::problem)
        .exceptionally(e -> Optional.of(String.valueOf(e.getMessage())));
  }

  Path path(ChunkId id) {
    return folder.path(id);
  }

  /** The lengths in bytes of those chunks that are in that folder, whoever uses it; blocks. */
  public static Map<ChunkId, Long> lengths(
      Path root, StoreSettings.Chunks settings, List<ChunkId> ids) {
    ChunkFolder folder = new ChunkFolder(root, settings.prefixDepth());
    Map<ChunkId, Long> found = new HashMap<>();
    for (ChunkId id : ids) {
      long length = folder.lengthBytes(id);
      if (length >= 0) {
        found.put(id, length);
      }
    }
    return found;
  }

  @Override
  public long storedLength(ChunkId id) {
    return folder.lengthBytes(id);
  }

  private void ensureOpen() {
    if (closed) {
      throw new StoreException("The chunk store is closed.");
    }
  }

  /** Pinned chunks stay readable until their readers close. */
  @Override
  public void close() {
    closed = true;
    pins.end();
    pool.close();
    pins.dropIdle();
  }

  /** One pin. */
  private final class Reader implements ChunkReader {
    private final ChunkSlot slot;
    private final AtomicBoolean released = new AtomicBoolean();

    Reader(ChunkSlot slot) {
      this.slot = slot;
    }

    @Override
    public long lengthBytes() {
      return slot.file.lengthBytes();
    }

    @Override
    public ByteString read(long offset, int max) {
      if (released.get()) {
        throw letGo();
      }
      int length = Math.clamp(lengthBytes() - offset, 0, max);
      return length == 0
          ? ByteString.emptyByteString()
          : ByteString.fromArrayUnsafe(slot.file.read(offset, length));
    }

    @Override
    public boolean resident(long offset, int length) {
      return slot.file.resident(offset, length);
    }

    @Override
    public boolean sound() {
      if (!retain()) {
        throw letGo();
      }
      try {
        return isSound(slot);
      } finally {
        pins.unpin(slot);
      }
    }

    @Override
    public void suspect() {
      if (!retain()) {
        return; // that was why it could not be read
      }
      try {
        verified.clear(slot.id);
        boolean _ = isSound(slot);
      } finally {
        pins.unpin(slot);
      }
    }

    /**
     * One more pin, for as long as the chunk is looked at: this reader may be let go meanwhile, and
     * of a file that is closed nobody can say whether it is sound. False if it has been.
     */
    private boolean retain() {
      Lock stripe = pins.stripe(slot.id);
      stripe.lock();
      try {
        if (released.get()) {
          return false;
        }
        slot.readers++;
        return true;
      } finally {
        stripe.unlock();
      }
    }

    private StoreException letGo() {
      return new StoreException("Chunk " + slot.id.hex() + " has been let go by this reader.");
    }

    @Override
    public void close() {
      if (released.compareAndSet(false, true)) {
        pins.unpin(slot);
      }
    }
  }
}
