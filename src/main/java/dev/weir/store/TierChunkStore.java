package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The chunk files of a disk that is a tier: tells the tier what comes and what is read. */
record TierChunkStore(DiskChunkStore disk, DiskTier tier) implements ChunkStore {
  @Override
  public CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes) {
    return counted(id, lengthBytes, disk.adopt(id, file, lengthBytes));
  }

  @Override
  public CompletionStage<ChunkReader> adoptCopy(ChunkId id, Path file, long lengthBytes) {
    return counted(id, lengthBytes, disk.adoptCopy(id, file, lengthBytes));
  }

  private CompletionStage<ChunkReader> counted(
      ChunkId id, long lengthBytes, CompletionStage<ChunkReader> adopted) {
    return adopted.thenApply(
        reader -> {
          tier.added(id, lengthBytes);
          return reader;
        });
  }

  @Override
  public Optional<ChunkReader> open(ChunkId id, long expectedLengthBytes) {
    Optional<ChunkReader> chunk = disk.open(id, expectedLengthBytes);
    if (chunk.isPresent()) {
      tier.read(id);
    }
    return chunk;
  }

  @Override
  public CompletionStage<Boolean> delete(ChunkId id) {
    return disk.delete(id);
  }

  @Override
  public void namedBy(Predicate<ChunkId> named) {
    disk.namedBy(named);
  }

  @Override
  public Stream<Held> list() {
    return disk.list();
  }

  @Override
  public long storedLength(ChunkId id) {
    return disk.storedLength(id);
  }

  @Override
  public Path newSpoolFile() {
    return disk.newSpoolFile();
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return disk.problem();
  }

  @Override
  public void close() {
    disk.close();
  }
}
