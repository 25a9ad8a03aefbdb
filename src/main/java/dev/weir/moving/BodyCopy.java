package dev.weir.moving;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.store.ManifestCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Copies a body chunk by chunk, cut anew as a fill would cut it: equal bytes become equal chunks,
 * whoever fetched them. The names of the source's chunks are random, so that its bytes can only be
 * held against what is known of them: every chunk's length; that no two chunks are equal and the
 * last is not the beginning of the first, which is what the source makes of a mirror that answers
 * ranges with the whole; that none was put before the representation was last modified, for the
 * source may pair old bytes with a new head. For one body; not thread-safe; blocks.
 */
final class BodyCopy {
  /** How far the clocks of origin and bucket may be apart. */
  private static final long CLOCKS_APART_MILLIS = 60_000;

  private static final int BUFFER_BYTES = 64 << 10;

  private final SourceManifest manifest;
  private final OptionalLong lastModifiedMillis;
  private final Objects objects;
  private final Stores.Batch batch;
  private final int inlineBytes;
  private final long cutBytes;
  private final List<ChunkId> chunks = new ArrayList<>();
  private final byte[] buffer = new byte[BUFFER_BYTES];

  private OutputStream out = OutputStream.nullOutputStream();
  private Path file = Path.of("");
  private MessageDigest sha256 = begin();
  private long written;

  /** The source's chunks by their place. */
  @FunctionalInterface
  interface Objects {
    /** Empty if it is not there. */
    Optional<Chunk> open(String key) throws IOException;
  }

  /** A chunk's bytes, when it was put, and how many bytes are announced. */
  record Chunk(InputStream bytes, Instant put, long lengthBytes) {}

  /**
   * @param inlineBytes bodies up to this go into the document
   * @param cutBytes of our chunks
   */
  BodyCopy(
      Candidate candidate, Objects objects, Stores.Batch batch, int inlineBytes, long cutBytes) {
    this.manifest = candidate.manifest();
    this.lastModifiedMillis = candidate.lastModifiedMillis();
    this.objects = objects;
    this.batch = batch;
    this.inlineBytes = inlineBytes;
    this.cutBytes = cutBytes;
  }

  /** The body, its chunks durable; fails with a store's exception if ours do. */
  Body run() throws Skipped {
    if (manifest.totalBytes() <= inlineBytes) {
      ByteArrayOutputStream small = new ByteArrayOutputStream((int) manifest.totalBytes());
      copyAll((bytes, from, length) -> small.write(bytes, from, length));
      return new Body.Inline(small.toByteArray());
    }
    try {
      copyAll(this::cut);
      if (written > 0) {
        finishChunk();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      discard();
    }
    Manifest ours = new Manifest(manifest.totalBytes(), cutBytes, chunks);
    return chunks.size() <= Manifest.MAX_CHUNKS_IN_DOCUMENT ? new Body.Chunked(ours) : listed(ours);
  }

  /** Takes the next bytes of the body. */
  @FunctionalInterface
  private interface Taker {
    void take(byte[] bytes, int from, int length);
  }

  private void copyAll(Taker taker) throws Skipped {
    int count = manifest.names().size();
    long lastLength = manifest.chunkLength(count - 1);
    Set<String> digests = new HashSet<>();
    for (int i = 0; i < count; i++) {
      MessageDigest whole = begin();
      @Nullable MessageDigest beginning = i == 0 && count > 2 ? begin() : null;
      copyOne(i, whole, beginning, lastLength, taker);
      boolean seen = !digests.add(hex(whole));
      if (beginning != null && lastLength < manifest.chunkBytes()) {
        digests.add(hex(beginning));
      }
      if (seen && count > 2) {
        throw new Skipped(Reason.CHUNK_REPEATED);
      }
    }
  }

  private void copyOne(
      int index,
      MessageDigest whole,
      @Nullable MessageDigest beginning,
      long headBytes,
      Taker taker)
      throws Skipped {
    long expected = manifest.chunkLength(index);
    Chunk chunk = open(manifest.key(index));
    try (InputStream in = chunk.bytes()) {
      if (chunk.lengthBytes() != expected) {
        throw new Skipped(Reason.CHUNK_LENGTH);
      }
      if (lastModifiedMillis.isPresent()
          && chunk
              .put()
              .isBefore(
                  Instant.ofEpochMilli(lastModifiedMillis.getAsLong() - CLOCKS_APART_MILLIS))) {
        throw new Skipped(Reason.OLDER_BYTES);
      }
      long read = 0;
      while (true) {
        int more = read(in);
        if (more < 0) {
          break;
        }
        if (read + more > expected) {
          throw new Skipped(Reason.CHUNK_LENGTH);
        }
        whole.update(buffer, 0, more);
        if (beginning != null && read < headBytes) {
          beginning.update(buffer, 0, (int) Math.min(more, headBytes - read));
        }
        taker.take(buffer, 0, more);
        read += more;
      }
      if (read != expected) {
        throw new Skipped(Reason.CHUNK_LENGTH);
      }
    } catch (IOException e) {
      throw new Skipped(Reason.SOURCE_FAILED, e);
    }
  }

  private Chunk open(String key) throws Skipped {
    try {
      return objects.open(key).orElseThrow(() -> new Skipped(Reason.CHUNK_MISSING));
    } catch (IOException e) {
      throw new Skipped(Reason.SOURCE_FAILED, e);
    }
  }

  private int read(InputStream in) throws IOException {
    return in.read(buffer);
  }

  private void cut(byte[] bytes, int from, int length) {
    try {
      int at = from;
      int end = from + length;
      while (at < end) {
        if (written == 0) {
          file = batch.newFile();
          out = Files.newOutputStream(file);
        }
        int part = (int) Math.min(end - at, cutBytes - written);
        out.write(bytes, at, part);
        sha256.update(bytes, at, part);
        written += part;
        at += part;
        if (written == cutBytes) {
          finishChunk();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void finishChunk() throws IOException {
    out.close();
    ChunkId id = new ChunkId(hex(sha256));
    batch.put(id, file, written);
    chunks.add(id);
    written = 0;
  }

  /** A chunk that will not be finished. */
  private void discard() {
    try {
      out.close();
      if (written > 0) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Body listed(Manifest ours) {
    byte[] encoded = ManifestCodec.encode(ours);
    try {
      Path list = batch.newFile();
      Files.write(list, encoded);
      sha256.update(encoded);
      ChunkId id = new ChunkId(hex(sha256));
      batch.put(id, list, encoded.length);
      return new Body.Listed(ours.totalBytes(), ours.chunkBytes(), id);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** And begins anew. */
  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }
}
