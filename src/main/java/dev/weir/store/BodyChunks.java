package dev.weir.store;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Which chunks a body is made of, its manifest included where that is a chunk. */
public final class BodyChunks {
  private BodyChunks() {}

  /** Whether it has any. */
  public static boolean has(Body body) {
    return switch (body) {
      case Body.Inline _ -> false;
      case Body.Chunked(Manifest manifest) -> !manifest.chunks().isEmpty();
      case Body.Listed _ -> true;
      case Body.Segmented segmented ->
          segmented.segments().stream().anyMatch(segment -> has(segment.body()));
    };
  }

  /** Whether a manifest has to be read to know its chunks. */
  static boolean isListed(Body body) {
    return switch (body) {
      case Body.Inline _ -> false;
      case Body.Chunked _ -> false;
      case Body.Listed _ -> true;
      case Body.Segmented segmented ->
          segmented.segments().stream().anyMatch(segment -> isListed(segment.body()));
    };
  }

  /**
   * Each chunk with its length in bytes, in order, a manifest before what it names.
   *
   * @param manifests reads the manifest of such a body; may throw
   */
  public static Map<ChunkId, Long> lengths(Body body, Function<Body.Listed, Manifest> manifests) {
    Map<ChunkId, Long> lengths = new LinkedHashMap<>();
    collect(body, manifests, lengths);
    return lengths;
  }

  private static void collect(
      Body body, Function<Body.Listed, Manifest> manifests, Map<ChunkId, Long> lengths) {
    switch (body) {
      case Body.Inline _ -> {}
      case Body.Chunked(Manifest manifest) -> collect(manifest, lengths);
      case Body.Listed listed -> {
        lengths.put(listed.manifest(), (long) ManifestCodec.encodedBytes(listed.chunkCount()));
        collect(manifests.apply(listed), lengths);
      }
      case Body.Segmented segmented ->
          segmented.segments().forEach(segment -> collect(segment.body(), manifests, lengths));
    }
  }

  private static void collect(Manifest manifest, Map<ChunkId, Long> lengths) {
    for (int i = 0; i < manifest.chunks().size(); i++) {
      lengths.put(manifest.chunks().get(i), manifest.chunkLength(i));
    }
  }

  /** The manifest of such a body from a chunk store, if it is there and undamaged; blocks. */
  static Optional<Manifest> read(ChunkStore chunks, Body.Listed body) {
    int length = ManifestCodec.encodedBytes(body.chunkCount());
    Optional<ChunkReader> opened = chunks.open(body.manifest(), length);
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    try (ChunkReader chunk = opened.get()) {
      return Optional.of(ManifestCodec.decode(body, chunk.read(0, length).toArrayUnsafe()));
    } catch (StoreException _) {
      return Optional.empty();
    }
  }
}
