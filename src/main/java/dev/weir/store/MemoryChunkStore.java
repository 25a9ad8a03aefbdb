package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Chunks in the heap, for tests; unbounded by itself. Spool files are temporary files, deleted when
 * adopted. Calls that touch them block.
 */
public final class MemoryChunkStore implements LocalChunks {
  private final Map<ChunkId, Chunk> chunks = new HashMap<>();
  private final Path spool;
  private @Nullable Predicate<ChunkId> named;
  private boolean closed;

  public MemoryChunkStore() {
    try {
      spool = Files.createTempDirectory("weir-spool");
    } catch (IOException e) {
      throw StoreException.of("A temporary folder cannot be made", e);
    }
  }

  @Override
  public CompletionStage<ChunkReader> adoptCopy(ChunkId id, Path file, long lengthBytes) {
    return adopt(id, file, lengthBytes);
  }

  @Override
  public CompletionStage<ChunkReader> adopt(ChunkId id, Path file, long lengthBytes) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length != lengthBytes) {
        throw new StoreException("A spool file for chunk " + id.hex() + " has another length.");
      }
      Files.delete(file);
      return CompletableFuture.completedStage(adoptNow(id, bytes));
    } catch (StoreException e) {
      return CompletableFuture.failedStage(e);
    } catch (IOException e) {
      return CompletableFuture.failedStage(StoreException.of("A chunk cannot be stored", e));
    }
  }

  private synchronized ChunkReader adoptNow(ChunkId id, byte[] bytes) {
    ensureOpen();
    Chunk chunk = chunks.computeIfAbsent(id, _ -> new Chunk(id, bytes));
    chunk.adopted = true;
    return new Reader(chunk);
  }

  @Override
  public synchronized Optional<ChunkReader> open(ChunkId id, long expectedLengthBytes) {
    ensureOpen();
    Chunk chunk = chunks.get(id);
    return chunk == null || chunk.bytes.length != expectedLengthBytes
        ? Optional.empty()
        : Optional.of(new Reader(chunk));
  }

  @Override
  public synchronized CompletionStage<Boolean> delete(ChunkId id) {
    Chunk chunk = chunks.get(id);
    if (chunk == null) {
      return CompletableFuture.completedStage(true);
    }
    CompletableFuture<Boolean> gone = chunk.gone;
    chunk.condemned = true;
    collectIfUnpinned(chunk);
    return gone;
  }

  @Override
  public synchronized boolean deleteOrphan(ChunkId id) {
    Chunk chunk = chunks.get(id);
    if (chunk != null && chunk.readers == 0) {
      chunk.adopted = true;
      collectIfUnpinned(chunk);
    }
    return !chunks.containsKey(id);
  }

  private synchronized void unpin(Chunk chunk) {
    chunk.readers--;
    collectIfUnpinned(chunk);
  }

  private void collectIfUnpinned(Chunk chunk) {
    if (chunk.readers > 0 || !(chunk.condemned || chunk.adopted)) {
      return;
    }
    boolean keep = named == null ? !chunk.condemned : named.test(chunk.id);
    boolean answered = chunk.condemned;
    chunk.condemned = false;
    chunk.adopted = false;
    if (!keep) {
      chunks.remove(chunk.id, chunk);
    }
    if (answered) {
      chunk.gone.complete(!keep);
      chunk.gone = new CompletableFuture<>();
    }
  }

  @Override
  public synchronized void namedBy(Predicate<ChunkId> names) {
    named = names;
  }

  @Override
  public synchronized Stream<Held> list() {
    List<Held> held =
        chunks.values().stream().map(chunk -> new Held(chunk.id, chunk.bytes.length)).toList();
    return held.stream();
  }

  @Override
  public synchronized long storedLength(ChunkId id) {
    var chunk = chunks.get(id);
    return chunk == null ? -1 : chunk.bytes.length;
  }

  @Override
  public Path newSpoolFile() {
    try {
      return Files.createTempFile(spool, "chunk", ".part");
    } catch (IOException e) {
      throw StoreException.of("A spool file cannot be made", e);
    }
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return CompletableFuture.completedStage(Optional.empty());
  }

  private void ensureOpen() {
    if (closed) {
      throw new StoreException("The chunk store is closed.");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    chunks.clear();
    try (Stream<Path> left = Files.list(spool)) {
      for (Path file : left.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(spool);
    } catch (IOException e) {
      throw StoreException.of("The temporary folder cannot be deleted", e);
    }
  }

  /** One chunk; fields change under the store's lock. */
  private static final class Chunk {
    private final ChunkId id;
    private final byte[] bytes;
    private CompletableFuture<Boolean> gone = new CompletableFuture<>();
    private int readers;
    private boolean adopted;
    private boolean condemned;

    Chunk(ChunkId id, byte[] bytes) {
      this.id = id;
      this.bytes = bytes;
    }
  }

  /** One pin; made under the store's lock. */
  private final class Reader implements ChunkReader {
    private final Chunk chunk;
    private final AtomicBoolean released = new AtomicBoolean();

    Reader(Chunk chunk) {
      this.chunk = chunk;
      chunk.readers++;
    }

    @Override
    public long lengthBytes() {
      return chunk.bytes.length;
    }

    @Override
    public ByteString read(long offset, int max) {
      if (released.get()) {
        throw new StoreException("Chunk " + chunk.id.hex() + " has been let go by this reader.");
      }
      int length = Math.clamp(lengthBytes() - offset, 0, max);
      return ByteString.fromArray(chunk.bytes, (int) Math.min(offset, lengthBytes()), length);
    }

    @Override
    public boolean resident(long offset, int length) {
      return true;
    }

    @Override
    public boolean sound() {
      return true;
    }

    @Override
    public void close() {
      if (released.compareAndSet(false, true)) {
        unpin(chunk);
      }
    }
  }
}
