package dev.weir.store.collect;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkPieces;
import dev.weir.store.ChunkStore;
import dev.weir.store.ObjectStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.StreamConverters;
import org.apache.pekko.util.ByteString;

/** Where the chunks that documents name live, as far as a check needs to know. */
public interface ChunkHome {
  /** A chunk that is there. */
  record Held(ChunkId id, long lengthBytes) {}

  Source<Held, NotUsed> list();

  /** Whether it is there in that length, asked anew. */
  CompletionStage<Boolean> isThere(ChunkId id, long lengthBytes);

  /** All its bytes, or a failure (ABSENT if it is not there). */
  Source<ByteString, NotUsed> read(ChunkId id, long lengthBytes);

  /** Deletes one that nothing names, if that is for this place to do; tells whether it is gone. */
  CompletionStage<Boolean> deleteOrphan(ChunkId id);

  /** The object store of all nodes. Orphans there are the collector's affair alone. */
  static ChunkHome of(ObjectStore objects) {
    return new ChunkHome() {
      @Override
      public Source<Held, NotUsed> list() {
        return objects.list("").map(found -> new Held(found.id(), found.lengthBytes()));
      }

      @Override
      public CompletionStage<Boolean> isThere(ChunkId id, long lengthBytes) {
        return objects
            .lengths(List.of(id))
            .thenApply((Map<ChunkId, Long> found) -> found.getOrDefault(id, -1L) == lengthBytes);
      }

      @Override
      public Source<ByteString, NotUsed> read(ChunkId id, long lengthBytes) {
        return objects.read(id, 0, lengthBytes);
      }

      @Override
      public CompletionStage<Boolean> deleteOrphan(ChunkId id) {
        return CompletableFuture.completedStage(false);
      }
    };
  }

  /**
   * This node's disk.
   *
   * @param blocking runs what waits for the disk
   * @param readBytes read at a time
   */
  static ChunkHome of(ChunkStore chunks, Executor blocking, int readBytes) {
    return new DiskHome(chunks, blocking, readBytes);
  }

  /** The chunk files of one node. */
  record DiskHome(ChunkStore chunks, Executor blocking, int readBytes) implements ChunkHome {
    @Override
    public Source<Held, NotUsed> list() {
      return StreamConverters.fromJavaStream(chunks::list)
          .map(found -> new Held(found.id(), found.lengthBytes()))
          .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    @Override
    public CompletionStage<Boolean> isThere(ChunkId id, long lengthBytes) {
      // Not opened: what a reader has mapped opens even when its file is gone.
      return CompletableFuture.supplyAsync(() -> chunks.storedLength(id) == lengthBytes, blocking);
    }

    @Override
    public Source<ByteString, NotUsed> read(ChunkId id, long lengthBytes) {
      return ChunkPieces.of(chunks, id, lengthBytes, blocking, readBytes);
    }

    @Override
    public CompletionStage<Boolean> deleteOrphan(ChunkId id) {
      return chunks.delete(id);
    }
  }
}
