package dev.weir.fill;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The chunk files of one spool, by their index in the body. Thread-safe. */
final class SpoolFiles {
  private static final Logger LOG = LoggerFactory.getLogger(SpoolFiles.class);

  private final ChunkStore store;
  private final int maxChunks;
  private final long chunkBytes;
  private final long maxBytes;
  private final ConcurrentMap<Integer, SpoolChunk> chunks = new ConcurrentHashMap<>();
  private volatile @Nullable SpoolChunk manifest;

  /** The body is larger than what may be stored. */
  static final class TooLarge extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param maxBytes of a body that is stored
   */
  SpoolFiles(ChunkStore store, int maxChunks, long chunkBytes, long maxBytes) {
    this.store = store;
    this.maxChunks = maxChunks;
    this.chunkBytes = chunkBytes;
    this.maxBytes = maxBytes;
  }

  @Nullable SpoolChunk at(int index) {
    return chunks.get(index);
  }

  /**
   * Makes it if there is none; blocking, and by one writer for each index.
   *
   * @throws TooLarge for more chunks than a body may have
   */
  SpoolChunk open(int index) throws IOException {
    SpoolChunk there = chunks.get(index);
    if (there != null) {
      return there;
    }
    // What is in the last chunk is let through: the whole is measured again at its end.
    if (index >= maxChunks || index * chunkBytes >= maxBytes) {
      throw new TooLarge();
    }
    SpoolChunk chunk = SpoolChunk.create(store);
    chunks.put(index, chunk);
    return chunk;
  }

  /** For the list of the chunks, if that is too long for a document; blocking. */
  SpoolChunk openManifest() throws IOException {
    SpoolChunk chunk = SpoolChunk.create(store);
    manifest = chunk;
    return chunk;
  }

  /** Of the list once it is complete. */
  @Nullable ChunkId manifestId() {
    SpoolChunk written = manifest;
    return written == null ? null : written.id();
  }

  /** The names of all chunks of a whole body, in order. */
  List<ChunkId> names() {
    List<ChunkId> names = new ArrayList<>(chunks.size());
    for (int index = 0; index < chunks.size(); index++) {
      SpoolChunk chunk = chunks.get(index);
      ChunkId name = chunk == null ? null : chunk.id();
      if (name == null) {
        throw new IllegalStateException("a chunk of a whole body is not complete");
      }
      names.add(name);
    }
    return names;
  }

  /** Lets all pins go, and removes the files that the store never took. */
  void discard() {
    chunks.values().forEach(SpoolFiles::discard);
    SpoolChunk list = manifest;
    if (list != null) {
      discard(list);
    }
  }

  private static void discard(SpoolChunk chunk) {
    try {
      chunk.discard();
    } catch (RuntimeException e) {
      LOG.warn("A spool file could not be removed; the next start will: {}", e.toString());
    }
  }
}
