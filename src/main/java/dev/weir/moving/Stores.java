package dev.weir.moving;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.store.MetadataStore;
import java.nio.file.Path;

/** Where entries are moved to. Calls block and fail with a store's own exception. */
public interface Stores {
  MetadataStore metadata();

  /** Room for the chunks of one entry; to be closed when it is committed or given up. */
  Batch begin();

  /** The chunks of one entry. */
  interface Batch extends AutoCloseable {
    /** A new empty file for a chunk. */
    Path newFile();

    /** Makes the file's bytes a chunk, durably; the file may be gone after that. */
    void put(ChunkId id, Path file, long lengthBytes);

    /** Fails if the chunks have been put so long ago that a collector may take them away. */
    void requireYoung();

    /** The entry that names the chunks is written. */
    void committed(Entry entry);

    @Override
    void close();
  }
}
