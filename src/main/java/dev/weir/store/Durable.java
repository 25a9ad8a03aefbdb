package dev.weir.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Moves files so that a power cut leaves them either not there or whole: the file's bytes reach the
 * disk before its name does, and a directory entry counts only once the directory has been synced.
 */
final class Durable {
  /** Has what was written reach the disk; tests look on. */
  @FunctionalInterface
  interface Sync {
    void force(Path path, OpenOption opened) throws IOException;
  }

  private final @Nullable Sync sync;

  /** Directories whose own names may not have reached the disk; null if nobody cares. */
  private final @Nullable Set<Path> unsynced;

  private final int maxUnsynced;
  private final boolean fleeting;

  /** As a store's files are to be kept. */
  static Durable of(StoreSettings.Chunks settings) {
    return of(settings, Durable::reallyForce);
  }

  static Durable of(StoreSettings.Chunks settings, Sync sync) {
    return settings.syncWrites() ? new Durable(sync, settings.maxUnsyncedFolders()) : new Durable();
  }

  /** For what a power cut may take. */
  Durable() {
    this(null, null, 0, true);
  }

  /**
   * @param maxUnsynced how many directories are remembered of which the disk may not know; more are
   *     synced when they are made
   */
  Durable(Sync sync, int maxUnsynced) {
    this(sync, ConcurrentHashMap.newKeySet(), maxUnsynced, false);
  }

  private Durable(
      @Nullable Sync sync, @Nullable Set<Path> unsynced, int maxUnsynced, boolean fleeting) {
    this.sync = sync;
    this.unsynced = unsynced;
    this.maxUnsynced = maxUnsynced;
    this.fleeting = fleeting;
  }

  /**
   * For files beside these that a power cut may take: the directories that are made for them are
   * synced when this one needs them.
   */
  Durable fleeting() {
    return new Durable(sync, unsynced, maxUnsynced, true);
  }

  private static void reallyForce(Path path, OpenOption opened) throws IOException {
    try (FileChannel channel = FileChannel.open(path, opened)) {
      channel.force(true);
    }
  }

  void syncFile(Path file) throws IOException {
    if (!fleeting) {
      force(file, StandardOpenOption.WRITE);
    }
  }

  /** A file that is in its place already, and its name. */
  void syncHeld(Path file) throws IOException {
    syncFile(file);
    syncName(file);
  }

  /** The name of a file, and those of the directories it is in. */
  void syncName(Path file) throws IOException {
    if (fleeting) {
      return;
    }
    Path directory = directoryOf(file);
    for (Path made = directory; made != null; made = made.getParent()) {
      syncIfMade(made);
    }
    force(directory, StandardOpenOption.READ);
  }

  private void syncIfMade(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (unsynced != null && parent != null && unsynced.contains(directory)) {
      force(parent, StandardOpenOption.READ);
      unsynced.remove(directory);
    }
  }

  private void force(Path path, OpenOption opened) throws IOException {
    if (sync != null) {
      sync.force(path, opened);
    }
  }

  /** Moves as {@link #moveUnsynced} does, and the name with it. */
  void move(Path file, Path target) throws IOException {
    moveUnsynced(file, target);
    syncName(target);
  }

  /**
   * Moves within one file system, making the directories that are missing; replaces a target. A
   * power cut may take the name, until {@link #syncName}.
   */
  void moveUnsynced(Path file, Path target) throws IOException {
    Path directory = directoryOf(target);
    try {
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      if (Files.notExists(file)) {
        throw e;
      }
      makeDirectory(directory);
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static Path directoryOf(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException("a file without a directory: " + file);
    }
    return directory;
  }

  private void makeDirectory(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      makeDirectory(parent);
    }
    if (unsynced != null) {
      unsynced.add(directory); // before others can find it
    }
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException _) {
      // Somebody else has just made it.
    }
    if (unsynced != null && unsynced.size() > maxUnsynced) {
      syncIfMade(directory);
    }
  }
}
