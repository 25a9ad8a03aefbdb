package dev.weir.store.collect;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.store.ManifestCodec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Which chunks a body needs: what a mark marks and a check looks for. A manifest that is a chunk
 * itself is one of them, and is read for the others.
 */
record NamedChunks(Manifests manifests, Materializer materializer) {
  /** Reads all bytes of a chunk that is a manifest. */
  @FunctionalInterface
  interface Manifests {
    Source<ByteString, NotUsed> read(ChunkId id, long lengthBytes);
  }

  /** Each chunk with its length in bytes; fails as ABSENT if a manifest is not there. */
  CompletionStage<Map<ChunkId, Long>> of(Body body) {
    return switch (body) {
      case Body.Inline ignored -> done(Map.of());
      case Body.Chunked(Manifest manifest) -> done(lengths(manifest));
      case Body.Listed listed -> of(listed);
      case Body.Segmented segmented -> all(segmented.segments());
    };
  }

  private CompletionStage<Map<ChunkId, Long>> of(Body.Listed body) {
    int length = ManifestCodec.encodedBytes(body.chunkCount());
    return manifests
        .read(body.manifest(), length)
        .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
        .thenApply(
            bytes -> {
              Map<ChunkId, Long> lengths = lengths(ManifestCodec.decode(body, bytes.toArray()));
              lengths.put(body.manifest(), (long) length);
              return lengths;
            });
  }

  private CompletionStage<Map<ChunkId, Long>> all(List<Body.Segment> segments) {
    CompletionStage<Map<ChunkId, Long>> all = done(new LinkedHashMap<>());
    for (Body.Segment segment : segments) {
      all =
          all.thenCombine(
              of(segment.body()),
              (sum, more) -> {
                sum.putAll(more);
                return sum;
              });
    }
    return all;
  }

  private static Map<ChunkId, Long> lengths(Manifest manifest) {
    Map<ChunkId, Long> lengths = new LinkedHashMap<>();
    for (int i = 0; i < manifest.chunks().size(); i++) {
      lengths.put(manifest.chunks().get(i), manifest.chunkLength(i));
    }
    return lengths;
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedStage(value);
  }
}
