package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The durable home of chunks that all nodes share. A chunk's name is the digest of its bytes, so it
 * is written once and never changed. Nothing here blocks the caller; retries, timeouts and the
 * number of calls under way are the store's own affair. Errors: {@link StoreException}, of the kind
 * ABSENT for a chunk that is not there, UNAVAILABLE for a store that does not answer.
 */
public interface ObjectStore extends AutoCloseable {
  /**
   * Puts the file's bytes under the chunk's name and completes when they are durable. A chunk that
   * is there in that length already is left alone, unless it is to be replaced because it was found
   * damaged. A file whose bytes are not what the name says, or that is gone, is refused (ABSENT).
   */
  CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace);

  /** The lengths in bytes of those chunks that are there. */
  CompletionStage<Map<ChunkId, Long>> lengths(List<ChunkId> ids);

  /** The chunk's length and when it was last put, or empty if it is not there. */
  CompletionStage<Optional<Listed>> examine(ChunkId id);

  /**
   * Whose store this is: writes {@code owner} beside the chunks if nobody's name stands there, or
   * whatever stands there if {@code replace}; completes with the name that stands there then. One
   * line of printable ASCII.
   */
  CompletionStage<String> owner(String owner, boolean replace);

  /**
   * The bytes from {@code from} up to but excluding {@code to}, exactly as many, or a failure. Not
   * checked against the digest: the reader does that. To be materialised once.
   */
  Source<ByteString, NotUsed> read(ChunkId id, long from, long to);

  /** The chunks whose name begins with those hexadecimal digits ("" for all), in no order. */
  Source<Listed, NotUsed> list(String hexPrefix);

  /** Deletes; completes with how many are gone, those that had not been there included. */
  CompletionStage<Integer> delete(List<ChunkId> ids);

  /**
   * Deletes bodies kept as one object ({@link WholeObjects}) that were put before then; completes
   * with how many.
   */
  default CompletionStage<Integer> expireWhole(Instant before) {
    return CompletableFuture.completedStage(0);
  }

  /** Whether the store answers, and if not why; for health. Never fails. */
  CompletionStage<Optional<String>> problem();

  ObjectStoreMetrics metrics();

  @Override
  void close();

  /** What a put did. */
  enum Put {
    WRITTEN,
    PRESENT
  }

  /** A chunk in a listing. */
  record Listed(ChunkId id, long lengthBytes, Instant modified) {}
}
