package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one chunk on disk, mapped when first needed if it is big enough. Thread-safe; calls
 * may block but for {@link #resident}. Errors: {@link StoreException}.
 *
 * <p>If somebody cuts a mapped file off, touching what is gone raises SIGBUS, which the JVM turns
 * into an InternalError at the thread's next return from native code, and Pekko takes any such
 * error for the end of the process. The file's length is therefore asked after each copy: the call
 * makes the error surface inside our catch, and tells of a cut that left zeros in the last page.
 */
final class ChunkFile implements AutoCloseable {
  private static final int BLOCK_BYTES = 64 << 10;

  private final ChunkId id;
  private final Path path;
  private final long lengthBytes;
  private final boolean mappable;
  private volatile @Nullable Mapping mapping;
  private boolean closed;

  ChunkFile(ChunkId id, Path path, long lengthBytes, int mapFromBytes) {
    this.id = id;
    this.path = path;
    this.lengthBytes = lengthBytes;
    this.mappable = lengthBytes >= mapFromBytes;
  }

  long lengthBytes() {
    return lengthBytes;
  }

  boolean isMapped() {
    return mapping != null;
  }

  boolean resident(long offset, int length) {
    Mapping now = mapping;
    if (now == null) {
      return false;
    }
    try {
      return now.bytes.asSlice(offset, Math.min(length, lengthBytes - offset)).isLoaded();
    } catch (IllegalStateException _) {
      return false; // unmapped meanwhile
    }
  }

  byte[] read(long offset, int length) {
    byte[] copy = new byte[length];
    if (mappable) {
      copyMapped(offset, copy);
    } else {
      copyRead(offset, copy);
    }
    return copy;
  }

  private void copyMapped(long offset, byte[] into) {
    try {
      Mapping now = mapped();
      MemorySegment.copy(now.bytes, ValueLayout.JAVA_BYTE, offset, into, 0, into.length);
      if (now.file.length() < lengthBytes) {
        throw new EOFException("the file has been cut off");
      }
    } catch (InternalError e) {
      throw new StoreException(name() + " cannot be read: it has been cut off.", false, e);
    } catch (IllegalStateException e) {
      throw new StoreException(name() + " is closed.", false, e);
    } catch (IOException e) {
      throw StoreException.of(name() + " cannot be read", e);
    }
  }

  private void copyRead(long offset, byte[] into) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.wrap(into);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          throw new EOFException("the file has been cut off");
        }
      }
    } catch (IOException e) {
      throw StoreException.of(name() + " cannot be read", e);
    }
  }

  /** Reads all of it. */
  boolean hasItsDigest() {
    MessageDigest sha256 = sha256();
    for (long at = 0; at < lengthBytes; ) {
      int length = (int) Math.min(BLOCK_BYTES, lengthBytes - at);
      sha256.update(read(at, length));
      at += length;
    }
    return HexFormat.of().formatHex(sha256.digest()).equals(id.hex());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private Mapping mapped() throws IOException {
    Mapping now = mapping;
    return now != null ? now : map();
  }

  private synchronized Mapping map() throws IOException {
    Mapping now = mapping;
    if (now != null) {
      return now;
    }
    if (closed) {
      throw new IOException("it is closed");
    }
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
    Arena arena = Arena.ofShared();
    try {
      if (file.length() != lengthBytes) {
        throw new EOFException("the file has another length");
      }
      MemorySegment bytes =
          file.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, lengthBytes, arena);
      now = new Mapping(file, arena, bytes);
    } finally {
      if (now == null) {
        arena.close();
        file.close();
      }
    }
    mapping = now;
    return now;
  }

  private String name() {
    return "Chunk " + id.hex();
  }

  /** Unmaps; a read under way on another thread fails, it does not crash. */
  @Override
  public synchronized void close() {
    closed = true;
    Mapping now = mapping;
    mapping = null;
    if (now == null) {
      return;
    }
    now.arena.close();
    try {
      now.file.close();
    } catch (IOException _) {
      // Nothing was written through it.
    }
  }

  /** The open file, its memory and what frees it. */
  private record Mapping(RandomAccessFile file, Arena arena, MemorySegment bytes) {}
}
