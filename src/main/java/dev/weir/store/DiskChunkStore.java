package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks as files {@code data/<h>/<a>/<s>/<h>/<sha256>} under a root folder, and spool files in
 * {@code spool/} of the same file system. One process may use a root; leftovers in {@code spool/}
 * are deleted when it is opened.
 *
 * <h2>Locking</h2>
 *
 * What concerns one chunk (adoption, pinning, unlinking) happens under the lock of its id's stripe,
 * file operations included. A slot exists while a chunk is pinned or its mapping is kept for the
 * next reader. Unlinking asks {@link #namedBy} under that lock, after seeing no pin: an adoption
 * pins first, its entry is announced second and the pin closed third, so no order of events deletes
 * what an entry names.
 *
 * <p>{@link #open}, reads of what is not resident and {@link #newSpoolFile} block; stages complete
 * on the store's own threads.
 */
public final class DiskChunkStore implements LocalChunks {
  private static final Logger log = LoggerFactory.getLogger(DiskChunkStore.class);
  private static final Pattern CHUNK_NAME = Pattern.compile("[0-9a-f]{64}");
  private static final int STRIPES = 256;

  private final Path root;
  private final Path spool;
  private final StoreSettings.Chunks settings;
  private final Durable durable;
  private final BlockingPool pool;
  private final FreeSpace freeSpace;
  private final int spoolLeftovers;

  /** The chunks whose digest has been computed since the start. */
  private final DigestCounts verified = new DigestCounts();

  private final Map<ChunkId, Slot> slots = new ConcurrentHashMap<>();
  private final Lock[] stripes = new Lock[STRIPES];

  /** Unpinned slots whose mapping is kept, least recently used first; guarded by itself. */
  private final LinkedHashMap<ChunkId, Slot> idle = new LinkedHashMap<>();

  private volatile @Nullable Predicate<ChunkId> named;
  private volatile @Nullable StoreException writeFailure;
  private volatile boolean closed;

  private DiskChunkStore(Path root, StoreSettings.Chunks settings) throws IOException {
    this.root = root;
    this.spool = root.resolve("spool");
    this.settings = settings;
    this.durable = new Durable(settings.syncWrites());
    Arrays.setAll(stripes, _ -> new ReentrantLock());
    Files.createDirectories(root.resolve("data"));
    Files.createDirectories(spool);
    this.freeSpace = new FreeSpace(root);
    this.spoolLeftovers = deleteLeftovers();
    this.pool = new BlockingPool("chunk", settings.threads(), settings.queue());
  }

  /** Opens or creates the store; blocks. The caller makes sure that no other process uses it. */
  public static DiskChunkStore open(Path root, StoreSettings.Chunks settings) {
    try {
      return new DiskChunkStore(root, settings);
    } catch (IOException e) {
      throw StoreException.of("The chunk folder " + root + " cannot be opened", e);
    }
  }

  private int deleteLeftovers() throws IOException {
    int deleted = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(spool)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
        deleted++;
      }
    }
    return deleted;
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
    return pool.call(() -> adoptNow(id, file, lengthBytes));
  }

  private ChunkReader adoptNow(ChunkId id, Path file, long lengthBytes) {
    ensureOpen();
    try {
      if (Files.size(file) != lengthBytes) {
        throw new StoreException("A spool file for chunk " + id.hex() + " has another length.");
      }
      durable.syncFile(file);
      Lock stripe = stripe(id);
      stripe.lock();
      try {
        if (isHeldSoundly(id, lengthBytes)) {
          Files.deleteIfExists(file);
        } else {
          durable.move(file, path(id));
          detach(id);
          verified.increment(id);
        }
        Slot slot = pin(id, lengthBytes);
        slot.adopted = true;
        slot.revoke();
        FaultPoints.reached(FaultPoints.Point.CHUNK_ADOPTED);
        writeFailure = null;
        return new Reader(slot);
      } finally {
        stripe.unlock();
      }
    } catch (IOException e) {
      throw writeFailed("Chunk " + id.hex() + " cannot be stored", e);
    }
  }

  private boolean isHeldSoundly(ChunkId id, long lengthBytes) {
    if (storedLength(id) != lengthBytes) {
      return false;
    }
    if (verified.contains(id)) {
      return true;
    }
    try (ChunkFile file = chunkFile(id, lengthBytes)) {
      return file.hasItsDigest();
    } catch (StoreException _) {
      return false;
    }
  }

  /** Lets readers of a file that has just been replaced go on with the old one, alone. */
  private void detach(ChunkId id) {
    Slot old = slots.remove(id);
    if (old != null) {
      old.detached = true;
      old.revoke();
      synchronized (idle) {
        idle.remove(id, old);
      }
      if (old.readers == 0) {
        old.file.close();
      }
    }
  }

  @Override
  public Optional<ChunkReader> open(ChunkId id, long expectedLengthBytes) {
    ensureOpen();
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      Slot slot = slots.get(id);
      // What is mapped can be read even if its name is gone; a pin alone says nothing of the file.
      long length =
          slot == null || !slot.file.isMapped() ? storedLength(id) : slot.file.lengthBytes();
      return length == expectedLengthBytes
          ? Optional.of(new Reader(pin(id, length)))
          : Optional.empty();
    } finally {
      stripe.unlock();
    }
  }

  /** With the stripe locked. */
  private Slot pin(ChunkId id, long lengthBytes) {
    Slot slot = slots.computeIfAbsent(id, _ -> new Slot(id, chunkFile(id, lengthBytes)));
    if (slot.readers++ == 0) {
      synchronized (idle) {
        idle.remove(id, slot);
      }
    }
    return slot;
  }

  private void unpin(Slot slot) {
    Lock stripe = stripe(slot.id);
    stripe.lock();
    try {
      if (--slot.readers > 0) {
        return;
      }
      if (slot.detached || closed) {
        slots.remove(slot.id, slot);
        slot.file.close();
      } else if (slot.wantsCollection()) {
        collectLater(slot.id);
      } else if (slot.file.isMapped()) {
        keepIdle(slot);
      } else {
        slots.remove(slot.id, slot);
      }
    } finally {
      stripe.unlock();
    }
  }

  private void keepIdle(Slot slot) {
    ChunkId eldest = null;
    synchronized (idle) {
      idle.put(slot.id, slot);
      if (idle.size() > settings.maxIdleMappings()) {
        eldest = idle.firstEntry().getKey();
        idle.remove(eldest);
      }
    }
    if (eldest != null) {
      ChunkId dropped = eldest;
      if (!pool.tryRun(() -> dropMapping(dropped))) {
        log.debug("A mapping stays open for now: the queue is full");
      }
    }
  }

  private void dropMapping(ChunkId id) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      Slot slot = slots.get(id);
      boolean wanted;
      synchronized (idle) {
        wanted = idle.containsKey(id);
      }
      if (slot != null && slot.readers == 0 && !wanted) {
        slots.remove(id);
        slot.file.close();
      }
    } finally {
      stripe.unlock();
    }
  }

  @Override
  public CompletionStage<Boolean> delete(ChunkId id) {
    return pool.call(() -> deleteNow(id)).thenCompose(gone -> gone);
  }

  private CompletionStage<Boolean> deleteNow(ChunkId id) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      Slot slot = slots.get(id);
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

  @Override
  public boolean deleteOrphan(ChunkId id) {
    return collectIfUnpinned(id);
  }

  private boolean collectIfUnpinned(ChunkId id) {
    Lock stripe = stripe(id);
    stripe.lock();
    try {
      Slot slot = slots.get(id);
      return (slot == null || slot.readers == 0) && collect(id);
    } finally {
      stripe.unlock();
    }
  }

  /** Unlinks unless an entry names it; with the stripe locked and no pin. */
  private boolean collect(ChunkId id) {
    Slot slot = slots.get(id);
    Predicate<ChunkId> names = named;
    boolean condemned = slot == null || slot.condemned != null;
    boolean keep = names == null ? !condemned : names.test(id);
    if (slot != null) {
      synchronized (idle) {
        idle.remove(id, slot);
      }
      slots.remove(id);
      slot.file.close();
    }
    boolean gone = !keep && unlink(id);
    if (slot != null && slot.condemned != null) {
      slot.condemned.complete(gone);
    }
    return gone;
  }

  private boolean unlink(ChunkId id) {
    verified.clear(id);
    try {
      Files.deleteIfExists(path(id));
      return true;
    } catch (IOException e) {
      log.warn("Chunk {} cannot be deleted: {}", id.hex(), LogText.escape(e.getMessage()));
      return false;
    }
  }

  private boolean isSound(Slot slot) {
    if (verified.contains(slot.id)) {
      return true;
    }
    if (hasItsDigest(slot)) {
      verified.increment(slot.id);
      return true;
    }
    log.warn("Chunk {} is damaged and has been removed", slot.id.hex());
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
  private static boolean hasItsDigest(Slot slot) {
    try {
      return slot.file.hasItsDigest();
    } catch (StoreException cutOff) {
      log.warn("{}", LogText.escape(cutOff.getMessage()));
      return false;
    }
  }

  @Override
  public void namedBy(Predicate<ChunkId> names) {
    named = names;
  }

  /** Files with other names are not ours and left alone. */
  @Override
  public Stream<Held> list() {
    return list(root.resolve("data"), settings.prefixDepth() + 1);
  }

  /** As above, of those whose name begins with that digit. */
  Stream<Held> list(char firstDigit) {
    Path data = root.resolve("data");
    if (settings.prefixDepth() == 0) {
      return list(data, 1).filter(chunk -> chunk.id().hex().charAt(0) == firstDigit);
    }
    Path folder = data.resolve(String.valueOf(firstDigit));
    return Files.isDirectory(folder) ? list(folder, settings.prefixDepth()) : Stream.empty();
  }

  @SuppressWarnings("StreamResourceLeak") // the caller closes it
  private static Stream<Held> list(Path folder, int depth) {
    try {
      return Files.find(folder, depth, DiskChunkStore::isChunk)
          .map(file -> new Held(new ChunkId(name(file)), sizeOrAbsent(file)));
    } catch (IOException e) {
      throw StoreException.of("The chunks cannot be listed", e);
    }
  }

  private static boolean isChunk(Path path, BasicFileAttributes attributes) {
    return attributes.isRegularFile() && CHUNK_NAME.matcher(name(path)).matches();
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  @Override
  public Path newSpoolFile() {
    ensureOpen();
    if (isFull()) {
      throw StoreException.full(fullText());
    }
    try {
      return Files.createFile(spool.resolve(UUID.randomUUID() + ".part"));
    } catch (IOException e) {
      throw writeFailed("A spool file cannot be made", e);
    }
  }

  private StoreException writeFailed(String what, IOException e) {
    StoreException failure = StoreException.of(what, e);
    writeFailure = failure;
    return failure;
  }

  private boolean isFull() {
    return freeSpace.usableBytes() < settings.minFreeBytes();
  }

  private String fullText() {
    return "The disk of "
        + root
        + " is full: "
        + freeSpace.usableBytes()
        + " bytes are free, "
        + settings.minFreeBytes()
        + " are held in reserve.";
  }

  /** Completes with a sentence, never fails; after a failed write a small one is tried. */
  @Override
  public CompletionStage<Optional<String>> problem() {
    return pool.<Optional<String>>call(
            () -> {
              if (isFull()) {
                return Optional.of(fullText());
              }
              if (writeFailure != null) {
                probe();
              }
              StoreException failure = writeFailure;
              return failure == null ? Optional.empty() : Optional.ofNullable(failure.getMessage());
            })
        .exceptionally(e -> Optional.of(String.valueOf(e.getMessage())));
  }

  private void probe() {
    Path file = spool.resolve("probe-" + UUID.randomUUID());
    try {
      Files.write(file, new byte[4096]);
      durable.syncFile(file);
      writeFailure = null;
    } catch (IOException e) {
      writeFailure = StoreException.of("The chunk store cannot write", e);
    } finally {
      deleteQuietly(file);
    }
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.warn("A probe file stays behind: {}", LogText.escape(e.getMessage()));
    }
  }

  private ChunkFile chunkFile(ChunkId id, long lengthBytes) {
    return new ChunkFile(id, path(id), lengthBytes, settings.mapFromBytes());
  }

  Path path(ChunkId id) {
    return root.resolve(id.path(settings.prefixDepth()));
  }

  /** The lengths in bytes of those chunks that are in that folder, whoever uses it; blocks. */
  public static Map<ChunkId, Long> lengths(
      Path root, StoreSettings.Chunks settings, List<ChunkId> ids) {
    Map<ChunkId, Long> found = new HashMap<>();
    for (ChunkId id : ids) {
      long length = sizeOrAbsent(root.resolve(id.path(settings.prefixDepth())));
      if (length >= 0) {
        found.put(id, length);
      }
    }
    return found;
  }

  @Override
  public long storedLength(ChunkId id) {
    return sizeOrAbsent(path(id));
  }

  /** The length, or -1. */
  private static long sizeOrAbsent(Path file) {
    try {
      return Files.size(file);
    } catch (NoSuchFileException _) {
      return -1;
    } catch (IOException e) {
      throw StoreException.of("A chunk cannot be examined", e);
    }
  }

  private Lock stripe(ChunkId id) {
    return stripes[id.hashCode() & (STRIPES - 1)];
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
    pool.close();
    List<Slot> unpinned;
    synchronized (idle) {
      unpinned = new ArrayList<>(idle.values());
      idle.clear();
    }
    for (Slot slot : unpinned) {
      slots.remove(slot.id, slot);
      slot.file.close();
    }
  }

  /** A chunk that is pinned or kept mapped; fields change under its stripe's lock. */
  private static final class Slot {
    private final ChunkId id;
    private final ChunkFile file;
    private int readers;

    /** Adopted by a fill and perhaps never committed. */
    private boolean adopted;

    /** Its file has been replaced or removed. */
    private boolean detached;

    private @Nullable CompletableFuture<Boolean> condemned;

    Slot(ChunkId id, ChunkFile file) {
      this.id = id;
      this.file = file;
    }

    boolean wantsCollection() {
      return adopted || condemned != null;
    }

    /** Somebody wants the chunk again: whoever waits for its end learns that it stays. */
    void revoke() {
      CompletableFuture<Boolean> gone = condemned;
      condemned = null;
      if (gone != null) {
        gone.complete(false);
      }
    }

    CompletableFuture<Boolean> condemn() {
      CompletableFuture<Boolean> gone = condemned;
      if (gone == null) {
        gone = new CompletableFuture<>();
        condemned = gone;
      }
      return gone;
    }
  }

  /** One pin. */
  private final class Reader implements ChunkReader {
    private final Slot slot;
    private final AtomicBoolean released = new AtomicBoolean();

    Reader(Slot slot) {
      this.slot = slot;
    }

    @Override
    public long lengthBytes() {
      return slot.file.lengthBytes();
    }

    @Override
    public ByteString read(long offset, int max) {
      if (released.get()) {
        throw new StoreException("Chunk " + slot.id.hex() + " has been let go by this reader.");
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
      return isSound(slot);
    }

    @Override
    public void suspect() {
      verified.clear(slot.id);
      boolean _ = isSound(slot);
    }

    @Override
    public void close() {
      if (released.compareAndSet(false, true)) {
        unpin(slot);
      }
    }
  }
}
