package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** An object store that hands every call on to another, for those that change only a few. */
public abstract class ForwardingObjects implements ObjectStore {
  protected final ObjectStore store;

  protected ForwardingObjects(ObjectStore store) {
    this.store = store;
  }

  @Override
  public CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace) {
    return store.put(id, file, lengthBytes, replace);
  }

  @Override
  public CompletionStage<Map<ChunkId, Long>> lengths(List<ChunkId> ids) {
    return store.lengths(ids);
  }

  @Override
  public CompletionStage<Optional<Listed>> examine(ChunkId id) {
    return store.examine(id);
  }

  @Override
  public CompletionStage<String> owner(String owner, boolean replace) {
    return store.owner(owner, replace);
  }

  @Override
  public Source<ByteString, NotUsed> read(ChunkId id, long from, long to) {
    return store.read(id, from, to);
  }

  @Override
  public Source<Listed, NotUsed> list(String hexPrefix) {
    return store.list(hexPrefix);
  }

  @Override
  public CompletionStage<Integer> delete(List<ChunkId> ids) {
    return store.delete(ids);
  }

  @Override
  public CompletionStage<Integer> expireWhole(Instant before) {
    return store.expireWhole(before);
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return store.problem();
  }

  @Override
  public ObjectStoreMetrics metrics() {
    return store.metrics();
  }

  @Override
  public void close() {
    store.close();
  }
}
