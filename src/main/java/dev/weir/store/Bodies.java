package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** The bodies of stored entries, from whichever tier has them. */
public interface Bodies {
  /**
   * The whole body at once if it is small (inline, or up to the short-path limit) and in memory
   * already; null otherwise. Cheap, never blocks.
   */
  @Nullable ByteString hot(Entry entry);

  /**
   * Opens the body: checks that every chunk is there in its right length and pins them. Empty if
   * the body is not whole any more (the entry must then be fetched anew).
   */
  default CompletionStage<Optional<OpenBody>> open(Entry entry) {
    return open(entry, 0, entry.body().length());
  }

  /**
   * As {@link #open(Entry)}, of those bytes alone: nothing else of the body need be there. To be
   * read no further than that.
   */
  CompletionStage<Optional<OpenBody>> open(Entry entry, long from, long to);

  /** Notes that the entry was used, for eviction. Cheap, never blocks. */
  void touch(Entry entry);

  /**
   * Which chunks of those bytes are missing or damaged here and, as far as that is known, in the
   * object store. Empty if nobody can tell: then the entry must be fetched anew.
   */
  CompletionStage<Optional<List<MissingChunk>>> missing(Entry entry, long from, long to);

  /**
   * Takes a missing chunk's bytes from elsewhere: exactly as many, and with the digest that names
   * it, or they are thrown away. Completes with whether they were, and the chunk is here again; the
   * object store gets it too, in the background. Fails if not all came. To be materialised once.
   */
  Sink<ByteString, CompletionStage<Boolean>> restore(MissingChunk chunk);

  /** A chunk that is not whole, and its place in the body. */
  record MissingChunk(ChunkId id, long first, long lengthBytes) {
    /** The byte after its last. */
    public long end() {
      return first + lengthBytes;
    }
  }

  /** A body that is pinned until its one stream has ended or {@code release} is called. */
  interface OpenBody {
    long length();

    /** The whole body if it is small enough for the short path, else null; releases the pin. */
    @Nullable ByteString strict();

    /** The bytes from {@code from} up to but excluding {@code to}; to be materialised once. */
    Source<ByteString, NotUsed> bytes(long from, long to);

    /**
     * Stretches of the body and bytes of the caller's one after another; to be materialised once,
     * in place of {@link #bytes}.
     */
    Source<ByteString, NotUsed> woven(List<Piece> pieces);

    void release();
  }

  /** A piece of what is sent. */
  sealed interface Piece {
    /** From {@code from} up to but excluding {@code to} of the body. */
    record Stretch(long from, long to) implements Piece {}

    record Given(ByteString bytes) implements Piece {}
  }
}
