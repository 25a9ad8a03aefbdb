package dev.weir.fill;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A chunk store that hands every call on to another, for doubles that change only a few. */
abstract class ForwardingChunks implements ChunkStore {
  final ChunkStore store;

  ForwardingChunks(ChunkStore store) {
    this.store = store;
  }

  @Override
  public CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes) {
    return store.adopt(id, file, lengthBytes);
  }

  @Override
  public CompletionStage<ChunkReader> adoptCopy(ChunkId id, Path file, long lengthBytes) {
    return store.adoptCopy(id, file, lengthBytes);
  }

  @Override
  public Optional<ChunkReader> open(ChunkId id, long expectedLengthBytes) {
    return store.open(id, expectedLengthBytes);
  }

  @Override
  public CompletionStage<Boolean> delete(ChunkId id) {
    return store.delete(id);
  }

  @Override
  public void namedBy(Predicate<ChunkId> named) {
    store.namedBy(named);
  }

  @Override
  public Stream<Held> list() {
    return store.list();
  }

  @Override
  public long storedLength(ChunkId id) {
    return store.storedLength(id);
  }

  @Override
  public Path newSpoolFile() {
    return store.newSpoolFile();
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return store.problem();
  }

  @Override
  public void close() {
    store.close();
  }
}
