package dev.weir.inspect;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import java.util.ArrayList;
import java.util.List;

/** The chunks of a body, with the length each must have in bytes. */
record Chunks(List<ChunkId> ids, List<Long> lengths, long chunkBytes) {

  static Chunks of(Body body) {
    Chunks all = new Chunks(new ArrayList<>(), new ArrayList<>(), chunkBytes(body));
    all.add(body);
    return all;
  }

  private static long chunkBytes(Body body) {
    return body instanceof Body.Chunked(Manifest manifest) ? manifest.chunkBytes() : 0;
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
      case Body.Segmented(long total, var segments) ->
          segments.forEach(segment -> add(segment.body()));
    }
  }

  /** The first so many of them. */
  Chunks first(int most) {
    int end = Math.min(most, ids.size());
    return new Chunks(ids.subList(0, end), lengths.subList(0, end), chunkBytes);
  }

  int count() {
    return ids.size();
  }
}
