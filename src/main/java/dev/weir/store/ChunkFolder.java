package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkStore.Held;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the files of a chunk store are: chunks as {@code data/<h>/<a>/<s>/<h>/<sha256>} under a
 * root folder, and spool files in {@code spool/} of the same file system. Everything here blocks.
 */
final class ChunkFolder {
  private static final Logger log = LoggerFactory.getLogger(ChunkFolder.class);

  private final Path root;
  private final Path data;
  private final Path spool;
  private final int prefixDepth;

  /**
   * @param prefixDepth how many folders deep chunks lie under {@code data/}
   */
  ChunkFolder(Path root, int prefixDepth) {
    this.root = root;
    this.data = root.resolve("data");
    this.spool = root.resolve("spool");
    this.prefixDepth = prefixDepth;
  }

  /** Makes what is missing of it. */
  void create() throws IOException {
    Files.createDirectories(data);
    Files.createDirectories(spool);
  }

  Path root() {
    return root;
  }

  // --- spool files

  /** Deletes what a former run has left; tells how many there were. */
  int deleteLeftovers() throws IOException {
    int deleted = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(spool)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
        deleted++;
      }
    }
    return deleted;
  }

  Path createSpoolFile() throws IOException {
    return Files.createFile(spool.resolve(UUID.randomUUID() + ".part"));
  }

  /** The name of a file beside them that nobody uses. */
  Path probe() {
    return spool.resolve("probe-" + UUID.randomUUID());
  }

  // --- chunks

  Path path(ChunkId id) {
    return root.resolve(id.path(prefixDepth));
  }

  /** The length in bytes, or -1 if there is none. */
  long lengthBytes(ChunkId id) {
    return sizeOrAbsent(path(id));
  }

  /** False if it is still there. */
  boolean unlink(ChunkId id) {
    try {
      Files.deleteIfExists(path(id));
      return true;
    } catch (IOException e) {
      log.warn("Chunk {} cannot be deleted: {}", id.hex(), LogText.escape(e.getMessage()));
      return false;
    }
  }

  /** All chunks that are there throughout, and none that are gone. To be closed. */
  Stream<Held> list() {
    return ChunkWalk.of(data, prefixDepth + 1);
  }

  /** As above, of those whose name begins with that digit. */
  Stream<Held> list(char firstDigit) {
    if (prefixDepth == 0) {
      return list().filter(chunk -> chunk.id().hex().charAt(0) == firstDigit);
    }
    Path folder = data.resolve(String.valueOf(firstDigit));
    return Files.isDirectory(folder) ? ChunkWalk.of(folder, prefixDepth) : Stream.empty();
  }

  private static long sizeOrAbsent(Path file) {
    try {
      return Files.size(file);
    } catch (NoSuchFileException _) {
      return -1;
    } catch (IOException e) {
      throw StoreException.of("A chunk cannot be examined", e);
    }
  }
}
