package dev.weir.inspect;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.store.ManifestCodec;
import java.util.ArrayList;
import java.util.List;

/**
 * The chunks of a body, with the length each must have in bytes. Of a body whose manifest is a
 * chunk itself only that one is known here, in {@code ids} with the length of its encoding.
 *
 * @param bodyCount of the body's own chunks, known here or not
 */
record Chunks(List<ChunkId> ids, List<Long> lengths, long chunkBytes, int bodyCount) {
  static Chunks of(Body body) {
    Chunks all =
        new Chunks(new ArrayList<>(), new ArrayList<>(), chunkBytes(body), bodyCount(body));
    all.add(body);
    return all;
  }

  private static long chunkBytes(Body body) {
    return switch (body) {
      case Body.Chunked(Manifest manifest) -> manifest.chunkBytes();
      case Body.Listed listed -> listed.chunkBytes();
      case Body.Inline ignored -> 0;
      case Body.Segmented ignored -> 0;
    };
  }

  private static int bodyCount(Body body) {
    return switch (body) {
      case Body.Inline ignored -> 0;
      case Body.Chunked(Manifest manifest) -> manifest.chunks().size();
      case Body.Listed listed -> listed.chunkCount();
      case Body.Segmented(long total, var segments) ->
          segments.stream().mapToInt(segment -> bodyCount(segment.body())).sum();
    };
  }

  private void add(Body body) {
    switch (body) {
      case Body.Inline ignored -> {}
      case Body.Chunked(Manifest manifest) -> {
        for (int i = 0; i < manifest.chunks().size(); i++) {
          ids.add(manifest.chunks().get(i));
          lengths.add(manifest.chunkLength(i));
        }
      }
      case Body.Listed listed -> {
        ids.add(listed.manifest());
        lengths.add((long) ManifestCodec.encodedBytes(listed.chunkCount()));
      }
      case Body.Segmented(long total, var segments) ->
          segments.forEach(segment -> add(segment.body()));
    }
  }

  /** The first so many of them. */
  Chunks first(int most) {
    int end = Math.min(most, ids.size());
    return new Chunks(ids.subList(0, end), lengths.subList(0, end), chunkBytes, bodyCount);
  }

  int count() {
    return ids.size();
  }
}
