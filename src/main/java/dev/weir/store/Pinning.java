package dev.weir.store;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.store.Bodies.MissingChunk;
import dev.weir.store.BodyStage.Pins;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Pins the chunks of bodies: those that are here and, where there is an object store, those that it
 * brings. Blocks.
 */
final class Pinning {
  private final ChunkStore chunks;
  private final @Nullable Arrivals arrivals;
  private final long verifyAtOpenBytes;

  /**
   * @param arrivals brings what the chunk store has not; or null if there is nowhere to bring it
   *     from
   * @param verifyAtOpenBytes how much of a body is checked before its head goes out
   */
  Pinning(ChunkStore chunks, @Nullable Arrivals arrivals, long verifyAtOpenBytes) {
    this.chunks = chunks;
    this.arrivals = arrivals;
    this.verifyAtOpenBytes = verifyAtOpenBytes;
  }

  /**
   * The chunks of those bytes; null if one is missing, or damaged as far as that is checked before
   * the head goes out.
   */
  @Nullable Pins pin(Manifest manifest, long from, long to) {
    int first = (int) Math.min(from / manifest.chunkBytes(), manifest.chunks().size() - 1L);
    int end = (int) Manifest.chunkCount(Math.max(to, from + 1), manifest.chunkBytes());
    List<ChunkReader> pinned = new ArrayList<>(end - first);
    long checkedBytes = 0;
    boolean keep = false;
    try {
      for (int i = first; i < Math.min(end, manifest.chunks().size()); i++) {
        long length = manifest.chunkLength(i);
        checkedBytes += length;
        boolean check = i == first || checkedBytes <= verifyAtOpenBytes;
        ChunkReader chunk = pin(manifest.chunks().get(i), length, check);
        if (chunk == null) {
          return null;
        }
        pinned.add(chunk);
      }
      keep = true;
      return new Pins(manifest, first, pinned);
    } finally {
      if (!keep) {
        pinned.forEach(ChunkReader::close);
      }
    }
  }

  private @Nullable ChunkReader pin(ChunkId id, long length, boolean check) {
    Optional<ChunkReader> here = chunks.open(id, length);
    ChunkReader elsewhere =
        arrivals == null || arrivals.isLost(id) ? null : arrivals.chunk(id, length);
    if (here.isEmpty()) {
      return elsewhere;
    }
    if (!check) {
      return elsewhere == null ? here.get() : new DoubtfulChunk(here.get(), elsewhere);
    }
    if (here.get().sound()) {
      return here.get();
    }
    here.get().close();
    return elsewhere;
  }

  /** The chunks of those bytes that are neither here nor, as far as is known, elsewhere. */
  List<MissingChunk> missing(Manifest manifest, long from, long to) {
    List<MissingChunk> missing = new ArrayList<>();
    long checkedBytes = 0;
    int end = (int) Manifest.chunkCount(to, manifest.chunkBytes());
    for (int i = (int) (from / manifest.chunkBytes()); i < end; i++) {
      long length = manifest.chunkLength(i);
      checkedBytes += length;
      boolean check = checkedBytes <= Math.max(length, verifyAtOpenBytes);
      try (ChunkReader chunk = pin(manifest.chunks().get(i), length, check)) {
        if (chunk == null) {
          long first = i * manifest.chunkBytes();
          missing.add(new MissingChunk(manifest.chunks().get(i), first, length));
        }
      }
    }
    return missing;
  }
}
