package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Immutable chunks by digest. {@code adopt} is the only way in: a complete file in the same file
 * system whose SHA-256 the caller has computed while writing it. A chunk that is already there is
 * kept and the file dropped.
 *
 * <p>Two entries may name the same chunk, so nobody but the retention deletes: a fill keeps what it
 * adopted pinned until its entry is committed and announced to the retention, or given up; then it
 * closes the readers, and chunks that no entry names go away by themselves.
 */
public interface ChunkStore extends AutoCloseable {
  /**
   * Makes the file's bytes the chunk of that id, durably; completes when a crash cannot lose it,
   * with the chunk open and therefore pinned: between adoption and commit no eviction can take it.
   */
  CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes);

  /**
   * As {@link #adopt}, of bytes that an object store has durably: after a power cut the copy may be
   * gone or damaged, which is found out before it is read again.
   */
  CompletionStage<ChunkReader> adoptCopy(ChunkId id, Path file, long lengthBytes);

  /**
   * Opens a chunk for reading and pins it until the reader is closed; empty if it is absent or its
   * length is not the expected one.
   */
  Optional<ChunkReader> open(ChunkId id, long expectedLengthBytes);

  /**
   * Deletes a chunk as soon as no reader holds it, unless an entry names it by then; completes with
   * whether it is gone.
   */
  CompletionStage<Boolean> delete(ChunkId id);

  /**
   * Who knows which chunks entries name. Asked under a lock of the store just before a file is
   * unlinked, so it must answer from memory. Until it is set, adopted chunks stay.
   */
  void namedBy(Predicate<ChunkId> named);

  /**
   * The ids and lengths of all chunks; blocking, for start-up and checks; to be closed. Chunks may
   * come and go meanwhile: only those that stay are told for certain.
   */
  Stream<Held> list();

  /**
   * The length a chunk has where it is kept, asked anew, or -1; blocking. A chunk that is open can
   * be read on when this says that it is gone.
   */
  long storedLength(ChunkId id);

  /** A new empty file in the same file system for a spool to write to; blocking. */
  Path newSpoolFile();

  /** Whether the store can take bytes, and if not why; for health. */
  CompletionStage<Optional<String>> problem();

  @Override
  void close();

  record Held(ChunkId id, long lengthBytes) {}
}
