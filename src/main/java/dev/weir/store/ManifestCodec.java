package dev.weir.store;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * A manifest in bytes: version 1 (1 byte), bytes per chunk (8), bytes in all (8), number of chunks
 * (4), then 32 bytes of SHA-256 each; big-endian. Errors: {@link StoreException}.
 */
public final class ManifestCodec {
  private static final byte VERSION = 1;
  private static final int HEAD_BYTES = 1 + 8 + 8 + 4;
  static final int DIGEST_BYTES = 32;
  private static final HexFormat HEX = HexFormat.of();

  private ManifestCodec() {}

  public static byte[] encode(Manifest manifest) {
    List<ChunkId> chunks = manifest.chunks();
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + DIGEST_BYTES * chunks.size());
    out.put(VERSION).putLong(manifest.chunkBytes()).putLong(manifest.totalBytes());
    out.putInt(chunks.size());
    return out.put(digests(manifest)).array();
  }

  /** What a body in chunks is called by: the digest of its manifest's bytes. Of others empty. */
  public static Optional<String> digest(Body body) {
    return switch (body) {
      case Body.Chunked(Manifest manifest) -> Optional.of(Sha256.hex(encode(manifest)));
      case Body.Listed listed -> Optional.of(listed.manifest().hex());
      case Body.Inline inline -> Optional.empty();
      case Body.Segmented segmented -> Optional.empty();
    };
  }

  /** A name for that body together with what is said of it. */
  public static String named(String digest, SortedMap<String, String> fields) {
    return Sha256.hex((digest + "\n" + fields).getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The digests alone, 32 bytes each. */
  static byte[] digests(Manifest manifest) {
    ByteBuffer out = ByteBuffer.allocate(DIGEST_BYTES * manifest.chunks().size());
    for (ChunkId chunk : manifest.chunks()) {
      out.put(HEX.parseHex(chunk.hex()));
    }
    return out.array();
  }

  /** The id whose 32 bytes begin there. */
  static ChunkId chunkId(byte[] digests, int at) {
    return new ChunkId(HEX.formatHex(digests, at, at + DIGEST_BYTES));
  }

  /** How many bytes the manifest of that many chunks takes. */
  public static int encodedBytes(int chunks) {
    return HEAD_BYTES + DIGEST_BYTES * chunks;
  }

  /** The manifest that such a body names, from the bytes of its chunk; their digest is checked. */
  public static Manifest decode(Body.Listed body, byte[] bytes) {
    if (!Sha256.hex(bytes).equals(body.manifest().hex())) {
      throw new StoreException("The bytes of a manifest are not those its name stands for.");
    }
    Manifest manifest = decode(bytes);
    if (manifest.totalBytes() != body.totalBytes() || manifest.chunkBytes() != body.chunkBytes()) {
      throw new StoreException("A manifest is damaged: its sizes differ from the document's.");
    }
    return manifest;
  }

  static Manifest decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length < HEAD_BYTES || in.get() != VERSION) {
      throw new StoreException("A manifest is damaged or of a newer version.");
    }
    long chunkBytes = in.getLong();
    long totalBytes = in.getLong();
    int count = in.getInt();
    if (count < 0 || in.remaining() != (long) count * DIGEST_BYTES) {
      throw new StoreException("A manifest is damaged: " + count + " chunks do not fit it.");
    }
    List<ChunkId> chunks = new ArrayList<>(count);
    for (int at = HEAD_BYTES; at < bytes.length; at += DIGEST_BYTES) {
      chunks.add(chunkId(bytes, at));
    }
    return new Manifest(totalBytes, chunkBytes, chunks);
  }
}
