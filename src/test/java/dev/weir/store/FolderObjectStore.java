package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.FileIO;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** An object store in a folder, which can be made to fail. */
final class FolderObjectStore implements ObjectStore {
  private final Path folder;
  private final ObjectStoreMetrics metrics = new ObjectStoreMetrics();
  final AtomicInteger reads = new AtomicInteger();

  /** So many reads break in the middle of what they were asked for. */
  final AtomicInteger breaks = new AtomicInteger();

  /** While it is set every call fails with it. */
  volatile StoreException failure;

  FolderObjectStore(Path folder) {
    this.folder = folder;
  }

  Path path(ChunkId id) {
    return folder.resolve(id.hex());
  }

  @Override
  public CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace) {
    return call(
        () -> {
          if (!replace && Files.exists(path(id)) && Files.size(path(id)) == lengthBytes) {
            metrics.putsSkipped.increment();
            return Put.PRESENT;
          }
          Files.createDirectories(folder);
          if (!Samples.id(Files.readAllBytes(file)).equals(id)) {
            throw new StoreException(StoreException.Kind.ABSENT, "not the chunk");
          }
          Path part = Files.createTempFile(folder, "part", "");
          Files.copy(file, part, StandardCopyOption.REPLACE_EXISTING);
          Files.move(part, path(id), StandardCopyOption.ATOMIC_MOVE);
          metrics.puts.increment();
          return Put.WRITTEN;
        });
  }

  @Override
  public CompletionStage<Map<ChunkId, Long>> lengths(List<ChunkId> ids) {
    return call(
        () -> {
          Map<ChunkId, Long> found = new HashMap<>();
          for (ChunkId id : ids) {
            if (Files.exists(path(id))) {
              found.put(id, Files.size(path(id)));
            }
          }
          return found;
        });
  }

  @Override
  public Source<ByteString, NotUsed> read(ChunkId id, long from, long to) {
    reads.incrementAndGet();
    StoreException now = failure;
    if (now != null) {
      return Source.failed(now);
    }
    if (from == to) {
      return Source.empty();
    }
    try {
      if (!Files.exists(path(id)) || Files.size(path(id)) < to) {
        return Source.failed(
            new StoreException(StoreException.Kind.ABSENT, id.hex() + " is not there"));
      }
    } catch (IOException e) {
      return Source.failed(e);
    }
    return breaks.getAndUpdate(left -> Math.max(0, left - 1)) > 0
        ? bytes(id, from, (from + to) / 2)
            .concatLazy(Source.lazySource(() -> Source.failed(broken())))
        : bytes(id, from, to);
  }

  private static StoreException broken() {
    return new StoreException(StoreException.Kind.UNAVAILABLE, "broken off");
  }

  private Source<ByteString, NotUsed> bytes(ChunkId id, long from, long to) {
    return Source.lazySource(() -> FileIO.fromPath(path(id), 32 << 10, from))
        .mapMaterializedValue(ignored -> NotUsed.getInstance())
        .statefulMap(
            () -> to - from,
            (left, bytes) ->
                org.apache.pekko.japi.Pair.create(
                    left - bytes.size(), bytes.take((int) Math.min(left, bytes.size()))),
            left -> Optional.empty())
        .takeWhile(bytes -> !bytes.isEmpty());
  }

  @Override
  public CompletionStage<Optional<Listed>> examine(ChunkId id) {
    return call(() -> Files.exists(path(id)) ? Optional.of(listed(path(id))) : Optional.empty());
  }

  @Override
  public CompletionStage<String> owner(String owner, boolean replace) {
    return call(
        () -> {
          Path marker = folder.resolve("weir-index");
          if (replace || !Files.exists(marker)) {
            Files.createDirectories(folder);
            Files.writeString(marker, owner);
          }
          return Files.readString(marker);
        });
  }

  @Override
  public Source<Listed, NotUsed> list(String hexPrefix) {
    return Source.lazySource(
            () -> {
              try (Stream<Path> files = Files.list(folder)) {
                return Source.from(
                    files
                        .filter(file -> name(file).matches("[0-9a-f]{64}"))
                        .filter(file -> name(file).startsWith(hexPrefix))
                        .map(FolderObjectStore::listed)
                        .toList());
              }
            })
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static Listed listed(Path file) {
    try {
      return new Listed(
          new ChunkId(name(file)), Files.size(file), Files.getLastModifiedTime(file).toInstant());
    } catch (IOException e) {
      throw StoreException.of("A chunk cannot be examined", e);
    }
  }

  @Override
  public CompletionStage<Integer> delete(List<ChunkId> ids) {
    return call(
        () -> {
          for (ChunkId id : ids) {
            Files.deleteIfExists(path(id));
          }
          return ids.size();
        });
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    StoreException now = failure;
    return CompletableFuture.completedStage(Optional.ofNullable(now).map(Throwable::getMessage));
  }

  @Override
  public ObjectStoreMetrics metrics() {
    return metrics;
  }

  private <T> CompletionStage<T> call(java.util.concurrent.Callable<T> call) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              StoreException now = failure;
              try {
                if (now != null) {
                  throw now;
                }
                result.complete(call.call());
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            });
    return result;
  }

  @Override
  public void close() {}
}
