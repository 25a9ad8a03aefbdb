package dev.weir.store.collect;

import dev.weir.entry.ChunkId;
import java.util.Optional;

/** The ids of this room's notes: one per condemned chunk, and some single ones. */
final class ChunkNotes {
  static final String LEASE = "collector-lease";
  static final String IDENTITY = "identity";

  /** How much the last complete mark found. */
  static final String LAST_MARK = "last-mark";

  private static final String CHUNK = "chunk/";

  private ChunkNotes() {}

  static String id(ChunkId chunk) {
    return CHUNK + chunk.hex();
  }

  /** The chunk that a note is about, or empty if it is about none. */
  static Optional<ChunkId> chunk(String noteId) {
    return noteId.startsWith(CHUNK)
        ? Optional.of(new ChunkId(noteId.substring(CHUNK.length())))
        : Optional.empty();
  }
}
