package dev.weir.moving;

import dev.weir.entry.Manifest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * A manifest of xs3lerator: which objects of its bucket make up a body. Little-endian: {@code
 * XS3M}, version 1 and kind of names 2 (a byte each), bytes per chunk (8), bytes in all (8), number
 * of chunks (4), then 16 bytes of name each. A name is random and says nothing of the bytes.
 */
record SourceManifest(long totalBytes, long chunkBytes, List<String> names) {
  private static final int MAGIC =
      ByteBuffer.wrap("XS3M".getBytes(StandardCharsets.US_ASCII)).getInt();
  private static final int HEAD_BYTES = 26;
  private static final int NAME_BYTES = 16;

  /** The most that its maker ever writes. */
  private static final int MAX_CHUNKS = 10_000;

  SourceManifest {
    names = List.copyOf(names);
  }

  /** From the document's text. */
  static SourceManifest decode(String base64) throws Skipped {
    try {
      return decode(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException e) {
      throw new Skipped(Reason.UNKNOWN_MANIFEST);
    }
  }

  static SourceManifest decode(byte[] bytes) throws Skipped {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (bytes.length < HEAD_BYTES || in.getInt() != MAGIC || in.get() != 1 || in.get() != 2) {
      throw new Skipped(Reason.UNKNOWN_MANIFEST);
    }
    in.order(ByteOrder.LITTLE_ENDIAN);
    long chunkBytes = in.getLong();
    long totalBytes = in.getLong();
    int count = in.getInt();
    if (chunkBytes <= 0
        || totalBytes <= 0
        || totalBytes > Long.MAX_VALUE - chunkBytes
        || count <= 0
        || count > MAX_CHUNKS
        || in.remaining() != count * NAME_BYTES
        || Manifest.chunkCount(totalBytes, chunkBytes) != count) {
      throw new Skipped(Reason.UNKNOWN_MANIFEST);
    }
    List<String> names = new ArrayList<>(count);
    for (int at = HEAD_BYTES; at < bytes.length; at += NAME_BYTES) {
      names.add(HexFormat.of().formatHex(bytes, at, at + NAME_BYTES));
    }
    return new SourceManifest(totalBytes, chunkBytes, names);
  }

  /** How many bytes the chunk at that place must have. */
  long chunkLength(int index) {
    return Math.min(chunkBytes, totalBytes - index * chunkBytes);
  }

  /** The key of the chunk's object below the prefix: {@code a/b/c/d/<32 digits>}. */
  String key(int index) {
    String name = names.get(index);
    return "%c/%c/%c/%c/%s"
        .formatted(name.charAt(0), name.charAt(1), name.charAt(2), name.charAt(3), name);
  }
}
