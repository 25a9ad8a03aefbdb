package dev.weir.fill;

import dev.weir.entry.ChunkId;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One chunk of a spool: a file while it grows and until the store has adopted it, then a pinned
 * chunk. Thread-safe; everything here may block.
 */
final class SpoolChunk {
  private final Path file;
  private final FileChannel channel;
  private final MessageDigest digest;
  private volatile long length;
  private volatile @Nullable ChunkId id;
  private volatile @Nullable ChunkReader pin;
  private volatile boolean adopted;

  private SpoolChunk(Path file, FileChannel channel, MessageDigest digest) {
    this.file = file;
    this.channel = channel;
    this.digest = digest;
  }

  static SpoolChunk create(ChunkStore store) throws IOException {
    Path file = store.newSpoolFile();
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      return new SpoolChunk(file, channel, MessageDigest.getInstance("SHA-256"));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    } catch (IOException unusable) {
      Files.deleteIfExists(file);
      throw unusable;
    }
  }

  void write(ByteString bytes) throws IOException {
    write(length, bytes);
  }

  /**
   * Writes bytes that belong at the offset, which is not behind its end; those that it has already
   * are the same (they came under the same strong validator) and left out.
   *
   * @return its length now
   */
  synchronized long write(long offset, ByteString bytes) throws IOException {
    if (offset > length) {
      throw new IOException("a spool file would have a hole");
    }
    for (ByteBuffer buffer :
        bytes.drop((int) Math.min(length - offset, bytes.size())).getByteBuffers()) {
      digest.update(buffer.duplicate());
      long written = length;
      while (buffer.hasRemaining()) {
        written += channel.write(buffer);
      }
      length = written;
    }
    return length;
  }

  long length() {
    return length;
  }

  Path file() {
    return file;
  }

  /** Its name, now that it is complete; asked for once. */
  synchronized ChunkId seal() {
    ChunkId name = new ChunkId(HexFormat.of().formatHex(digest.digest()));
    id = name;
    return name;
  }

  @Nullable ChunkId id() {
    return id;
  }

  boolean isAdopted() {
    return adopted;
  }

  /** The store has it; from now on it is read as a chunk, which {@code held} keeps in place. */
  void adoptedAs(ChunkReader held) {
    pin = held;
    adopted = true;
    closeChannel();
  }

  /** Bytes of a chunk that has not been adopted; the channel may close meanwhile. */
  ByteString readFile(long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new IOException("a spool file is shorter than what was written to it");
      }
    }
    return ByteString.fromArrayUnsafe(buffer.array());
  }

  /** Lets the pin go, and removes the file if the store never took it. */
  void discard() {
    closeChannel();
    ChunkReader held = pin;
    if (held != null) {
      held.close();
    }
    if (!adopted) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException left) {
        throw new UncheckedIOException(left);
      }
    }
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException ignored) {
      // Nothing is lost: what was to be kept had been forced by the store.
    }
  }
}
