package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.http.NamedDigest;
import dev.weir.store.ChunkReader;
import dev.weir.store.ChunkStore;
import dev.weir.store.ManifestCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.apache.pekko.util.ByteString;

/**
 * Whether a body is what its URL names, looked at before it is committed: then it does not matter
 * over how many connections, resumptions or nodes it came. Blocks on chunks of this node.
 */
final class DigestCheck {
  private static final int SLICE_BYTES = 256 * 1024;

  private DigestCheck() {}

  static boolean holds(NamedDigest named, Body body, ChunkStore chunks) throws IOException {
    return switch (body) {
      case Body.Inline(byte[] bytes) -> is(named, digest(named, bytes));
      case Body.Chunked(Manifest manifest) -> holds(named, manifest, chunks);
      case Body.Listed listed ->
          holds(named, ManifestCodec.decode(listed, manifest(listed, chunks)), chunks);
      case Body.Segmented ignored -> false; // of a part nobody can tell
    };
  }

  private static boolean holds(NamedDigest named, Manifest manifest, ChunkStore chunks)
      throws IOException {
    List<ChunkId> ids = manifest.chunks();
    if (ids.size() == 1 && named.algorithm().equals("SHA-256")) {
      return ids.getFirst().hex().equals(named.hex());
    }
    MessageDigest digest = digest(named);
    for (int index = 0; index < ids.size(); index++) {
      add(ids.get(index), manifest.chunkLength(index), chunks, digest);
    }
    return is(named, digest.digest());
  }

  private static byte[] manifest(Body.Listed body, ChunkStore chunks) throws IOException {
    int length = ManifestCodec.encodedBytes(body.chunkCount());
    ByteBuffer bytes = ByteBuffer.allocate(length);
    try (ChunkReader reader = open(body.manifest(), length, chunks)) {
      while (bytes.hasRemaining()) {
        bytes.put(reader.read(bytes.position(), bytes.remaining()).toArray());
      }
    }
    return bytes.array();
  }

  private static void add(ChunkId id, long length, ChunkStore chunks, MessageDigest digest)
      throws IOException {
    try (ChunkReader reader = open(id, length, chunks)) {
      for (long at = 0; at < length; ) {
        ByteString slice = reader.read(at, (int) Math.min(SLICE_BYTES, length - at));
        slice.getByteBuffers().forEach(digest::update);
        at += slice.size();
      }
    }
  }

  private static ChunkReader open(ChunkId id, long length, ChunkStore chunks) throws IOException {
    return chunks.open(id, length).orElseThrow(() -> new IOException("a chunk is gone: " + id));
  }

  private static boolean is(NamedDigest named, byte[] digest) {
    return HexFormat.of().formatHex(digest).equals(named.hex());
  }

  private static byte[] digest(NamedDigest named, byte[] bytes) {
    return digest(named).digest(bytes);
  }

  private static MessageDigest digest(NamedDigest named) {
    try {
      return MessageDigest.getInstance(named.algorithm());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-2", impossible);
    }
  }
}
