package dev.weir.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Moves files so that a power cut leaves them either not there or whole: the file's bytes reach the
 * disk before its name does, and a directory entry counts only once the directory has been synced.
 */
final class Durable {
  private final boolean sync;

  Durable(boolean sync) {
    this.sync = sync;
  }

  void syncFile(Path file) throws IOException {
    if (sync) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }
  }

  /** A file that is in its place already, and its name. */
  void syncHeld(Path file) throws IOException {
    syncFile(file);
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      syncDirectory(directory);
    }
  }

  /** Moves within one file system, making the directories that are missing; replaces a target. */
  void move(Path file, Path target) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException("no directory to move to: " + target);
    }
    try {
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      if (Files.isDirectory(directory)) {
        throw e;
      }
      makeDirectory(directory);
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    }
    syncDirectory(directory);
  }

  private void makeDirectory(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      makeDirectory(parent);
    }
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException _) {
      return; // somebody else has just made it, and syncs it
    }
    if (parent != null) {
      syncDirectory(parent);
    }
  }

  private void syncDirectory(Path directory) throws IOException {
    if (sync) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
