package dev.weir.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether the disk of a chunk store takes writes: whether it has room, and whether one failed. */
final class DiskHealth {
  private static final Logger log = LoggerFactory.getLogger(DiskHealth.class);

  private final ChunkFolder folder;
  private final Durable durable;
  private final FreeSpace freeSpace;
  private final long minFreeBytes;
  private volatile @Nullable StoreException writeFailure;

  /**
   * @param minFreeBytes held in reserve: with less free the disk is full
   */
  DiskHealth(ChunkFolder folder, Durable durable, FreeSpace freeSpace, long minFreeBytes) {
    this.folder = folder;
    this.durable = durable;
    this.freeSpace = freeSpace;
    this.minFreeBytes = minFreeBytes;
  }

  /** Throws if there is no room for more. */
  void requireRoom() {
    if (isFull()) {
      throw StoreException.full(fullText());
    }
  }

  void written() {
    writeFailure = null;
  }

  /** Remembers it until something is written; the exception is to be thrown. */
  StoreException writeFailed(String what, IOException e) {
    StoreException failure = StoreException.of(what, e);
    writeFailure = failure;
    return failure;
  }

  /** What is wrong, in a sentence; after a failed write a small one is tried. Blocks. */
  Optional<String> problem() {
    if (isFull()) {
      return Optional.of(fullText());
    }
    if (writeFailure != null) {
      probe();
    }
    StoreException failure = writeFailure;
    return failure == null ? Optional.empty() : Optional.ofNullable(failure.getMessage());
  }

  private boolean isFull() {
    return freeSpace.usableBytes() < minFreeBytes;
  }

  private String fullText() {
    return "The disk of "
        + folder.root()
        + " is full: "
        + freeSpace.usableBytes()
        + " bytes are free, "
        + minFreeBytes
        + " are held in reserve.";
  }

  private void probe() {
    Path file = folder.probe();
    try {
      Files.write(file, new byte[4096]);
      durable.syncFile(file);
      written();
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
}
